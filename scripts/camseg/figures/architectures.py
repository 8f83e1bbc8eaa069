"""The chart of what goes with a good map: scores of maps over the size and accuracy of networks."""

from collections.abc import Mapping, Sequence
from itertools import product

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import EngFormatter, LogLocator, MaxNLocator, NullLocator
from matplotlib.transforms import Bbox

from camseg.figures.drawing import MM, WIDTH, fitting
from camseg.figures.labels import axis_of
from camseg.figures.style import COLOURS, STYLE, looks
from camseg.report.architectures import QUALITIES

MARKERS = "osD^vP*X<>"
MARK, NUMBER, KEY = 3.5, 8, 8  # points: of marks, of their numbers, of the list of classifiers
LISTED = 40  # mm that a name in the list may take
STEPS = [1, 2, 5, 10]  # between ticks, times a power of ten; as many in any panel
DIGIT = np.array([0.62 * NUMBER, NUMBER])  # points: width and height
# where a number may stand beside its mark: points off it, of one digit, nearest first
DIRECTIONS = [(1, 0), (-1, 0), (0, 1), (0, -1), (0.7, 0.7), (-0.7, 0.7), (0.7, -0.7), (-0.7, -0.7)]
PLACES = [np.multiply(reach, way) for reach in (5, 8, 11, 14, 18, 22) for way in DIRECTIONS]
PANELS = list(product(QUALITIES, ("parameters", "val_acc")))


def architectures(
    classifiers: pd.DataFrame, floors: Mapping[str, float], models: Sequence[str]
) -> Figure:
    """The QUALITIES of every classifier's maps over its parameters and over its accuracy.

    `classifiers` and `floors` are of `report.architectures.read`, `models` are those of the study.
    Numbers are the places in `classifiers`, by falling Dice; Dice has its interval; a dashed line
    is the highest floor. Markers are heads if there are several, else the maps' grids; colours are
    networks if some share one, else classifiers if the colours suffice, as in other charts.
    """
    kind = "head" if len(set(classifiers["head"])) > 1 else "grid"
    shared = classifiers["network"].duplicated().any()
    colour = "network" if shared else "Classifier" if len(models) <= len(COLOURS) else kind
    marker_of, colour_of = (
        {value: signs[number % len(signs)] for number, value in enumerate(sorted(set(values)))}
        for signs, values in ((MARKERS, classifiers[kind]), (COLOURS, classifiers[colour]))
    )
    if colour == "Classifier":
        colour_of = {name: look["color"] for name, look in looks(models).items()}
    styles: list[dict] = [
        {"marker": marker_of[row[kind]], "color": colour_of[row[colour]], "linestyle": "none"}
        for row in classifiers.to_dict("records")
    ]
    keys = [f"{number} {name}" for number, name in enumerate(classifiers["Classifier"], 1)]
    with mpl.rc_context(STYLE):
        height = max(165, 30 + 4 * len(classifiers))
        figure = Figure(figsize=(WIDTH * MM, height * MM), layout="constrained")
        shape: dict = {"sharex": "col", "sharey": "row", "height_ratios": (3, 2, 2)}
        grid = figure.subplots(len(QUALITIES), 2, **shape)
        for axes, (quality, x) in zip(grid.flat, PANELS, strict=True):
            for row, style in zip(classifiers.to_dict("records"), styles, strict=True):
                axes.plot(row[x], row[quality], markersize=MARK, **style)
                if quality == "Dice":
                    ends = row["low"], row["high"]
                    axes.vlines(row[x], *ends, color=style["color"], linewidth=0.6)
            if quality in floors:
                axes.axhline(floors[quality], color="0.45", linestyle="--", linewidth=1, zorder=0)
            axes.grid(color="0.92")
            axes.set_axisbelow(True)
        for axes, quality in zip(grid[:, 0], QUALITIES, strict=True):
            axes.set_ylabel(axis_of(quality, classifiers["n"]))
            axes.yaxis.set_major_locator(MaxNLocator(6, steps=STEPS))
        left, right = grid[-1]
        left.set(xscale="log", xlabel="parameters of the network")
        low, high = classifiers["parameters"].min(), classifiers["parameters"].max()
        left.set_xlim(low / 1.6, high * 1.6)  # 1, 2 or 5 times a power of ten is between
        left.xaxis.set_major_locator(LogLocator(subs=(1, 3) if high > 10 * low else (1, 2, 5)))
        left.xaxis.set_major_formatter(EngFormatter(sep=" "))
        left.xaxis.set_minor_locator(NullLocator())
        right.set_xlabel("val_acc, validation accuracy")
        right.xaxis.set_major_locator(MaxNLocator(5, steps=STEPS))
        marks = [Line2D([], [], markersize=MARK, **style) for style in styles]
        figure.legend(
            marks, keys, loc="outside right upper", title="by falling Dice", frameon=False,
            fontsize=fitting(keys, LISTED, KEY), title_fontsize=KEY, handletextpad=0.2,
        )  # fmt: skip
        signs = [_sign(value, marker=marker_of[value]) for value in marker_of]
        if shared and colour != kind:
            signs += [_sign(value, marker="s", color=colour_of[value]) for value in colour_of]
        signs.append(Line2D([], [], color="0.45", linestyle="--", label="highest floor"))
        figure.legend(handles=signs, loc="outside lower center", ncols=4, frameon=False)
        figure.draw_without_rendering()
        figure.set_layout_engine("none")  # numbers must stay where they are put
        for axes, (quality, x) in zip(grid.flat, PANELS, strict=True):
            _number(axes, classifiers[[x, quality]].to_numpy(float))
    return figure


def _sign(label: str, marker: str, color: str = "0.3") -> Line2D:
    style: dict = {"color": color, "marker": marker, "markersize": MARK, "linestyle": "none"}
    return Line2D([], [], label=label, **style)


def _number(axes: Axes, marks: np.ndarray) -> None:
    """Write each mark's number, from 1, beside it: where it covers no mark and no other number.

    `marks` (n, 2) are places in the panel's coordinates. Where all of PLACES are taken, the one is
    chosen that covers least.
    """
    scale = 72 / axes.figure.dpi  # points a pixel
    centres = axes.transData.transform(marks) * scale
    inside = Bbox(axes.get_window_extent().get_points() * scale)
    taken = [_box(centre, np.array([MARK, MARK])) for centre in centres]
    for number, (mark, centre) in enumerate(zip(marks, centres, strict=True), 1):
        if not np.isfinite(mark).all():
            continue
        digits = len(str(number))
        shifts = [place + np.sign(place) * (digits - 1) * DIGIT * (0.5, 0) for place in PLACES]
        boxes = [_box(centre + shift, DIGIT * (digits, 1)) for shift in shifts]
        outside = [not all(inside.contains(*corner) for corner in box.corners()) for box in boxes]
        cost = [(out, box.count_overlaps(taken)) for out, box in zip(outside, boxes, strict=True)]
        best = cost.index(min(cost))
        taken.append(boxes[best])
        far = best >= len(DIRECTIONS)
        line = {"arrowstyle": "-", "linewidth": 0.4, "color": "0.5", "shrinkA": 0, "shrinkB": 0}
        axes.annotate(
            str(number), mark, shifts[best], textcoords="offset points", ha="center",
            va="center_baseline", fontsize=NUMBER, arrowprops=line if far else None,
        )  # fmt: skip


def _box(centre: np.ndarray, size: np.ndarray) -> Bbox:
    return Bbox([centre - size / 2, centre + size / 2])
