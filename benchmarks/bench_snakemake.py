"""How much of a run's time Snakemake takes for itself: the wall time that is not spent in jobs.

Runs a small study of one network in a copy of the project, one job at a time, so that the run's
wall time less that of its jobs (from `benchmark:`) is Snakemake's: its start, the DAG, the choice
of jobs, their metadata; and the two short jobs at the end that write no benchmark.
"""

import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from project import SMALL, copy_project, jobs, snakemake


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        project = copy_project(Path(folder))
        planned = sum(jobs(snakemake(project, "-n", "all", config=SMALL)).values())
        start = time.perf_counter()
        result = snakemake(project, "--cores", "1", "all", config=SMALL)
        wall = time.perf_counter() - start
        assert result.returncode == 0, result.stderr
        spent = pd.read_csv(project / "results/phantom/runtime/runtime.csv").iloc[-1]
    rest = wall - spent["wall_s"]
    print(
        f"{planned} jobs, {wall:.1f} s; in the {spent['jobs']} that are measured "
        f"{spent['wall_s']:.1f} s; else {rest:.1f} s, {rest / wall:.1%}: "
        f"{rest / planned:.2f} s per job"
    )


if __name__ == "__main__":
    main()
