"""The paper's figures, byte for byte the same from the same data."""

from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator

from camseg.files import whole_file
from camseg.results import REGIMES

BLUE, VERMILLION = "#0072B2", "#D55E00"  # apart for colour-blind readers (Okabe and Ito)
COLOURS = (BLUE, VERMILLION, "#009E73", "#CC79A7", "#E69F00", "#56B4E9")  # of the same palette
CONTROL_MARKERS = {"swapped": "^", "gaussian": "v", "noise": "D", "blob": "P"}
CONTROL_MARKERS |= {"inverse_cam": "X", "silhouette": "<"}
FLOOR_DASHES = ((1, 1), (4, 2), (8, 2), (4, 2, 1, 2))
STYLE: dict = {"font.size": 8, "svg.hashsalt": "camseg", "axes.spines.top": False}
STYLE |= {"axes.spines.right": False, "svg.fonttype": "none"}


def figure8(
    intervals: pd.DataFrame, extended: pd.DataFrame, published: pd.DataFrame, *, width: float
) -> Figure:
    """Figure 8: Dice and CAM_val_acc of every classifier, in Table II's order; `width` in mm.

    Filled marks, lines and error bars are this study's values and `intervals` (Table II's), hollow
    marks the published values, grey ones the accuracies of controls in `extended` Table II. The
    names are turned where they would overlap.
    """
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(width / 25.4, 80 / 25.4), layout="constrained")
        axes = figure.subplots()
        size = 4 if width > 100 else 2.5  # of marks, in points: intervals must not hide in them
        names = list(extended["Classifier"])
        places = np.arange(len(names))
        paper = published.set_index("Classifier").reindex(names)
        shown: list = []
        for column, colour, marker in (("CAM_val_acc", VERMILLION, "s"), ("Dice", BLUE, "o")):
            ours = intervals[intervals["quantity"] == column].set_index("Classifier").reindex(names)
            style: dict = {"color": colour, "marker": marker, "markersize": size, "clip_on": False}
            ends = [ours["value"] - ours["low"], ours["high"] - ours["value"]]
            shown += [axes.errorbar(
                places, ours["value"], ends, label=column, linewidth=1, elinewidth=0.6,
                capsize=2, capthick=0.6, **style,
            )]  # fmt: skip
            shown += axes.plot(
                places + 0.15, paper[column], label=f"{column}, published", linestyle="none",
                zorder=3, markerfacecolor="white", **style,
            )  # fmt: skip
        controls = [regime for regime in CONTROL_MARKERS if REGIMES[regime] in extended]
        for number, regime in enumerate(controls):  # side by side: they may be equal
            shown += axes.plot(
                places - 0.15 - 0.07 * number, extended[REGIMES[regime]], CONTROL_MARKERS[regime],
                label=regime, color="0.45", markersize=0.9 * size, clip_on=False,
            )  # fmt: skip
        axes.set_xticks(places, names)
        axes.set_xlim(-0.4 - 0.05 * len(controls), len(names) - 0.6)
        axes.set_ylim(0, 1)
        axes.set_ylabel("Dice, accuracy")
        axes.grid(axis="y", color="0.9")
        axes.set_axisbelow(True)
        figure.legend(
            handles=shown, loc="outside upper center", ncols=int(width / 42), frameon=False,
            handlelength=1.5, columnspacing=1.2,
        )  # fmt: skip
        figure.draw_without_rendering()
        boxes = [label.get_window_extent() for label in axes.get_xticklabels()]
        if any(one.x1 + 3 > other.x0 for one, other in pairwise(boxes)):
            axes.tick_params(axis="x", labelrotation=45)
            for label in axes.get_xticklabels():
                label.set(horizontalalignment="right", rotation_mode="anchor")
    return figure


def learning_curve(history: pd.DataFrame, best_epoch: int, name: str) -> Figure:
    """The loss and accuracy of one training, `name`, epoch by epoch; a line at the best epoch.

    `history` has a row an epoch, columns epoch, loss, accuracy, val_loss and val_accuracy. The
    loss is on a logarithmic scale: a single bad epoch must not flatten the others.
    """
    style: dict = {"marker": "o" if len(history) <= 30 else "", "markersize": 3, "clip_on": False}
    with mpl.rc_context(STYLE | {"font.size": 11}):  # readable at 85 mm too
        figure = Figure(figsize=(175 / 25.4, 80 / 25.4), layout="constrained")
        left, right = figure.subplots(1, 2)
        for axes, quantity in ((left, "loss"), (right, "accuracy")):
            axes.plot(history["epoch"], history[quantity], color=BLUE, label="training", **style)
            validation = history[f"val_{quantity}"]
            axes.plot(history["epoch"], validation, color=VERMILLION, label="validation", **style)
            label = f"best epoch, {best_epoch}"
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
        figure.legend(*lines, loc="outside lower center", ncols=3, frameon=False)
    return figure


def save(figure: Figure, paths: Iterable[str | Path]) -> None:
    """Write a figure to each path, in the format that its suffix names, without a date."""
    with mpl.rc_context(STYLE):
        for path in map(Path, paths):
            metadata = {".svg": {"Date": None}, ".png": {"Software": None}}[path.suffix]
            with whole_file(path) as temporary:
                figure.savefig(temporary, dpi=300, metadata=metadata)


def dice_curves(models: dict[str, np.ndarray], floors: dict[str, np.ndarray]) -> Figure:
    """Mean Dice over the threshold t, (256,) by name: networks in colour, floors in grey.

    The legend lists networks by mean-Dice, which is the mean height of a curve, falling.
    """
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(85 / 25.4, 95 / 25.4), layout="constrained")
        axes = figure.subplots()
        for number, (name, curve) in enumerate(floors.items()):
            dashes = (0, FLOOR_DASHES[number % len(FLOOR_DASHES)])
            axes.plot(curve, color="0.45", linestyle=dashes, linewidth=1.2, label=name)
        for number, (name, curve) in enumerate(models.items()):
            colour = COLOURS[number % len(COLOURS)]
            style = ("-", "--", "-.")[number // len(COLOURS) % 3]
            axes.plot(curve, color=colour, linestyle=style, linewidth=1.2, label=name)
        axes.set(xlim=(0, 255), ylim=(0, 1), xlabel="threshold t", ylabel="Dice(mask, map > t)")
        axes.set_xticks([0, 64, 128, 192, 255])
        axes.grid(color="0.9")
        axes.set_axisbelow(True)
        lines = axes.get_lines()
        ranked = sorted(lines[len(floors) :], key=lambda line: -np.asarray(line.get_ydata()).mean())
        small: dict = {"frameon": False, "fontsize": 7, "handlelength": 2.5}
        figure.legend(handles=ranked, loc="outside lower left", **small)
        figure.legend(handles=lines[: len(floors)], loc="outside lower right", **small)
    return figure
