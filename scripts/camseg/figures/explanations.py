"""The chart of what the maps of several methods of explanation score."""

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure

from camseg.figures.drawing import MM, WIDTH
from camseg.figures.style import COLOURS, STYLE
from camseg.report.explanations import FLOOR

MARKERS = "osD^vP"
SCORES = ("Dice", "placement", "pixel_AUC")


def explanations(table: pd.DataFrame) -> Figure:
    """What the maps of several methods score: a row per method, a mark per classifier.

    `table` is that of `report.explanations.explanations`. Dice has its interval; a dashed line is
    the highest floor.
    """
    of_networks = table[table["explanation"] != FLOOR]
    floors = table[table["explanation"] == FLOOR]
    methods = list(dict.fromkeys(of_networks["explanation"]))
    models = list(dict.fromkeys(of_networks["Classifier"]))
    with mpl.rc_context(STYLE):
        height = 24 + 5 * -(-len(models) // 3) + len(methods) * (4 + 2 * len(models))
        figure = Figure(figsize=(WIDTH * MM, height * MM), layout="constrained")
        grid = figure.subplots(1, len(SCORES), sharey=True)
        for axes, score in zip(grid, SCORES, strict=True):
            for number, model in enumerate(models):
                rows = of_networks[of_networks["Classifier"] == model]
                shift = 0.8 * ((number + 0.5) / len(models) - 0.5)
                places = rows["explanation"].map(methods.index) + shift
                colour = COLOURS[number % len(COLOURS)]
                style: dict = {"color": colour, "marker": MARKERS[number % len(MARKERS)]}
                style |= {"markersize": 4, "linestyle": "none", "label": model}
                if score == "Dice":
                    ends = [rows["Dice"] - rows["low"], rows["high"] - rows["Dice"]]
                    axes.errorbar(rows["Dice"], places, xerr=ends, linewidth=0.8, **style)
                else:
                    axes.plot(rows[score], places, **style)
            axes.axvline(
                floors[score].max(), color="0.45", linestyle="--", linewidth=1, zorder=0,
                label="highest floor",
            )  # fmt: skip
            axes.set_xlabel(score)
            axes.grid(axis="x", color="0.9")
            axes.set_axisbelow(True)
            for edge in range(1, len(methods)):
                axes.axhline(edge - 0.5, color="0.8", linewidth=0.6)
        grid[0].set_yticks(range(len(methods)), methods)
        grid[0].set_ylim(len(methods) - 0.5, -0.5)
        lines = grid[1].get_legend_handles_labels()
        figure.legend(*lines, loc="outside lower center", ncols=3, frameon=False)
    return figure
