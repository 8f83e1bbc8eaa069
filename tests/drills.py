"""Failures on purpose, and what must be left of a study after them.

Imported by the tests, which do little of it; by hand it is done at length:

    python tests/drills.py kills 20     # a small run killed 20 times
    python tests/drills.py full-disk    # every stage, on a disk that is too small (root)
"""

import csv
import io
import os
import random
import re
import runpy
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from project import SMALL, copy_project, snakemake

RESULTS = "results/phantom"
JOBS = 35  # of the small study, about
NO_ROOM = "No space left on device; make room and run the workflow again"
MANIFEST = "manifest.json"  # which says when it was written, as networks do


@dataclass(frozen=True)
class Stage:
    """A job of the study: the words of its command, and the files it writes."""

    rule: str
    words: list[str]
    outputs: list[str]

    def writing_to(self, folder: Path) -> list[str]:
        """Return the words of a command that writes the outputs to another folder."""
        moved = {path: str(folder / path) for path in self.outputs}
        return [moved.get(word, word) for word in self.words]


def stages(study: Path) -> dict[str, Stage]:
    """Return one job of every rule of a finished study, as Snakemake would run it."""
    listed = snakemake(study, "--detailed-summary", "all", config=SMALL)
    assert listed.returncode == 0, listed.stderr
    found: dict[str, Stage] = {}
    for row in csv.DictReader(io.StringIO(listed.stdout), delimiter="\t"):
        words = shlex.split(row["shellcmd"])
        words = words[1 : words.index(">")]  # without python and the log
        stage = found.setdefault(row["rule"], Stage(row["rule"], words, []))
        if stage.words == words:
            stage.outputs.append(row["output_file"])
    record = found["record_provenance"]  # the summary has broken the lines of a text
    place = record.words.index("--configuration") + 1
    record.words[place] = (study / f"{RESULTS}/provenance/configuration.yaml").read_text()
    return found


def run_here(words: list[str]) -> str:
    """Run a script of the project in this process and folder; return what it ends with, if ill."""
    old, handler = sys.argv, signal.getsignal(signal.SIGTERM)
    sys.argv = words
    try:
        runpy.run_path(words[0], run_name="__main__")
    except SystemExit as end:
        return str(end.code)
    finally:
        sys.argv = old
        signal.signal(signal.SIGTERM, handler)
    return ""


def run_apart(words: list[str]) -> str:
    """Run a script in a process of its own; return the last line of what it says, if it fails."""
    result = subprocess.run([sys.executable, *words], capture_output=True, text=True, check=False)
    assert "Traceback" not in result.stderr, result.stderr
    return result.stderr.splitlines()[-1] if result.returncode else ""


@contextmanager
def small_disk(folder: Path) -> Iterator[Callable[[int], None]]:
    """Mount a disk on `folder`; yield the function that sets its size in pages of 4 KiB.

    Raises PermissionError where that is not allowed.
    """
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", folder], capture_output=True, check=False
    )
    if mounted.returncode:
        raise PermissionError(mounted.stderr.decode().strip())

    def resize(pages: int) -> None:
        option = f"remount,size={max(pages, 1) * 4}k"
        subprocess.run(["mount", "-o", option, folder], check=True)

    try:
        yield resize
    finally:
        subprocess.run(["umount", folder], check=True)


