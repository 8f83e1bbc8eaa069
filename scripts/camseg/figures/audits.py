"""Charts of the audit: where the cells of heat maps look, and what transplants change."""

from collections.abc import Mapping

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure

from camseg.figures.drawing import MM, WIDTH, fitting
from camseg.figures.style import BLUE, STYLE, VERMILLION
from camseg.report.audits import slopes

COLUMNS, EDGE, GAP, HEAD, LINE = 3, 1, 6, 10, 4  # of panels; mm: round them, between, above
SIDE = (WIDTH - 2 * EDGE - (COLUMNS - 1) * GAP) / COLUMNS  # mm, of a panel


def locality(cells: Mapping[str, pd.DataFrame]) -> Figure:
    """Where the cells of every model's maps are drawn, and a line from there to where they look.

    `cells` has the rows of `locality.centres` by model; centres are means over the ROIs.
    """
    columns = min(COLUMNS, len(cells))
    rows = -(-len(cells) // columns)
    width = columns * (SIDE + GAP) - GAP + 2 * EDGE
    entries = min(2, columns)  # of the legend, beside each other
    foot = LINE * (2 / entries + 1)
    height = rows * (SIDE + HEAD) + foot
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(width * MM, height * MM))
        for number, (model, table) in enumerate(cells.items()):
            row, column = divmod(number, columns)
            left, bottom = EDGE + column * (SIDE + GAP), height - (row + 1) * (SIDE + HEAD)
            box = left / width, bottom / height, SIDE / width, SIDE / height
            axes = figure.add_axes(box)
            axes.set(xlim=(0, 1), ylim=(1, 0), xticks=[], yticks=[], facecolor="0.96")
            axes.spines[:].set(visible=True, color="0.6")
            means = table.groupby(["row", "column"]).mean(numeric_only=True)
            for cell in means.itertuples():
                axes.plot(
                    [cell.place_column, cell.centre_column], [cell.place_row, cell.centre_row],
                    color="0.55", linewidth=0.8, zorder=1,
                )  # fmt: skip
            places = axes.plot(
                means["place_column"], means["place_row"], "o", color=BLUE, markersize=5,
                markerfacecolor="white", zorder=2, label="a cell, where it is drawn",
            )  # fmt: skip
            centres = axes.plot(
                means["centre_column"], means["centre_row"], "s", color=VERMILLION, markersize=3,
                zorder=3, label="the middle of what it looks at",
            )  # fmt: skip
            down, across = slopes(table).values()
            lines = [model, f"down {down:.2f}, across {across:.2f}"]
            axes.set_title("\n".join(lines), fontsize=fitting(lines, SIDE, 9))
        style: dict = {"frameon": False, "loc": "center", "ncols": entries, "borderpad": 0}
        figure.legend(handles=[*places, *centres], bbox_to_anchor=(0.5, foot / 2 / height), **style)
    return figure
