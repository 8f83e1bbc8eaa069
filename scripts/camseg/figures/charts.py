"""The paper's figures, byte for byte the same from the same data."""

from itertools import pairwise

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator

from camseg.figures.style import BLUE, COLOURS, GREEN, STYLE, VERMILLION
from camseg.training.registry import REGIMES

FLOOR_DASHES = ((1, 1), (4, 2), (8, 2), (4, 2, 1, 2), (1, 3))


def figure8(
    intervals: pd.DataFrame,
    extended: pd.DataFrame,
    published: pd.DataFrame,
    *,
    width: float,
    boxes: bool = False,
) -> Figure:
    """Figure 8: Dice and CAM_val_acc of every classifier, in Table II's order; `width` in mm.

    Filled marks, lines and error bars are this study's values and `intervals` (Table II's), hollow
    marks the published values, grey ones the accuracies of controls in `extended` Table II. The
    names are turned where they would overlap. The axis says if `boxes` stand for outlines.
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
        controls = {
            name: regime
            for name, regime in REGIMES.items()
            if regime.marker and regime.column in extended
        }
        step = min(0.07, 0.5 / max(len(controls), 1))
        for number, (name, regime) in enumerate(controls.items()):  # side by side: may be equal
            shown += axes.plot(
                places - 0.15 - step * number, extended[regime.column], regime.marker,
                label=name, color="0.45", markersize=0.9 * size, clip_on=False,
            )  # fmt: skip
        axes.set_xticks(places, names)
        axes.set_xlim(-0.4 - min(0.05 * len(controls), 0.4), len(names) - 0.6)
        axes.set_ylim(0, 1)
        axes.set_ylabel("Dice with boxes, accuracy" if boxes else "Dice, accuracy")
        axes.grid(axis="y", color="0.9")
        axes.set_axisbelow(True)
        figure.legend(
            handles=shown, loc="outside upper center", ncols=int(width / 42), frameon=False,
            handlelength=1.5, columnspacing=1.2,
        )  # fmt: skip
        figure.draw_without_rendering()
        extents = [label.get_window_extent() for label in axes.get_xticklabels()]
        if any(one.x1 + 3 > other.x0 for one, other in pairwise(extents)):
            axes.tick_params(axis="x", labelrotation=45)
            for label in axes.get_xticklabels():
                label.set(horizontalalignment="right", rotation_mode="anchor")
    return figure


def learning_curve(history: pd.DataFrame, best_epoch: int, name: str) -> Figure:
    """The loss and accuracy of one training, `name`, epoch by epoch; a line at the best epoch.

    `history` has one row per epoch, columns epoch, loss, accuracy, val_loss and val_accuracy, and
    those of the selection ROIs, if there are any: these then chose the epoch. The loss is on a
    logarithmic scale: a single bad epoch must not flatten the others.
    """
    selected = "selection_loss" in history
    sides = [("training", "", BLUE)]
    sides += [("selection", "selection_", GREEN)] if selected else []
    sides += [("validation", "val_", VERMILLION)]
    style: dict = {"marker": "o" if len(history) <= 30 else "", "markersize": 3, "clip_on": False}
    with mpl.rc_context(STYLE | {"font.size": 11}):  # readable at 85 mm too
        figure = Figure(figsize=(175 / 25.4, 80 / 25.4), layout="constrained")
        left, right = figure.subplots(1, 2)
        for axes, quantity in ((left, "loss"), (right, "accuracy")):
            for side, prefix, colour in sides:
                values = history[f"{prefix}{quantity}"]
                axes.plot(history["epoch"], values, color=colour, label=side, **style)
            label = f"{'epoch chosen' if selected else 'best epoch'}, {best_epoch}"
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


def where_time_goes(table: pd.DataFrame) -> Figure:
    """Draw the wall and CPU time of every stage of `summarise`'s table."""
    stages = table.iloc[:-1]  # the last row is their total
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
