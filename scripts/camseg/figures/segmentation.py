"""What methods of segmentation score, how many outlines a CAM is worth, and what they draw."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import wrap

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.textpath import TextPath
from matplotlib.ticker import NullLocator

from camseg.figures.drawing import MM, TYPE, WIDTH, outline, spread
from camseg.figures.maps import by_size, normal_partner
from camseg.figures.panels import COLOURS, foot, head, lay_out, show
from camseg.figures.rows import rows_of_marks
from camseg.figures.style import STYLE, looks
from camseg.io import store
from camseg.io.store import Rois
from camseg.report.segmentation import AT_THRESHOLD, FEW, MEAN_MASK, curve, named
from camseg.scoring.dice import dice_curve
from camseg.segmentation.pseudo_masks import pseudo_masks
from camseg.segmentation.registry import CAM, METHODS, parts

NO_CAM = "no CAM"  # how a figure calls the classifier of a method that takes none
SCORES = ("Dice", "Dice_at_threshold", "false_positive_share")
# of the picture of outlines: its scores with the ends of their intervals, and how an axis says it
PANELS = {
    ("Dice", "low", "high"): "mean-Dice",
    ("Dice_at_threshold", *AT_THRESHOLD): "Dice at the chosen threshold",
}
PSEUDO = METHODS["pseudo_masks"].title
ROW = 76  # mm, the height of its panels
LEFT, BELOW, BETWEEN, LEGEND = 21, 18, 4, 8  # mm beside, below, between and above them
CURVE = 0.84  # share of a panel's width where the curve ends: right of it are the lines' intervals
NAMES, STEP, GAP = 10, 12, 5  # points: of the lines' names, from one to the next, beside a panel
SHOWN = 3  # abnormal ROIs
MOST = 9  # methods from which on they are too many beside each other
LEAST = {1: 3, 2: 7}  # panels beside a ROI, by the number of bands: larger ones leave the page
LETTERS = 12  # of a line above a panel, so that its type is not small where panels are narrow
OF_MAP = "#FF6FB5"  # the outline that a method draws: apart from white and from the map's colours


def segmentation(table: pd.DataFrame, models: Sequence[str]) -> Figure:
    """What every method scores: a row per method, a mark per classifier whose CAMs it takes.

    `table` is that of `report.segmentation.segmentation`, `models` are those of the study. Dice has
    its interval; a dashed line is the highest floor.
    """
    of_floors = table["method"].isin([MEAN_MASK, FEW]) | (table["data"] == "none")
    rows = table[~of_floors]
    rows = rows.assign(
        method=[label(row.method, row.data) for row in rows.itertuples()],
        Classifier=rows["Classifier"].replace("", NO_CAM),
    )
    marks = {NO_CAM: {"color": "black", "marker": "X"}} | looks(models)
    return rows_of_marks(rows, table[of_floors], "method", SCORES, marks)


def label(method: str, data: str) -> str:
    """Return how a figure names a method, which for a plain U-Net says its data."""
    return f"{method}, {data}" if method == METHODS["unet"].title else method


def outlines(table: pd.DataFrame, models: Sequence[str]) -> Figure:
    """How many outlines a CAM is worth: Dice over the outlines that a U-Net was trained on.

    Arguments as of `segmentation`. Lines across are the CAMs, the U-Nets on
    pseudo-masks and the mean training mask, whose intervals stand where the lines end; a mark is
    the floor of a few outlines.
    """
    with mpl.rc_context(STYLE | {"font.size": 11}):  # readable at 85 mm too
        height = LEGEND + len(PANELS) * (ROW + BETWEEN) + BELOW
        figure = Figure(figsize=(WIDTH * MM, height * MM))
        lines = _lines(table, looks(models))
        widest = max((_width(line["name"]) for line in lines), default=0)
        width = WIDTH - LEFT - widest - GAP / 72 / MM - 4
        for number, ((score, *ends), title) in enumerate(PANELS.items()):
            bottom = height - LEGEND - (number + 1) * (ROW + BETWEEN) + BETWEEN
            axes = figure.add_axes((LEFT / WIDTH, bottom / height, width / WIDTH, ROW / height))
            shown = _over_outlines(axes, table, [score, *ends])
            _across(axes, lines, [score, *ends])
            values = [*shown, *(line["row"][end] for line in lines for end in (score, *ends))]
            low, high = min(values), max(values)
            margin = 0.05 * (high - low) or 0.1
            axes.set(ylabel=title, ylim=(max(low - margin, 0), min(high + margin, 1)))
            axes.grid(color="0.93")
            axes.set_axisbelow(True)
            if number < len(PANELS) - 1:
                axes.tick_params(labelbottom=False)
            _name(axes, lines, score)
        marks = axes.get_legend_handles_labels()
        figure.legend(*marks, loc="upper left", ncols=2, frameon=False, fontsize=NAMES)
        n = int(table["n"].iloc[0])
        axes.set_xlabel(f"outlines that the U-Net learned from (bars: 95 %, n = {n} lesions)")
    return figure


def _lines(table: pd.DataFrame, marks: Mapping[str, dict]) -> list[dict]:
    """Return the lines across: what they are of, how they are named and drawn, by falling Dice."""
    lines = []
    for _, row in table.iterrows():
        if row["method"] in ("CAM", PSEUDO):
            of_cam = row["method"] == "CAM"
            name = f"{'CAM' if of_cam else 'pseudo-masks'}, {row['Classifier']}"
            style = {"color": marks[row["Classifier"]]["color"]}
            lines.append({"name": name, "style": style | {"linestyle": "-" if of_cam else "--"}})
        elif row["method"] == MEAN_MASK:
            lines.append({"name": MEAN_MASK, "style": {"color": "0.45", "linestyle": ":"}})
        else:
            continue
        lines[-1]["row"] = row
    return lines


def _width(name: str) -> float:
    """Return the width of a line's name in mm."""
    return TextPath((0, 0), name, size=NAMES).get_extents().width / 72 / MM


