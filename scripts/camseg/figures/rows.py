"""Scores of several methods as marks in rows: a row per method, a mark per classifier."""

from collections.abc import Mapping, Sequence

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from camseg.figures.drawing import MM, WIDTH
from camseg.figures.labels import axis_of
from camseg.figures.style import STYLE


def rows_of_marks(
    table: pd.DataFrame,
    floors: pd.DataFrame,
    method: str,
    scores: Sequence[str],
    looks: Mapping[str, dict],
) -> Figure:
    """Return a panel per score, a row per method in the order of `table`, a mark per Classifier.

    `method` names the column of the rows' names; Dice has its interval, `low` to `high`; a dashed
    line is the highest of the `floors`, where any has the score. `looks` has the style of each
    classifier's marks, in the order in which they stand.
    """
    methods = list(dict.fromkeys(table[method]))
    models = [model for model in looks if model in set(table["Classifier"])]
    marks = {name: list(rows["Classifier"]) for name, rows in table.groupby(method)}
    edges = np.cumsum([0, *(4 + 2 * len(marks[name]) for name in methods)])  # of the rows, mm
    places = {}
    for name, top, bottom in zip(methods, edges, edges[1:], strict=False):
        for number, model in enumerate(filter(marks[name].__contains__, models)):
            share = 0.1 + 0.8 * (number + 0.5) / len(marks[name])
            places[name, model] = top + share * (bottom - top)
    with mpl.rc_context(STYLE):
        height = 24 + 5 * -(-len(models) // 3) + edges[-1]
        figure = Figure(figsize=(WIDTH * MM, height * MM), layout="constrained")
        grid = figure.subplots(1, len(scores), sharey=True)
        for axes, score in zip(grid, scores, strict=True):
            for model in models:
                rows = table[table["Classifier"] == model]
                heights = [places[name, model] for name in rows[method]]
                style: dict = {"markersize": 4, "linestyle": "none", "label": model}
                style |= looks[model]
                if score == "Dice":
                    ends = [rows["Dice"] - rows["low"], rows["high"] - rows["Dice"]]
                    axes.errorbar(rows["Dice"], heights, xerr=ends, linewidth=0.8, **style)
                else:
                    axes.plot(rows[score], heights, **style)
            if floors[score].notna().any():
                axes.axvline(
                    floors[score].max(), color="0.45", linestyle="--", linewidth=1, zorder=0,
                    label="highest floor",
                )  # fmt: skip
            axes.set_xlabel(axis_of(score, table["n"]))
            axes.grid(axis="x", color="0.9")
            axes.set_axisbelow(True)
            for edge in edges[1:-1]:
                axes.axhline(edge, color="0.8", linewidth=0.6)
        grid[0].set_yticks((edges[:-1] + edges[1:]) / 2, methods)
        grid[0].set_ylim(edges[-1], 0)
        lines = grid[1].get_legend_handles_labels()
        figure.legend(*lines, loc="outside lower center", ncols=3, frameon=False)
    return figure
