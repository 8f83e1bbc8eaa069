"""Where a study's time went, from the files that Snakemake's `benchmark:` leaves."""

from collections.abc import Iterable
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from camseg.errors import CamsegError
from camseg.figures import BLUE, STYLE, VERMILLION

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
    tables = [_read(path) for path in paths]
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


def _read(path: Path) -> pd.DataFrame:
    try:
        table = pd.read_csv(path, sep="\t", na_values="-")
        if table.empty:
            raise ValueError("it has no row")
        return table[["s", "cpu_time", "max_rss"]].astype(float)
    except (ValueError, KeyError) as error:
        raise CamsegError(
            f"{path}: is no benchmark file of Snakemake: {error}; remove it"
        ) from error


def where_time_goes(table: pd.DataFrame) -> Figure:
    """Draw the wall and CPU time of every stage of `summarise`'s table."""
    stages = table[table["stage"] != TOTAL]
    total = table["wall_s"].iloc[-1]
    with mpl.rc_context(STYLE | {"font.size": 10}):
        height = 25 + 5 * len(stages)
        figure = Figure(figsize=(175 / 25.4, height / 25.4), layout="constrained")
        axes = figure.subplots()
        places = np.arange(len(stages))
        walls = axes.barh(places, stages["wall_s"] / 60, 0.7, color=BLUE, label="wall time")
        (cpu,) = axes.plot(
            stages["cpu_s"] / 60, places, "|", color=VERMILLION,
            markersize=9, markeredgewidth=2, label="CPU time",
        )  # fmt: skip
        for place, row in zip(places, stages.itertuples(), strict=True):
            axes.annotate(
                f"{row.wall_s / total:.1%}, {row.wall_s:.0f} s",
                (max(row.wall_s, row.cpu_s) / 60, place),
                (6, 0), textcoords="offset points", verticalalignment="center", color="0.3",
            )  # fmt: skip
        axes.set_yticks(places, [f"{row.stage} ({row.jobs})" for row in stages.itertuples()])
        axes.invert_yaxis()
        axes.set_xlabel("minutes of all jobs of a stage (their number) together")
        axes.set_xlim(0, 1.3 * max(stages["wall_s"].max(), stages["cpu_s"].max()) / 60)
        axes.margins(y=0.01)
        axes.grid(axis="x", color="0.9")
        axes.set_axisbelow(True)
        figure.legend(handles=[walls, cpu], loc="outside upper center", ncols=2, frameon=False)
    return figure
