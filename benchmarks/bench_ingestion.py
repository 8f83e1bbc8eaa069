"""What indexing and extracting cost on a simulated copy of the DDSM.

    python benchmarks/bench_ingestion.py [--source FOLDER_OF_DDSM_CASES] [--cases 2620]

The tree has as many cases as asked for, in 43 volumes: each case has its own .ics; its images and
overlays are hard links to those of the source's cases, taken in turn (the glance at each image, by
which the index finds copies, is therefore measured among the parts). Without a source, synthetic
cases are drawn. Measured: the index of the whole tree; the extraction of a few cases by one process
and by two processes at a time; the parts of the extraction, image by image; the workflow's dry
run on the whole tree and on a tenth of it. Images come from the page cache, not from a disk.
Run it on an otherwise idle machine.
"""

import argparse
import itertools
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import timeit
from functools import partial
from pathlib import Path
from typing import NamedTuple

from finding import tell

ROOT = Path(__file__).resolve().parents[1]
SCRIPTS = ROOT / "scripts"
VOLUMES = 43
BOX = 800, 800  # pixels, of a typical ROI
RULES = "--size 224 --padding 0.1 0.3 --outline boundary --overlap drop_normal"
RULES += " --min-breast-share 0.5 --chest-wall by_side --odd-masks mend --seed 1"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", type=Path, help="DDSM cases to link; default: synthetic ones")
    parser.add_argument("--cases", type=int, default=2620, help="of the simulated tree")
    parser.add_argument("--extract", type=int, default=24, help="cases to extract ROIs from")
    parser.add_argument("--rounds", type=int, default=3, help="the fastest one counts")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = args.source or draw_cases(folder / "source")
        tree = folder / "tree"
        link_cases(source, tree, args.cases)
        index, indexed = measure_index(tree, args.cases, args.rounds)
        rates = measure_extraction(tree, index, args.extract, args.rounds)
        planned = measure_dry_runs(folder, args.cases, args.rounds)
        measure_parts(tree, index, args.rounds)
    kind = "real" if args.source else "synthetic"
    tell(
        f"{args.cases} cases ({kind}): index {indexed.wall:.1f} s, dry run {planned[0].wall:.1f} s "
        f"({planned[1].wall:.1f} s of a tenth); extraction of {rates[0]:.1f} cases/s by one "
        f"process, {rates[1]:.1f} by two"
    )


def draw_cases(folder: Path) -> Path:
    """Write ten synthetic cases and return their folder."""
    command = [sys.executable, str(SCRIPTS / "make_phantom.py"), "--output", str(folder)]
    subprocess.run([*command, "--cases", "10", "--seed", "1"], check=True)
    return folder


def link_cases(source: Path, tree: Path, cases: int) -> None:
    """Make a tree of `cases` cases that repeats those of `source` under numbers of their own."""
    originals = tree.with_name("originals")
    shutil.copytree(source, originals)  # links cannot lead from one file system to another
    headers = sorted(originals.rglob("*.ics"))
    start = time.perf_counter()
    for number, ics in zip(range(cases), itertools.cycle(headers), strict=False):
        case_id = f"{ics.name[0]}-{number:04d}-1"
        case = tree / f"volume_{number % VOLUMES:02d}" / f"case{number:04d}"
        case.mkdir(parents=True)
        text = ics.read_text(encoding="latin-1")
        (case / f"{case_id}.ics").write_text(text.replace(ics.stem, case_id), encoding="latin-1")
        for path in ics.parent.iterdir():
            if path.suffix in (".LJPEG", ".OVERLAY"):
                view = path.name.partition(".")[2]
                os.link(path, case / f"{case_id.replace('-', '_')}.{view}")
    print(f"tree of {cases} cases made in {time.perf_counter() - start:.1f} s")


class Cost(NamedTuple):
    """What processes that ran at the same time took; costs are compared by the wall's clock."""

    wall: float  # seconds until the last one ended
    cpu: float  # seconds of all together
    peak: int  # MB of the largest one


def run(*commands: list) -> Cost:
    """Run commands at the same time."""
    start = time.perf_counter()
    processes = [
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for command in commands
    ]
    usages = []
    for process in processes:
        _, status, usage = os.wait4(process.pid, 0)
        if status:
            sys.exit(f"error: {process.args!r} ended with status {status}")
        usages.append(usage)
    return Cost(
        wall=time.perf_counter() - start,
        cpu=sum(usage.ru_utime + usage.ru_stime for usage in usages),
        peak=max(usage.ru_maxrss for usage in usages) // 1024,
    )


