"""Where a study's time went, from the files that Snakemake's `benchmark:` leaves."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from camseg.errors import CamsegError
from camseg.io.checked import Columns, Number, read_table

TOTAL = "all"


def summarise(folder: Path, jobs: Iterable[str]) -> pd.DataFrame:
    """Return a row per stage, by descending wall time, and a last one, TOTAL, of them all.

    `folder` holds a TSV per job, of its latest run: STAGE.tsv where a stage is one job, else
    STAGE/.../NAME.tsv, of which those count that `jobs` names ("STAGE/.../NAME"): other studies
    may have left some there.
    Columns: stage, jobs; wall_s and cpu_s, seconds, added up over jobs, whether they ran beside
    each other or not; peak_mb, the largest resident set of a job (MB of 2**20 bytes).
    Snakemake's samples miss what happens between two of them, so very short jobs have no CPU time.
    """
    named = (folder / f"{job}.tsv" for job in jobs)
    paths = sorted([*folder.glob("*.tsv"), *(path for path in named if path.exists())])
    if not paths:
        raise CamsegError(f"{folder}: no job has left its runtime there")
    tables = [read_job(path) for path in paths]
    stages = [path.relative_to(folder).with_suffix("").parts[0] for path in paths]
    last = pd.concat([table.iloc[[-1]] for table in tables]).assign(stage=stages)
    sums = {
        "jobs": ("s", "size"),
        "wall_s": ("s", "sum"),
        "cpu_s": ("cpu_time", "sum"),
        "peak_mb": ("max_rss", "max"),
    }
    by_stage = last.groupby("stage", as_index=False).agg(**sums)
    by_stage = by_stage.sort_values(["wall_s", "stage"], ascending=[False, True])
    everything = last.assign(stage=TOTAL).groupby("stage", as_index=False).agg(**sums)
    return pd.concat([by_stage, everything], ignore_index=True)


def read_job(path: Path) -> pd.DataFrame:
    """Return a job's benchmark file: `s`, `cpu_time` and `max_rss`, a row per run, the latest last.

    Raises CamsegError if it is none.
    """
    try:
        table = pd.read_csv(path, sep="\t", na_values="-")
        if table.empty:
            raise ValueError("it has no row")
        return table[["s", "cpu_time", "max_rss"]].astype(float)
    except (ValueError, KeyError) as error:
        raise CamsegError(
            f"{path}: is no benchmark file of Snakemake: {error}; remove it"
        ) from error


def read_summary(path: str | Path) -> list[dict]:
    """Return the rows of a table that `summarise` made, as JSON values."""
    number = Number(0, blank=True)  # of seconds and MB, some too short to be measured
    columns: Columns = {"stage": None, "jobs": Number(1, whole=True)}
    columns |= dict.fromkeys(("wall_s", "cpu_s", "peak_mb"), number)
    table = read_table(path, columns, ["stage"])
    return table.astype(object).where(table.notna(), None).to_dict("records")