def _over_outlines(axes: Axes, table: pd.DataFrame, columns: Sequence[str]) -> list[float]:
    """Draw the U-Net's curve and the floor of a few outlines; return the values that are shown."""
    found, few = curve(table), table[table["method"] == FEW]
    score, low, high = columns
    numbers = sorted({*found["outlines"], *few["outlines"]})
    styles: list[tuple[pd.DataFrame, dict]] = [
        (found, {"color": "black", "marker": "o", "label": METHODS["unet"].title}),
        (few, {"color": "black", "marker": "D", "linestyle": "none", "mfc": "white"}),
    ]
    for rows, style in styles:
        ends = [rows[score] - rows[low], rows[high] - rows[score]]
        # the floor beside the curve's point of as many outlines
        places = rows["outlines"] * (1.05 if rows is few else 1.0)
        style = {"label": f"{FEW}, pixel regression", "elinewidth": 0.8} | style
        axes.errorbar(places, rows[score], ends, markersize=5, capsize=2, **style)
    first, last = np.log([numbers[0], max(numbers[-1], 1.5 * numbers[0])])
    per_share = (last - first) / (CURVE - 0.05)
    ends_of_axis = np.exp([first - 0.05 * per_share, last + (1 - CURVE) * per_share])
    axes.set(xscale="log", xlim=ends_of_axis)
    most = found["outlines"][found["data"] == "all outlines"].max()
    names = [f"{number}\n(all)" if number == most else f"{number}" for number in numbers]
    axes.set_xticks(numbers, names)
    axes.xaxis.set_minor_locator(NullLocator())
    return [*found[list(columns)].to_numpy().flat, *few[list(columns)].to_numpy().flat]


def _across(axes: Axes, lines: Sequence[dict], columns: Sequence[str]) -> None:
    """Draw lines across a panel, and their intervals side by side where they end."""
    places = np.linspace(CURVE + 0.03, 0.98, max(len(lines), 2))
    for line, place in zip(lines, places, strict=False):
        score, low, high = line["row"][list(columns)]
        axes.axhline(score, linewidth=1.3, zorder=1, **line["style"])
        style = {"transform": axes.get_yaxis_transform(), "color": line["style"]["color"]}
        axes.plot([place, place], [low, high], linewidth=1, **style)
        axes.plot([place], [score], "s", markersize=3.5, **style)


def _name(axes: Axes, lines: Sequence[dict], score: str) -> None:
    """Write the names of lines right of a panel, near their heights but apart."""
    ranked = sorted(lines, key=lambda line: line["row"][score])
    height = 72 * ROW * MM  # points
    low, high = axes.get_ylim()
    heights = np.array([(line["row"][score] - low) / (high - low) for line in ranked]) * height
    steps = STEP * np.arange(len(heights))
    # the nearest places between the panel's ends
    placed = np.clip(spread(heights, STEP) - steps, 0, max(height - steps[-1], 0)) + steps
    for line, place, at in zip(ranked, placed, heights, strict=True):
        style = {"color": line["style"]["color"], "fontsize": NAMES, "va": "center"}
        link = {"arrowstyle": "-", "linewidth": 0.5, "color": "0.6", "shrinkA": 1, "shrinkB": 0}
        link |= {"relpos": (0, 0.5), "patchA": None}  # from the middle of the name's left edge
        axes.annotate(
            line["name"], (1, at / height), (GAP, place - at), xycoords="axes fraction",
            textcoords="offset points", annotation_clip=False, **style,
            arrowprops=link,
        )  # fmt: skip


@dataclass(frozen=True)
class Column:
    """A method's maps of the ROIs shown, (n, S, S) uint8; what is above `threshold` is lesion."""

    name: str
    maps: np.ndarray
    threshold: float
    texts: list[str]  # above each map


