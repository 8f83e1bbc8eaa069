"""The figure of bench_scaling.py: what was measured, and the lines fitted to it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from camseg.figures.style import STYLE, looks, save

if TYPE_CHECKING:
    from bench_scaling import Series

CAPTION = (
    "Time and memory of a study's parts: points are measured, lines fitted (start and slope). "
    "Both axes are logarithmic."
)
SIDES = "side of a ROI, pixels (in proportion to their number)"
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
        SIDES,
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
            for axis, labelled in ((axes.xaxis, (1,)), (axes.yaxis, (1, 2, 5))):
                axis.set_major_locator(LogLocator(subs=labelled))
                axis.set_major_formatter("{x:g}")
                axis.set_minor_formatter(NullFormatter())
            if x == SIDES:
                places = shown[0].numbers
                axes.set_xticks(places, [f"{(1e6 * place) ** 0.5:.0f}" for place in places])
            bottom, top = axes.get_ylim()
            axes.set_ylim(bottom, top * (top / bottom) ** 0.4)  # room for the legend
            axes.set_title(title, loc="left", fontsize=STYLE["font.size"])
            axes.legend(fontsize=6, frameon=False, loc="upper left")
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
        x = np.geomspace(each.numbers[0], each.numbers[-1], 20)
        axes.plot(x, start + slope * x, color=style["color"], linewidth=1)
