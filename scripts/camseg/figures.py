"""The paper's figures, byte for byte the same from the same data."""

from collections.abc import Iterable
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from camseg.files import whole_file

BLUE, VERMILLION = "#0072B2", "#D55E00"  # apart for colour-blind readers (Okabe and Ito)
COLOURS = (BLUE, VERMILLION, "#009E73", "#CC79A7", "#E69F00", "#56B4E9")  # of the same palette
FLOOR_DASHES = ((1, 1), (4, 2), (8, 2), (4, 2, 1, 2))
STYLE = {"font.size": 8, "svg.hashsalt": "camseg", "axes.spines.top": False}
STYLE |= {"axes.spines.right": False, "svg.fonttype": "none"}


def figure8(table2: pd.DataFrame, published: pd.DataFrame) -> Figure:
    """Figure 8: Dice and CAM_val_acc of every classifier, in Table II's order.

    Filled marks and lines are this study's values, hollow marks the published ones.
    """
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(175 / 25.4, 80 / 25.4), layout="constrained")
        axes = figure.subplots()
        names = list(table2["Classifier"])
        paper = published.set_index("Classifier").reindex(names)
        for column, colour, marker in (
            ("CAM_val_acc", VERMILLION, "s"),
            ("Dice", BLUE, "o"),
        ):
            style = {"color": colour, "marker": marker, "clip_on": False}
            axes.plot(names, table2[column], label=column, **style)
            axes.plot(
                names,
                paper[column],
                label=f"{column}, published",
                linestyle="none",
                zorder=3,
                markerfacecolor="none",
                **style,
            )
        axes.set_ylim(0, 1)
        axes.set_ylabel("Dice, accuracy")
        axes.grid(axis="y", color="0.9")
        axes.set_axisbelow(True)
        figure.legend(loc="outside upper center", ncols=4, frameon=False)
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
            style = {"color": COLOURS[number % len(COLOURS)]}
            style["linestyle"] = ("-", "--", "-.")[number // len(COLOURS) % 3]
            axes.plot(curve, label=name, linewidth=1.2, **style)
        axes.set(xlim=(0, 255), ylim=(0, 1), xlabel="threshold t", ylabel="Dice(mask, map > t)")
        axes.set_xticks([0, 64, 128, 192, 255])
        axes.grid(color="0.9")
        axes.set_axisbelow(True)
        lines = axes.get_lines()
        ranked = sorted(lines[len(floors) :], key=lambda line: -line.get_ydata().mean())
        style = {"frameon": False, "fontsize": 7, "handlelength": 2.5}
        figure.legend(handles=ranked, loc="outside lower left", **style)
        figure.legend(handles=lines[: len(floors)], loc="outside lower right", **style)
    return figure
