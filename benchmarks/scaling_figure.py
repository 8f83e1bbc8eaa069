"""The figure of bench_scaling.py: what was measured, and the lines fitted to it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from camseg.figures.style import STYLE, looks, save

if TYPE_CHECKING:
    from bench_scaling import Series

CAPTION = (
    "Time and memory of a study's parts: points are measured, lines fitted (start and slope). "
    "Both axes are logarithmic."
)
PANELS = {  # what each shows: the series' names begin so, the axes
    "ROIs: seconds": (
        ("extract_rois", "score_dice", "compute_cams", "input of"),
        "ROIs",
        "CPU seconds of a job",
    ),
    "ROIs: memory": (
        ("extract_rois", "score_dice", "compute_cams", "input of"),
        "ROIs",
        "peak memory, MB",
    ),
    "side: seconds": (
        ("step", "inference", "map"),
        "megapixels of a ROI",
        "CPU seconds a ROI",
    ),
    "splits: seconds": (("tables", "dry run"), "trainings, or planned jobs", "CPU seconds"),
}


def draw(series: list[Series], path: Path) -> None:
    """Draw all series of more than one point, by what they depend on, into an SVG."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(7.5, 6.5), layout="constrained")
        for axes, (title, (begins, x, y)) in zip(
            figure.subplots(2, 2).flat, PANELS.items(), strict=True
        ):
            shown = [
                each for each in series if each.part.startswith(begins) and len(each.numbers) > 1
            ]
            panel(axes, shown, memory=title.endswith("memory"))
            axes.set(xscale="log", yscale="log", xlabel=x, ylabel=y)
            axes.set_title(title, loc="left", fontsize=STYLE["font.size"])
            axes.legend(fontsize=6, frameon=False)
        save(figure, [path], CAPTION)


def panel(axes: Axes, shown: list[Series], *, memory: bool) -> None:
    """Draw points and fitted lines of seconds, or of memory the points, joined."""
    styles = looks([each.part for each in shown])
    for each in shown:
        style: dict = styles[each.part]
        values = each.memory if memory else each.seconds
        axes.plot(each.numbers, values, linestyle="none", markersize=4, label=each.part, **style)
        if memory:
            axes.plot(each.numbers, values, color=style["color"], linewidth=1)
            continue
        start, slope = each.line
        x = np.geomspace(each.numbers[0], each.numbers[-1], 50)
        axes.plot(x, start + slope * x, color=style["color"], linewidth=1)
