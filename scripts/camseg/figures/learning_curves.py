"""Learning curves: one training by itself, and all trainings of a study beside each other."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator

from camseg.figures.drawing import MM, WIDTH, fitting
from camseg.figures.panels import halves
from camseg.figures.style import BLUE, GREEN, STYLE, VERMILLION

# the sides of a split: how their columns of a history begin, and how their curves look
SIDES: dict[str, tuple[str, dict]] = {
    "training": ("", {"color": BLUE, "linestyle": "--", "marker": "o"}),
    "selection": ("selection_", {"color": GREEN, "linestyle": "-.", "marker": "^"}),
    "validation": ("val_", {"color": VERMILLION, "linestyle": "-", "marker": "s"}),
}
KEPT: dict = {"color": "black", "marker": "o", "markersize": 2.5}
SIZE = STYLE["font.size"]
MARKED = 30  # epochs up to which each has its mark
ABREAST = 6  # classifiers beside each other in the overview
PANEL, NARROW = 22, 85  # mm: the height of its panels, its width with one or two of them abreast
# mm: beside panels, of names above, between panels, of numbers and of the legend below them
LEFT, RIGHT, HEAD, GAP, TICKS, FOOT = 21, 2, 7, 3, 5, 12


class Training(NamedTuple):
    """A training: its regime, classifier, history, and the epoch whose weights were kept."""

    regime: str
    model: str
    history: pd.DataFrame
    best_epoch: int


def learning_curve(history: pd.DataFrame, best_epoch: int, name: str) -> Figure:
    """The loss and accuracy of one training, `name`, epoch by epoch; a line at the best epoch.

    `history` has one row per epoch, columns epoch, loss, accuracy, val_loss and val_accuracy, and
    those of the selection ROIs, if there are any: these then chose the epoch. The loss is on a
    logarithmic scale: a single bad epoch must not flatten the others.
    """
    sides = _sides(history)
    style: dict = {"markersize": 3, "clip_on": False}
    style |= {"marker": ""} if len(history) > MARKED else {}
    with mpl.rc_context(STYLE | {"font.size": 11}):  # readable at 85 mm too
        figure = Figure(figsize=(175 * MM, 80 * MM), layout="constrained")
        left, right = figure.subplots(1, 2)
        for axes, quantity in ((left, "loss"), (right, "accuracy")):
            for side in sides:
                prefix, look = SIDES[side]
                values = history[f"{prefix}{quantity}"]
                axes.plot(history["epoch"], values, label=side, **(look | style))
            label = f"{'epoch chosen' if 'selection' in sides else 'best epoch'}, {best_epoch}"
            axes.axvline(best_epoch, color="0.4", linestyle=":", zorder=1, label=label)
            axes.set(xlabel="epoch", ylabel=quantity)
            axes.xaxis.set_major_locator(MaxNLocator(6, integer=True, min_n_ticks=1))
            axes.grid(axis="y", color="0.9")
            axes.set_axisbelow(True)
        low, high = left.dataLim.intervaly
        left.set(yscale="log", ylim=(min(0.9 * low, 0.2), max(1.1 * high, 1)))
        ticks = (1, 2, 5) if high < 1e3 * low else (1,)  # of every power of ten
        left.yaxis.set_major_locator(LogLocator(subs=ticks, numticks=9))
        left.yaxis.set_major_formatter("{x:g}")
        left.yaxis.set_minor_locator(NullLocator())
        right.set_ylim(0, 1)
        figure.suptitle(name, fontsize="medium")
        lines = left.get_legend_handles_labels()
        figure.legend(*lines, loc="outside lower center", ncols=len(sides) + 1, frameon=False)
    return figure


def learning_curves(trainings: Sequence[Training]) -> Figure:
    """The accuracies of all trainings: a column per classifier, a row per regime, a line per split.

    Classifiers and regimes keep their order; of more than ABREAST classifiers the rest stand in
    bands below. A dot is the validation accuracy of the epoch whose weights were kept.
    """
    found: dict[tuple[str, str], list[Training]] = defaultdict(list)
    for training in trainings:
        found[training.regime, training.model].append(training)
    regimes, models = (list(dict.fromkeys(names)) for names in zip(*found, strict=True))
    bands = [models[first : first + ABREAST] for first in range(0, len(models), ABREAST)]
    rows = [
        (number, regime)
        for number, band in enumerate(bands)
        for regime in regimes
        if any((regime, model) in found for model in band)
    ]
    columns = len(bands[0])
    width = WIDTH if columns > 2 else NARROW
    side = (width - LEFT - RIGHT - (columns - 1) * GAP) / columns
    height = len(bands) * (HEAD + TICKS) + len(rows) * (PANEL + GAP) + FOOT
    sides = _sides(trainings[0].history)
    lowest = min(_accuracy(each, side).min() for each in trainings for side in sides)
    last = max(len(each.history) for each in trainings)
    limits: dict = {"xlim": (1, max(last, 2)), "ylim": (min(0.5, np.floor(10 * lowest) / 10), 1)}
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(width * MM, height * MM))

        def write(text: list[str], x: float, y: float, room: float, **style: Any) -> None:
            """Write lines in the middle of a place (x, y), no longer than `room`, all in mm."""
            style |= {"ha": "center", "va": "center", "fontsize": fitting(text, room, SIZE)}
            figure.text(x / width, y / height, "\n".join(text), **style)

        top = height
        for place, (number, regime) in enumerate(rows):
            band = bands[number]
            lefts = {model: LEFT + column * (side + GAP) for column, model in enumerate(band)}
            if place == 0 or rows[place - 1][0] != number:
                top -= HEAD + (TICKS if place else 0)
                for model, left in lefts.items():
                    write([model], left + side / 2, top + HEAD / 2 - 0.2, side)
            write(halves(regime), LEFT - 12.5, top - PANEL / 2, PANEL + GAP, rotation=90)
            shown = [model for model in band if (regime, model) in found]
            later = {regime for other, regime in rows[place + 1 :] if other == number}
            for model in shown:
                box = lefts[model] / width, (top - PANEL) / height, side / width, PANEL / height
                axes = figure.add_axes(box, **limits)
                _panel(axes, found[regime, model], sides)
                lowest_one = not any((other, model) in found for other in later)
                axes.tick_params(labelleft=model == shown[0], labelbottom=lowest_one)
            top -= PANEL + GAP
        write(["accuracy"], 2, (height + FOOT) / 2, height, rotation=90)
        write(["epoch"], (LEFT + width) / 2, FOOT - 1, width)
        signs = [Line2D([], [], label=side, **_line(side)) for side in sides]
        signs.append(Line2D([], [], label="epoch kept", linestyle="none", **KEPT))
        middle: dict = {"bbox_to_anchor": (0.5, 0)}
        middle |= {"loc": "lower center", "bbox_transform": figure.transFigure}
        figure.legend(handles=signs, ncols=4, frameon=False, **middle)
    return figure


def _panel(axes: Axes, trainings: Sequence[Training], sides: Sequence[str]) -> None:
    """Draw the accuracies of one classifier under one regime, on all splits."""
    for training in trainings:
        for side in sides:
            axes.plot(training.history["epoch"], _accuracy(training, side), **_line(side))
        kept = _accuracy(training, "validation").iloc[training.best_epoch - 1]
        axes.plot(training.best_epoch, kept, zorder=3, clip_on=False, **KEPT)
    axes.xaxis.set_major_locator(MaxNLocator(4, integer=True, min_n_ticks=1))
    axes.yaxis.set_major_locator(MaxNLocator(3, steps=[1, 2, 5, 10]))
    axes.grid(axis="y", color="0.9")
    axes.set_axisbelow(True)


def _sides(history: pd.DataFrame) -> list[str]:
    """Return the sides that a history has columns of."""
    return [side for side, (prefix, _) in SIDES.items() if f"{prefix}accuracy" in history]


def _accuracy(training: Training, side: str) -> pd.Series:
    return training.history[f"{SIDES[side][0]}accuracy"]


def _line(side: str) -> dict:
    """Return how a side's curves look where they are too many for marks."""
    return SIDES[side][1] | {"marker": "", "linewidth": 1}
