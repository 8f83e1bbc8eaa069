"""How much of a run's time Snakemake takes for itself: the wall time that is not spent in jobs.

    python benchmarks/bench_snakemake.py [--quick]

Runs a small study of one network in a copy of the project, one job at a time, so that the run's
wall time less that of its jobs (from `benchmark:`) is Snakemake's: its start, the DAG, the choice
of jobs, their metadata; and the short jobs that write no benchmark. With --quick it is only the
study's ROIs, and ten splits of them.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

from finding import tell

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from project import SMALL, copy_project, jobs, snakemake

SPLITS = 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="ROIs and splits alone")
    quick = parser.parse_args().quick
    config, targets = SMALL, ["all"]
    if quick:
        config = SMALL | {"splits": SPLITS}
        targets = [f"results/phantom/splits/split-{split}.tsv" for split in range(SPLITS)]
        targets.append("results/phantom/rois/candidates.tsv")
    with tempfile.TemporaryDirectory() as folder:
        project = copy_project(Path(folder))
        planned = sum(jobs(snakemake(project, "-n", "--", *targets, config=config)).values())
        start = time.perf_counter()
        result = snakemake(project, "--cores", "1", "--", *targets, config=config)
        wall = time.perf_counter() - start
        assert result.returncode == 0, result.stderr
        measured = [
            pd.read_csv(path, sep="\t")["s"].sum()
            for path in project.glob("results/phantom/runtime/**/*.tsv")
        ]
    spent = sum(measured)
    rest = wall - spent
    print(
        f"{planned} jobs, {wall:.1f} s; in the {len(measured)} that are measured {spent:.1f} s; "
        f"else {rest:.1f} s, {rest / wall:.1%}: {rest / planned:.2f} s per job"
    )
    tell(f"{rest:.1f} s of {wall:.0f} s for {planned} jobs: {rest / planned:.2f} s a job")


if __name__ == "__main__":
    main()
