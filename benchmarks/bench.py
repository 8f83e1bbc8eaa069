"""Run all benchmarks, each at a size that fits, and write their table into README.md: `make bench`.

    python benchmarks/bench.py [--torch PYTHON]

One after the other, each in a process of its own: about 15 minutes on two idle cores. One that
fails, or takes too long, says so in its row, and the others go on; so does one that lacks what it
needs. What a row says is the benchmark's own last line (`finding.py`).
"""

import argparse
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from conditions import line_of_child
from finding import read

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
LIMIT = 300  # seconds
README = HERE / "README.md"


class Benchmark(NamedTuple):
    """What is measured, and the command that does, without Python."""

    what: str
    command: str


BENCHMARKS = [
    Benchmark("starting a program", "bench_start.py --rounds 3"),
    Benchmark("decoding lossless JPEG of 4736 x 2624", "bench_ljpeg.py"),
    Benchmark("mutated streams of lossless JPEG", "fuzz_ljpeg.py --streams 20000"),
    Benchmark(
        "index, extraction, dry run at the DDSM's scale",
        "bench_ingestion.py --rounds 2",
    ),
    Benchmark(
        "readers beside decoding alone",
        "bench_readers.py --rounds 2 --sets ddsm mini_mias cbis_ddsm_jpeg cdd_cesm rois",
    ),
    Benchmark(
        "a training's first and later steps beside stock Keras",
        "bench_training.py --networks MobileNetV2 ResNet50V2",
    ),
    Benchmark(
        "steps in bfloat16 and by XLA beside plain ones", "bench_steps.py --networks MobileNetV2"
    ),
    Benchmark(
        "steps with AVX2 at most beside AVX-512",
        "bench_instructions.py --networks MobileNetV2 ResNet50V2 --rounds 1 --steps 5",
    ),
    Benchmark(
        "input and saved states beside the step",
        "bench_pipeline.py --networks MobileNetV2 ResNet50V2",
    ),
    Benchmark(
        "Grad-CAM beside the forward pass",
        "bench_cam.py --networks MobileNetV2 Xception",
    ),
    Benchmark(
        "RISE beside its runs",
        "bench_cam.py --explanation rise --networks MobileNetV2 --rois 4 --batch-size 4 --rounds 1",
    ),
    Benchmark("memory of `compute_cams.py`", "bench_cam.py --memory 200 1000 --batch-size 8"),
    Benchmark("mean-Dice by histograms", "bench_dice.py"),
    Benchmark("coverage of intervals on simulated data", "interval_coverage.py --draws 100"),
    Benchmark("Snakemake's own time", "bench_snakemake.py --quick"),
    Benchmark("a study beside its bare training steps", "bench_study.py results/phantom"),
    Benchmark("the explorer's size and first paint", "bench_explorer.py results/phantom"),
    Benchmark("camseg beside plain Keras and PyTorch", "peers.py --rounds 1 --onednn 1"),
    Benchmark("scaling", "bench_scaling.py --quick"),
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--torch", default="", help="as of peers.py")
    torch = parser.parse_args().torch
    started = time.monotonic()
    rows = []
    for benchmark in BENCHMARKS:
        command = benchmark.command.split()
        if command[0] == "peers.py" and torch:
            command += ["--torch", torch]
        said, seconds = found(command)
        print(f"{benchmark.command}: {said} ({seconds:.0f} s)", flush=True)
        rows.append((benchmark, said, seconds))
    today = datetime.now(UTC).date().isoformat()
    minutes = (time.monotonic() - started) / 60
    about = f"{today}, {minutes:.0f} minutes in all, on {line_of_child()}."
    sys.path.insert(0, str(ROOT / "docs"))
    from generate import write_part  # type: ignore[import-not-found]

    write_part(README, "findings", table(rows, about))


def found(command: list[str], limit: float = LIMIT) -> tuple[str, float]:
    """Return a benchmark's finding, or why there is none, and the seconds that it took."""
    started = time.monotonic()
    with subprocess.Popen(
        [sys.executable, str(HERE / command[0]), *command[1:]],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            printed, errors = process.communicate(timeout=limit)
            said = finding_of(process.returncode, printed, errors)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)  # with what it has started
            said = f"**failed**: took more than {limit:.0f} s"
    return said, time.monotonic() - started


def finding_of(status: int, printed: str, errors: str) -> str:
    """Return what an ended benchmark says, or why it says nothing."""
    if status:
        return f"**failed**: {(errors.strip().splitlines() or [f'status {status}'])[-1]}"
    try:
        told = read(printed)
    except ValueError as error:
        return f"**failed**: {error}"
    return told.get("finding") or f"skipped: {told['skipped']}"


def table(rows: list[tuple[Benchmark, str, float]], about: str) -> str:
    """Return the table of findings, in Markdown, and under what they were found."""
    lines = [about, "", "| measured | command | found | s |", "|---|---|---|--:|"]
    for benchmark, said, seconds in rows:
        cell = said.replace("|", r"\|").replace("\n", " ")
        command = f"`benchmarks/{benchmark.command}`"
        lines.append(f"| {benchmark.what} | {command} | {cell} | {seconds:.0f} |")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    main()