def choose_rois(rois: Rois, scores: pd.DataFrame) -> Rois:
    """Return the ROIs that are shown, of the first run of `scores`: validation ROIs all.

    SHOWN abnormal ones from small to large lesions, as `maps.by_size` takes them, and, if there
    are any, the normal one that is the partner of the last of them (`maps.normal_partner`).
    """
    of_run = scores[scores["split"] == scores["split"].iloc[0]]
    ids = {name: of_run["roi_id"][of_run["label"] == name] for name in ("abnormal", "normal")}
    abnormal, normal = (rois.take(np.isin(rois.roi_id, list(ids[name]))) for name in ids)
    chosen = list(abnormal.roi_id[by_size(abnormal, SHOWN)])
    if len(normal):
        chosen.append(normal_partner(chosen[-1], normal))
    return rois.take(np.array([list(rois.roi_id).index(name) for name in chosen]))


def read_columns(
    segmenters: Sequence[str], paths: Sequence[str | Path], scores: pd.DataFrame, rois: Rois
) -> list[Column]:
    """Return what each segmenter makes of `rois`, and after a CAM the mask that is made of it.

    `paths` has the file of maps of each, of a classifier's CAMs that of compute_cams.py; `scores`
    as of `report.segmentation.read_scores`, of which the first run is shown. Errors as of
    `store.read_cams` and `store.read_maps`.
    """
    of_run = scores[scores["split"] == scores["split"].iloc[0]]
    columns = []
    for name, path in zip(segmenters, paths, strict=True):
        rows = of_run[of_run["name"] == name].set_index("roi_id")
        what = named(name, rows)
        rows = rows.loc[list(rois.roi_id)]
        of_cam = parts(name)[0] == CAM
        maps = (store.read_cams(path, rois.roi_id).cam if of_cam
                else store.read_maps(path, rois.roi_id).map)  # fmt: skip
        texts = _texts(rois, rows["dice"].tolist(), rows["false_positive_share"].tolist())
        title = label(what["method"], what["data"])
        columns.append(Column(title, np.asarray(maps), rows["threshold"].iloc[0], texts))
        if of_cam:
            masks = 255 * pseudo_masks(np.asarray(maps))
            dice = dice_curve(masks, rois.mask)[:, 0]
            texts = _texts(rois, dice.tolist(), (masks > 0).mean(axis=(1, 2)).tolist())
            columns.append(Column("pseudo-mask", masks, 127, texts))
    return columns


def _texts(rois: Rois, dice: Sequence[float], false: Sequence[float]) -> list[str]:
    return [
        f"Dice {of_lesion:.3f}" if abnormal else f"FP {share:.3f}"
        for abnormal, of_lesion, share in zip(rois.label, dice, false, strict=True)
    ]


def segmentation_rois(rois: Rois, columns: Sequence[Column], classifier: str) -> Figure:
    """ROIs, a row each, and what every method makes of them, in two bands from MOST methods on.

    A white line is the lesion's outline, another one what is above the method's threshold.
    `classifier` is whose CAMs they are.
    """
    bands = 1 if len(columns) < MOST else 2
    each = max(-(-len(columns) // bands), LEAST[bands])
    names = [wrap(column.name, LETTERS, break_on_hyphens=False) for column in columns]
    of_bands = [names[band * each :][:each] for band in range(bands)]
    with mpl.rc_context(TYPE):
        below = [1] * (len(rois) - 1)
        rows = [lines for own in of_bands for lines in (1 + max(map(len, own)), *below)]
        figure, grid = lay_out(rows, 1 + each)
        for band in range(bands):
            for roi in range(len(rois)):
                left, *others = grid[band * len(rois) + roi]
                show(left, rois.image[roi])
                _outline(left, rois.mask[roi], "white", 1.2)
                head(left, rois.roi_id[roi].split(".", 1)[0] if rois.label[roi] else "normal")
                places = range(band * each, min((band + 1) * each, len(columns)))
                for axes, place in zip(others, places, strict=False):
                    column = columns[place]
                    show(axes, column.maps[roi], COLOURS)
                    _outline(axes, rois.mask[roi], "white", 1.2)
                    _outline(axes, column.maps[roi] > column.threshold, OF_MAP, 0.8)
                    head(axes, *(names[place] if roi == 0 else []), column.texts[roi])
        normal = [f"normal ROI {name}" for name in rois.roi_id[rois.label == 0]]
        foot(figure, "; ".join([f"CAMs of {classifier}", *normal]), "map")
    return figure


def _outline(axes: Axes, mask: np.ndarray, colour: str, linewidth: float) -> None:
    """Draw the outline of a mask, which a normal ROI has none of."""
    if mask.any():
        outline(axes, mask.astype(np.uint8), colour, linewidth=linewidth)
