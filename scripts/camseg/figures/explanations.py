"""The charts of what the maps of several methods of explanation score, and at which cost."""

from collections.abc import Sequence
from itertools import product

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.textpath import TextPath
from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter
from matplotlib.transforms import Affine2D, Bbox

from camseg.figures.drawing import MM, WIDTH, spread
from camseg.figures.labels import axis_of
from camseg.figures.rows import rows_of_marks
from camseg.figures.style import BLUE, STYLE, looks
from camseg.report.explanations import FLOOR

SCORES = ("Dice", "placement", "pixel_AUC")
OVER_COST = ("Dice", "placement")
ROW = 58  # mm, the height of a panel over cost
MARK, NAME, STEP, GAP = 3, 8, 3.6, 4  # points: of marks, of names, between marks, beside them


def explanations(table: pd.DataFrame, models: Sequence[str]) -> Figure:
    """What the maps of several methods score: a row per method, a mark per classifier.

    `table` is that of `report.explanations.explanations`, `models` are those of the study. Dice has
    its interval; a dashed line is the highest floor.
    """
    of_networks = table[table["explanation"] != FLOOR]
    floors = table[table["explanation"] == FLOOR]
    return rows_of_marks(of_networks, floors, "explanation", SCORES, looks(models))


def cost(table: pd.DataFrame, models: Sequence[str]) -> Figure:
    """Dice and placement over the runs of the network for a map: two panels per classifier.

    Arguments as of `explanations`. A run back counts as two forward; methods whose runs nobody
    counted are left out. Dice has its interval; a dashed line is the highest
    floor. Marks of one cost stand beside each other, round their cost.
    """
    runs = table[["forward", "back"]].astype(float)
    of_networks = table.assign(cost=runs["forward"] + 2 * runs["back"])
    of_networks = of_networks[table["explanation"] != FLOOR].dropna(subset="cost")
    floors = table[table["explanation"] == FLOOR]
    shown = [model for model in dict.fromkeys(models) if model in set(of_networks["Classifier"])]
    with mpl.rc_context(STYLE):
        panels = list(product(OVER_COST, shown))
        height = 12 + ROW * len(panels)
        figure = Figure(figsize=(WIDTH * MM, height * MM), layout="constrained")
        grid = figure.subplots(len(panels), sharex=True, squeeze=False)[:, 0]
        for axes, (score, model) in zip(grid, panels, strict=True):
            axes.axhline(
                floors[score].max(), color="0.45", linestyle="--", linewidth=1, zorder=0,
                label="highest floor",
            )  # fmt: skip
            ends = ["low", "high"] if score == "Dice" else [score]
            values = [*of_networks[ends].to_numpy().flat, floors[score].max()]
            margin = 0.06 * np.ptp(values) or 0.1
            axes.set(
                ylabel=axis_of(score, of_networks["n"]),
                ylim=(min(values) - margin, max(values) + margin),
            )
            axes.set_title(model, loc="left", fontsize=STYLE["font.size"])
            # with room for names on both sides
            axes.set(xscale="log", xlim=of_networks["cost"].agg(["min", "max"]) * [1 / 3, 3])
            axes.xaxis.set_major_locator(LogLocator(subs=(1, 3)))
            axes.xaxis.set_minor_locator(NullLocator())
            axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
            axes.grid(color="0.92")
            axes.set_axisbelow(True)
        grid[-1].set_xlabel("runs of the network for one map (forward + 2 x back)")
        lines = grid[0].get_legend_handles_labels()
        figure.legend(*lines, loc="outside lower center", frameon=False)
        figure.draw_without_rendering()
        figure.set_layout_engine("none")  # names must stay where they are put
        figure.align_ylabels()
        for axes, (score, model) in zip(grid, panels, strict=True):
            _over_cost(axes, of_networks[of_networks["Classifier"] == model], score)
    return figure


def _over_cost(axes: Axes, rows: pd.DataFrame, score: str) -> None:
    """Draw and name the marks of one classifier, in a panel whose place and limits are settled."""
    rows = rows.dropna(subset=score).sort_values(["cost", score])
    scale = 72 / axes.figure.dpi  # points a pixel
    marks = axes.transData.transform(rows[["cost", score]].to_numpy(float)) * scale
    marks[:, 0] = spread(marks[:, 0], STEP)
    x = axes.transData.inverted().transform(marks / scale)[:, 0]
    axes.plot(x, rows[score], "o", color=BLUE, markersize=MARK)
    taken = [_box(mark, (2 * MARK, MARK)) for mark in marks]
    if score == "Dice":
        axes.vlines(x, rows["low"], rows["high"], color=BLUE, linewidth=0.6)
        for ends in zip(x, rows["low"], x, rows["high"], strict=True):
            corners = axes.transData.transform(np.reshape(ends, (2, 2))) * scale
            taken.append(Bbox(corners).padded(0.5))
    inside = Bbox(axes.get_window_extent().get_points() * scale).padded(-1)
    apart = np.flatnonzero(np.diff(marks[:, 0]) > 2.5 * STEP) + 1
    for together in np.split(np.arange(len(rows)), apart):
        _name(axes, marks[together], rows["explanation"].iloc[together].tolist(), taken, inside)


def _name(
    axes: Axes, marks: np.ndarray, names: Sequence[str], taken: list[Bbox], inside: Bbox
) -> None:
    """Write the names of marks (n, 2) that stand together, left or right of them all, in points.

    Each is as near its mark's height as it fits without covering what is `taken`, to which it is
    added; the middle one first, so that lines to the names do not cross.
    """
    to_data = Affine2D().scale(axes.figure.dpi / 72) + axes.transData.inverted()
    heights = np.argsort(marks[:, 1], kind="stable")
    middle = (len(marks) - 1) / 2
    for rank in sorted(range(len(marks)), key=lambda rank: abs(rank - middle)):
        mark, name = marks[heights[rank]], names[heights[rank]]
        width = TextPath((0, 0), name, size=NAME).get_extents().width
        sides = {"left": marks[:, 0].max() + GAP, "right": marks[:, 0].min() - GAP}
        places = []
        for shift in np.arange(-inside.height, inside.height, 0.5):
            for align, x in sides.items():
                centre = x + (width / 2 if align == "left" else -width / 2), mark[1] + shift
                box = _box(centre, (width, NAME + 0.5))
                out = not all(inside.contains(*corner) for corner in box.corners())
                far = abs(shift) + (NAME if align == "right" else 0)
                places.append((out, box.count_overlaps(taken), far, shift, align, x, box))
        _, _, _, shift, align, x, box = min(places, key=lambda place: place[:5])
        taken.append(box)
        line = {"arrowstyle": "-", "linewidth": 0.4, "color": "0.5", "shrinkA": 0, "shrinkB": 0}
        axes.annotate(
            name, tuple(to_data.transform(mark)), (x - mark[0], shift), textcoords="offset points",
            ha=align, va="center_baseline", fontsize=NAME, arrowprops=line,
        )  # fmt: skip


def _box(centre: Sequence[float] | np.ndarray, size: Sequence[float]) -> Bbox:
    return Bbox([np.subtract(centre, np.divide(size, 2)), np.add(centre, np.divide(size, 2))])