def files_below(folder: Path) -> dict[str, bytes]:
    """Return the contents of all files below a folder, hidden ones too, by their paths."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def fill_the_disk(
    stage: Stage, study: Path, disk: Path, resize: Callable[[int], None], run: Callable
) -> None:
    """Run a stage on a disk with half the room it needs, then with enough; check what is left.

    It runs in `study`, with its outputs on `disk`.
    """
    shutil.rmtree(disk / "results", ignore_errors=True)
    expected = {
        name: data
        for name, data in files_below(study).items()
        if any(name == path or name.startswith(f"{path}/") for path in stage.outputs)
        and not name.endswith(".snakemake_timestamp")
    }
    pages = sum(-(-len(data) // 4096) for data in expected.values())
    resize(pages // 2)
    if pages < 2:
        (disk / "filler").write_bytes(bytes(4096))
    words = stage.writing_to(disk)
    said = run(words)
    (disk / "filler").unlink(missing_ok=True)
    line = re.fullmatch(rf"error: ({re.escape(str(disk))}/\S+): {NO_ROOM}", said)
    assert line, f"{stage.rule}: {said}"
    assert any(line[1] == str(disk / path) for path in stage.outputs), said
    left = files_below(disk)
    for name, data in left.items():
        same = data == expected.get(name) or name.endswith(MANIFEST)
        assert "/resume/" in name or same, f"{stage.rule} left {name}"
    assert len(left) < len(expected)
    resize(4 * pages + 4096)
    said = run(words)
    assert not said, f"{stage.rule}: {said}"
    made = files_below(disk)
    for name, data in expected.items():
        timed = name.endswith((".keras", MANIFEST))
        assert timed or made[name] == data, f"{stage.rule} made another {name}"


def run_through_kills(
    folder: Path, kills: int, moments: random.Random, alone: Callable[[int], bool]
) -> None:
    """Run the small study in `folder`, killed `kills` times at random moments, to its end.

    `alone(k)` says whether Snakemake itself is killed the k-th time, its jobs left over; otherwise
    all its processes are. A moment is so many jobs done and some seconds more, so that they lie
    everywhere in the run whatever the machine's speed.
    """
    command = [Path(sys.executable).with_name("snakemake"), "--configfile=test-config.yaml"]
    assert snakemake(folder, "-n", "all", config=SMALL).returncode == 0  # writes the config file
    runtime = folder / RESULTS / "runtime"
    for kill, done in enumerate(sorted(moments.choices(range(JOBS), k=kills))):
        unlock(folder)
        delay = moments.uniform(0, 4)
        running = subprocess.Popen(
            [*command, "--cores", "2", "all"], cwd=folder,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        while running.poll() is None and len(list(runtime.rglob("*.tsv"))) < done:
            time.sleep(0.1)
        try:
            running.wait(timeout=4 + delay)  # of which 4 to read the workflow
        except subprocess.TimeoutExpired:
            main = psutil.Process(running.pid)
            main.suspend()  # so that it starts no further job
            jobs = [] if alone(kill) else main.children(recursive=True)
            for process in (main, *jobs):
                process.kill()
            running.wait()
        print(f"kill {kill + 1}: after {done} jobs and {delay:.1f} s", flush=True)
    unlock(folder)
    for _ in range(3):  # a job left over may still come between
        result = subprocess.run(
            [*command, "--cores", "2", "all"], cwd=folder, text=True, capture_output=True
        )
        if result.returncode == 0:
            return
    raise AssertionError(result.stdout + result.stderr)


def unlock(folder: Path) -> None:
    """Remove the lock that a killed Snakemake has left."""
    unlocked = snakemake(folder, "--unlock", config=SMALL)
    assert unlocked.returncode == 0, unlocked.stderr


def check_same_results(study: Path, undisturbed: Path) -> None:
    """Compare all tables, scores, splits and histories of two studies, byte by byte."""
    for kind in ("tables/*", "dice/**/*.*", "splits/*", "rois/*", "index.tsv", "cams/**/*.h5"):
        paths = sorted((undisturbed / RESULTS).glob(kind))
        assert paths, kind
        for path in paths:
            other = study / path.relative_to(undisturbed)
            assert other.read_bytes() == path.read_bytes(), other
    half = [path for path in (study / RESULTS).rglob(".*") if path.name != ".snakemake_timestamp"]
    assert not half, half


def main() -> None:
    folder = Path(tempfile.mkdtemp(prefix="camseg-drills-"))
    print(f"working in {folder}", flush=True)
    undisturbed = copy_project(folder / "undisturbed")
    result = snakemake(undisturbed, "--cores", "2", "all", config=SMALL)
    assert result.returncode == 0, result.stdout + result.stderr
    match sys.argv[1:]:
        case ["kills", count]:
            disturbed = copy_project(folder / "disturbed")
            seed = random.randrange(1 << 32)
            print(f"seed {seed}")
            run_through_kills(
                disturbed, int(count), random.Random(seed), lambda kill: kill % 2 == 1
            )
            check_same_results(disturbed, undisturbed)
            print(
                f"killed {count} times: every table, score and ROI is that of the undisturbed run"
            )
        case ["full-disk"]:
            os.chdir(undisturbed)
            with small_disk(folder / "disk") as resize:
                for stage in stages(undisturbed).values():
                    fill_the_disk(stage, undisturbed, folder / "disk", resize, run_apart)
                    print(f"{stage.rule}: one line, nothing half written; then the same results")
        case _:
            sys.exit(__doc__)
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
