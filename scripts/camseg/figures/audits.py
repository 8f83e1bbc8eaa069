"""Charts of the audit: where the cells of heat maps look, and what transplants change."""

from collections.abc import Mapping

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from camseg.figures.drawing import MM, WIDTH, fitting
from camseg.figures.style import BLUE, STYLE, VERMILLION
from camseg.report.audits import slopes

BARS = {"outline": BLUE, "complement": BLUE, "CAM top": VERMILLION, "CAM bottom": VERMILLION}
HATCHED: dict = {"facecolor": "white", "edgecolor": "0.6", "hatch": "////"}
REFUSED = "blackened: no evidence"
SHOWN = -0.5, 1.5  # of S; what lies beyond is written at the edge
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
        n = max(table["roi_id"].nunique() for table in cells.values())
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
                zorder=3, label=f"where it looks (mean, n = {n})",
            )  # fmt: skip
            down, across = slopes(table).values()
            lines = [model, f"slope down {down:z.2f}, across {across:z.2f}"]
            axes.set_title("\n".join(lines), fontsize=fitting(lines, SIDE, 9))
        style: dict = {"frameon": False, "loc": "center", "ncols": entries, "borderpad": 0}
        style |= {"bbox_to_anchor": (0.5, foot / 2 / height), "bbox_transform": figure.transFigure}
        figure.legend(handles=[*places, *centres], **style)
    return figure


def transplant(table: pd.DataFrame) -> Figure:
    """How much of the margin hangs on each region: bars with intervals, a panel per model.

    `table` is that of `report.transplants.transplant`. Training ROIs are hollow marks.
    """
    models = list(dict.fromkeys(table["Classifier"]))
    of_validation, of_training = (f" (n = {table[n].max()})" for n in ("n", "n_training"))
    columns = min(COLUMNS, len(models))
    rows = -(-len(models) // columns)
    low, high = SHOWN
    with mpl.rc_context(STYLE):
        size = (WIDTH if columns > 1 else 110) * MM, (42 * rows + 20) * MM
        figure = Figure(figsize=size, layout="constrained")
        grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
        for axes in grid.flat[len(models) :]:
            axes.set_axis_off()
        for axes, model in zip(grid.flat, models, strict=False):
            of_model = table[table["Classifier"] == model]
            for place, row in enumerate(of_model.itertuples()):
                refused = row.region.startswith("blackened")
                style: dict = {"color": BARS.get(row.region, "0.6")}
                if refused:
                    style = HATCHED
                axes.barh(place, row.S, 0.7, **style)
                ends = [[row.S - row.low], [row.high - row.S]]
                axes.errorbar(row.S, place, xerr=ends, color="0.1", linewidth=0.8, capsize=2)
                if not low <= row.S <= high:
                    edge, side = (low, "left") if low > row.S else (high, "right")
                    shift = 3 if side == "left" else -3  # points, off the axis
                    text = axes.annotate(
                        f"{row.S:.2f}", (edge, place), (shift, 0), textcoords="offset points",
                        va="center", ha=side,
                    )  # fmt: skip
                    text.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 0.5})
            places = np.arange(len(of_model))
            (training,) = axes.plot(
                of_model["S_training"], places, "D", color="0.1", markersize=3,
                markerfacecolor="white", linestyle="none", label=f"training ROIs{of_training}",
            )  # fmt: skip
            axes.axvline(0, color="0.1", linewidth=0.8)
            axes.set(xlim=SHOWN, title=model, yticks=places, yticklabels=of_model["region"])
            axes.set_ylim(len(of_model) - 0.4, -0.6)
            axes.grid(axis="x", color="0.9")
            axes.set_axisbelow(True)
        for axes in grid[-1]:
            axes.set_xlabel("S, share of the margin lost")
        label = f"validation ROIs{of_validation}, 95 % interval"
        bars = [
            mpl.patches.Patch(facecolor="0.6", label=label),
            mpl.patches.Patch(label=REFUSED, **HATCHED),
        ]
        handles = [bars[0], training, bars[1]]
        style = {"ncols": min(columns, 2), "frameon": False}
        figure.legend(handles=handles, loc="outside upper center", **style)
    return figure