def measure_index(tree: Path, cases: int, rounds: int) -> tuple[Path, Cost]:
    """Index the tree; return the index, and what it cost."""
    index = tree.with_name("index.tsv")
    command = [sys.executable, SCRIPTS / "index_cases.py", tree, "--source", "ddsm"]
    command += ["--listing", r".*\.ics(\.gz)?", "--grey", "optical_density", "--output", index]
    cost = min(run(command) for _ in range(rounds))
    print(f"index of {cases} cases: {cost.wall:.1f} s ({cost.cpu:.1f} s CPU), {cost.peak} MB")
    return index, cost


def measure_extraction(tree: Path, index: Path, cases: int, rounds: int) -> list[float]:
    """Extract the ROIs of the index's first cases by one process and by two, and those of one.

    Return the cases per second of one and of two, apart from the start.
    """
    costs = {}
    for n_cases, shards in ((1, 1), (cases, 1), (cases, 2)):
        part = index.with_name("part.tsv")
        lines = index.read_text().splitlines(keepends=True)[: 1 + 2 * n_cases]
        # the linked images are found out as copies of the source's: here they stand for others
        part.write_text(re.sub(r"\trejected\t[^\t]*", "\tusable\t", "".join(lines)))
        commands = [
            [
                *(sys.executable, SCRIPTS / "extract_rois.py", "--index", part, "--data", tree),
                *("--shard", str(shard), "--shards", str(shards), *RULES.split()),
                *("--rois", tree.with_name(f"{shard}.h5")),
                *("--candidates", tree.with_name(f"{shard}.tsv")),
            ]
            for shard in range(shards)
        ]
        cost = costs[n_cases, shards] = min(run(*commands) for _ in range(rounds))
        print(
            f"extraction of {n_cases} case(s), {shards} process(es): {cost.wall:.1f} s "
            f"({cost.cpu:.1f} s CPU), peak {cost.peak} MB each"
        )
    start, rates = costs[1, 1], []
    for shards in (1, 2):
        cost, more = costs[cases, shards], cases - shards  # each process starts, with a case
        rates.append(more / (cost.wall - start.wall))
        print(
            f"apart from the start, {shards} process(es): {rates[-1]:.1f} "
            f"cases/s, {more / (cost.cpu - shards * start.cpu):.1f} per CPU second"
        )
    return rates


def measure_dry_runs(folder: Path, cases: int, rounds: int) -> list[Cost]:
    """Time the workflow's dry run on the tree and on a tenth of it; return both costs."""
    tenth = folder / "tenth"
    for path in sorted(folder.glob("tree/*/*"))[: cases // 10]:
        shutil.copytree(path, tenth / path.parent.name / path.name, copy_function=os.link)
    costs = []
    for tree in (folder / "tree", tenth):
        config = folder / f"{tree.name}.yaml"
        config.write_text(f"dataset: {{source: ddsm, path: {tree}}}\n")
        command = [sys.executable, "-m", "snakemake", "-n", "--configfile", "config/paper.yaml"]
        cost = min(run([*command, config, "--", "all"]) for _ in range(rounds))
        n_cases = sum(1 for _ in tree.glob("*/*"))
        print(
            f"dry run on {n_cases} cases: {cost.wall:.1f} s ({cost.cpu:.1f} s CPU), {cost.peak} MB"
        )
        costs.append(cost)
    return costs


def measure_parts(tree: Path, index: Path, rounds: int) -> None:
    """Time the parts of the extraction on the images of the first cases, one thread."""
    sys.path.insert(0, str(SCRIPTS))
    # imported here: a child's peak memory would count what its parent holds when it starts
    import cv2
    import pandas as pd

    from camseg.datasets.sources.ddsm import glance
    from camseg.formats import ddsm
    from camseg.rois import boxes
    from camseg.rois.breast import find_breast

    cv2.setNumThreads(1)
    rows = pd.read_csv(index, sep="\t", keep_default_na=False).head(4).to_dict("records")
    print(f"image, ms: read and decode; to 8 bits; breast; ROI of {BOX[0]} x {BOX[1]}; glance")
    for row in rows:
        path, scanner = tree / row["image"], row["scanner"]
        shape = row["lines"], row["pixels_per_line"]
        grey = ddsm.read_image(path, shape)
        image = ddsm.eight_bit(grey, scanner)
        parts = (
            partial(ddsm.read_image, path, shape),
            partial(ddsm.eight_bit, grey, scanner),
            lambda grey=grey, scanner=scanner: find_breast(ddsm.brightness(grey, scanner)),
            partial(boxes.cut_image, image, boxes.Box(0, 0, *BOX), 224),
            partial(glance, row, tree),
        )
        times = [min(timeit.repeat(part, number=1, repeat=3 * rounds)) for part in parts]
        print(
            f"{grey.shape[0]} x {grey.shape[1]}, {path.stat().st_size / 1e6:.1f} MB:",
            "; ".join(f"{1000 * seconds:.1f}" for seconds in times),
        )


if __name__ == "__main__":
    main()
