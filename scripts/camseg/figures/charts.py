"""The paper's figures, byte for byte the same from the same data."""

from itertools import pairwise

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from camseg.figures.labels import counted
from camseg.figures.style import BLUE, STYLE, VERMILLION, looks
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
    """Figure 8: Dice and CAM_val_acc of every classifier; `width` in mm.

    Classifiers stand in the order of `extended` Table II. Filled marks and error bars are this
    study's values and `intervals` (Table II's), hollow marks the published values, grey ones the
    accuracies of controls. The names are turned where they would overlap. The axis says if `boxes`
    stand for outlines.
    """
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(width / 25.4, 80 / 25.4), layout="constrained")
        axes = figure.subplots()
        size = 4 if width > 100 else 2.5  # of marks, in points: intervals must not hide in them
        names = list(extended["Classifier"])
        places = np.arange(len(names))
        paper = published.set_index("Classifier").reindex(names)
        ours_shown, published_shown, controls_shown = [], [], []
        for column, colour, marker in (("CAM_val_acc", VERMILLION, "s"), ("Dice", BLUE, "o")):
            ours = intervals[intervals["quantity"] == column].set_index("Classifier").reindex(names)
            style: dict = {"color": colour, "marker": marker, "markersize": size, "clip_on": False}
            ends = [ours["value"] - ours["low"], ours["high"] - ours["value"]]
            ours_shown += [axes.errorbar(
                places, ours["value"], ends, label=f"{column} ({counted(ours['n'])})",
                linestyle="none", elinewidth=0.8, capsize=2, capthick=0.8, **style,
            )]  # fmt: skip
            published_shown += axes.plot(
                places + 0.15, paper[column], label=f"{column}, paper (DDSM)",
                linestyle="none", zorder=3, markerfacecolor="white", **style,
            )  # fmt: skip
        controls = {
            name: regime
            for name, regime in REGIMES.items()
            if regime.marker and regime.column in extended
        }
        step = min(0.07, 0.5 / max(len(controls), 1))
        for number, (name, regime) in enumerate(controls.items()):  # side by side: may be equal
            controls_shown += axes.plot(
                places - 0.15 - step * number, extended[regime.column], regime.marker,
                label=name, color="0.45", markersize=0.9 * size, clip_on=False,
            )  # fmt: skip
        axes.set_xticks(places, names)
        axes.set_xlim(-0.4 - min(0.05 * len(controls), 0.4), len(names) - 0.6)
        axes.set_ylim(0, 1)
        quantities = "Dice with boxes, accuracy" if boxes else "Dice, accuracy"
        axes.set_ylabel(f"{quantities}\n(bars: 95 % interval)")
        axes.grid(axis="y", color="0.9")
        axes.set_axisbelow(True)
        figure.legend(
            handles=[*ours_shown, *published_shown, *controls_shown], ncols=int(width / 42),
            loc="outside upper center", frameon=False, handlelength=1, columnspacing=1,
            handletextpad=0.4,
        )  # fmt: skip
        figure.draw_without_rendering()
        extents = [label.get_window_extent() for label in axes.get_xticklabels()]
        if any(one.x1 + 3 > other.x0 for one, other in pairwise(extents)):
            axes.tick_params(axis="x", labelrotation=45)
            for label in axes.get_xticklabels():
                label.set(horizontalalignment="right", rotation_mode="anchor")
    return figure


def dice_curves(models: dict[str, np.ndarray], floors: dict[str, np.ndarray], n: int) -> Figure:
    """Mean Dice over the threshold t, (256,) by name: networks in colour, floors in grey.

    `n` abnormal ROIs are behind a mean.
    """
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(85 / 25.4, 95 / 25.4), layout="constrained")
        axes = figure.subplots()
        for number, (name, curve) in enumerate(floors.items()):
            dashes = (0, FLOOR_DASHES[number % len(FLOOR_DASHES)])
            axes.plot(curve, color="0.45", linestyle=dashes, linewidth=1.2, label=name)
        for number, (name, curve) in enumerate(models.items()):
            places = slice(12 + 44 * number // len(models), None, 44)  # marks beside each other
            style: dict = {"markevery": places, "markersize": 4, "linewidth": 1.2, "label": name}
            axes.plot(curve, **style | looks(list(models))[name])
        axes.set(xlim=(0, 255), ylim=(0, 1), ylabel="mean Dice(mask, map > t)")
        axes.set_xlabel(f"threshold t, grey levels (n = {n} lesions)")
        axes.set_xticks([0, 64, 128, 192, 255])
        axes.grid(color="0.9")
        axes.set_axisbelow(True)
        lines = axes.get_lines()
        small: dict = {"frameon": False, "handlelength": 2.2, "borderaxespad": 0.2}
        figure.legend(handles=lines[len(floors) :], loc="outside lower left", **small)
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
