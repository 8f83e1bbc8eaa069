"""Figures 4 to 6: a ROI in its mammogram, the padding round its lesion, samples of ROIs.

Places are in the mammogram's pixels and refer to their edges: a box goes from x to x + w.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import ConnectionPatch, Rectangle

from camseg.datasets.views import read_index, rows_of, side_of
from camseg.errors import CamsegError
from camseg.figures.drawing import MM, SMALL, TYPE, WIDTH, fitting, line, middles, outline
from camseg.io.checked import REMEDY
from camseg.io.store import Rois
from camseg.rois.boxes import Box, clip_box
from camseg.rois.candidates import read_candidates
from camseg.rois.lesions import read_lesion

PAIRS = 6  # in Figure 6, which then is as wide as the others
RED, YELLOW, SKY = "#FF3B30", "#F0E442", "#56B4E9"  # apart in lightness and for the colour-blind
SIDES = ("left", "top", "right", "bottom")
LABELS = {  # of paddings: place as a share of the panel, and which of the text's points is there
    "left": (-0.015, None, "right", "center"),
    "top": (None, 1.02, "center", "bottom"),
    "right": (1.015, None, "left", "center"),
    "bottom": (None, -0.02, "center", "top"),
}


@dataclass(frozen=True)
class Sample:
    """An abnormal ROI in the mammogram it was cut from.

    `image` is the whole mammogram, (H, W) uint8, `mask` the lesion in it, (H, W) uint8 {0, 1};
    `padded` the lesion's box with its padding, `box` the part of that in the image: the ROI.
    """

    roi_id: str
    view: str
    image: np.ndarray
    mask: np.ndarray
    lesion: Box
    padded: Box
    box: Box

    @classmethod
    def of(cls, candidate: dict, image: np.ndarray, mask: np.ndarray) -> "Sample":
        """Return the ROI that a row of the table of candidates describes."""
        x, y, w, h = (int(candidate[key]) for key in "xywh")
        left, top, right, bottom = (int(candidate[f"clipped_{side}"]) for side in SIDES)
        return cls(
            candidate["roi_id"],
            candidate["view"],
            image,
            mask,
            lesion=Box(*(int(candidate[f"lesion_{key}"]) for key in "xywh")),
            padded=Box(x - left, y - top, w + left + right, h + top + bottom),
            box=Box(x, y, w, h),
        )


@dataclass(frozen=True)
class Padding:
    """The padding of a ROI on one side: an arrow from the lesion's box to the padded box.

    `share` is its length as a share of the lesion's `of` ("width" or "height"), `cut` how many of
    its pixels lie outside the image.
    """

    start: tuple[float, float]  # (x, y)
    end: tuple[float, float]
    share: float
    of: str
    cut: int


def paddings(lesion: Box, padded: Box, box: Box) -> dict[str, Padding]:
    """Return the padding of a lesion's box on every side (Figure 5), by the names SIDES."""
    middle = lesion.x + lesion.w / 2, lesion.y + lesion.h / 2
    found = {}
    for side, axis, far in (("left", 0, 0), ("top", 1, 0), ("right", 0, 1), ("bottom", 1, 1)):
        start, end, edge = (each[axis] + far * each[axis + 2] for each in (lesion, padded, box))
        found[side] = Padding(
            (start, middle[1]) if axis == 0 else (middle[0], start),
            (end, middle[1]) if axis == 0 else (middle[0], end),
            share=abs(end - start) / lesion[axis + 2],
            of=("width", "height")[axis],
            cut=abs(end - edge),
        )
    return found


def spread(candidates: pd.DataFrame, count: int) -> pd.DataFrame:
    """Return `count` used abnormal candidates, from small to large lesions; all if there are fewer.

    Ranked by the area of the lesion's box, then by id, they are the `middles`: a single one is the
    median.
    """
    used = candidates[(candidates["label"] == "abnormal") & (candidates["status"] == "used")]
    area = used["lesion_w"].astype(int) * used["lesion_h"].astype(int)
    ranked = used.assign(area=area).sort_values(["area", "roi_id"])
    return ranked.iloc[middles(len(ranked), count)]


def read_sample(candidates: str | Path, index: str | Path, folder: Path) -> Sample:
    """Return the used abnormal ROI whose lesion is of median area, from a study's two tables.

    `folder` is the one that the index's paths are relative to. Raises CamsegError if a table is
    not whole.
    """
    candidate = _first(spread(read_candidates(candidates), 1), candidates).to_dict()
    rows = read_index(index)
    rows = rows[(rows["status"] == "usable") & (rows["case_id"] == candidate["case_id"])]
    rows = rows[rows["view"] == candidate["view"]]
    _first(rows, index)
    (row, *_) = rows_of(rows)
    return Sample.of(candidate, *read_lesion(row, folder, candidate))


def read_pairs(candidates: str | Path, count: int) -> list[tuple[str, str]]:
    """Return the ids of `count` pairs of used ROIs, normal and abnormal, chosen as by `spread`.

    Of regions already cut, which are no pairs, the normal ones are spread by their ids.
    """
    table = read_candidates(candidates)
    used = table[table["status"] == "used"]
    paired = used[used.duplicated("pair_id", keep=False)]
    if len(paired):
        pairs = spread(paired, count)["pair_id"]
        return [(f"{pair}.normal", f"{pair}.abnormal") for pair in pairs]
    normal = used.loc[used["label"] == "normal", "roi_id"].sort_values()
    count = min(count, len(normal))
    return list(
        zip(normal.iloc[middles(len(normal), count)], spread(used, count)["roi_id"], strict=False)
    )


def _first(rows: pd.DataFrame, path: str | Path) -> pd.Series:
    if rows.empty:
        raise CamsegError(f"{path}: lacks the row of a usable lesion; {REMEDY}")
    return rows.iloc[0]


def figure4(sample: Sample) -> Figure:
    """Figure 4: a ROI (left) in its mammogram (right); the outline in red, the ROI's edge in blue.

    Each panel has its own window of grey levels.
    """
    image, box = sample.image, sample.box
    rows, columns = image.shape
    height = min(110, 95 * rows / columns)  # mm, of the mammogram
    width = height * columns / rows
    with mpl.rc_context(TYPE):
        figure = Figure(figsize=(WIDTH * MM, (height + 14) * MM))
        left, right = (
            figure.add_axes((x / WIDTH, 6 / (height + 14), w / WIDTH, height / (height + 14)))
            for x, w in ((1, WIDTH - width - 10), (WIDTH - width - 1, width))
        )
        _show(left, image, box, _window(image[box.slices]))
        _show(right, image, Box(0, 0, columns, rows), _window(image))
        left.set_title(f"ROI, {_size(box)}")
        label = f"{sample.roi_id}; red: the lesion's outline"
        left.set_xlabel(label, fontsize=fitting([label], WIDTH - width - 10, SMALL))
        left.spines[:].set(visible=True, color=SKY, linewidth=2)
        picture = "Mammogram" if side_of(sample.view) else "Picture"
        right.set_title(f"{picture}, {sample.view}")
        outline(left, sample.mask, RED)
        outline(right, sample.mask, RED, linewidth=0.8)
        _box(right, box, edgecolor=SKY, linewidth=0.8)
        for place, corner in (((1, 1), (box.x, box.y)), ((1, 0), (box.x, box.y + box.h))):
            figure.add_artist(
                ConnectionPatch(
                    place, corner, left.transAxes, right.transData, color=SKY, linewidth=0.8
                )
            )
    return figure


def figure5(sample: Sample) -> Figure:
    """Figure 5: the padding on each side of a lesion, as a share of its width or height.

    What was cut off at the image's edge is dashed, on a hatched ground. Outside the ROI the
    image is darkened.
    """
    lesion, padded, box, image = sample.lesion, sample.padded, sample.box, sample.image
    room = round(0.06 * max(padded.w, padded.h))
    frame = Box(padded.x - room, padded.y - room, padded.w + 2 * room, padded.h + 2 * room)
    low, high = _window(image[box.slices])
    with mpl.rc_context(TYPE):
        figure = Figure(figsize=(WIDTH * MM, 125 * MM), layout="constrained")
        axes = figure.subplots()
        _show(axes, image, clip_box(frame, image.shape), (low, 2 * high - low))
        _show(axes, image, box, (low, high))
        axes.patch.set(hatch="///", edgecolor="0.6")
        axes.set(xlim=(frame.x, frame.x + frame.w), ylim=(frame.y + frame.h, frame.y))
        lines = [
            outline(axes, sample.mask, RED, label="lesion's outline"),
            _box(axes, lesion, edgecolor=YELLOW, label=f"lesion's box, {_size(lesion)}"),
            _box(axes, box, edgecolor=SKY, label=f"ROI, {_size(box)}"),
        ]
        if padded != box:
            label = "cut off at the image's edge"
            lines.append(_box(axes, padded, edgecolor=SKY, linestyle="--", zorder=0.9, label=label))
        for side, padding in paddings(lesion, padded, box).items():
            _arrow(axes, side, padding)
        figure.suptitle(sample.roi_id, fontsize=SMALL)
        figure.legend(handles=lines, loc="outside lower center", ncols=2, frameon=False)
    return figure


def figure6(rois: Rois, pairs: list[tuple[str, str]]) -> Figure:
    """Figure 6: a column per pair, of its normal ROI, its abnormal ROI and the lesion's mask.

    `pairs` are the ids of both.

    Grey levels are those that the networks see.
    """
    place = {roi_id: index for index, roi_id in enumerate(rois.roi_id)}
    side = 27  # mm
    with mpl.rc_context(TYPE):
        figure = Figure(
            figsize=((side * len(pairs) + 13) * MM, (3 * side + 14) * MM), layout="constrained"
        )
        grid = figure.subplots(3, len(pairs), squeeze=False)
        for column, pair in zip(grid.T, pairs, strict=True):
            normal, abnormal = (place[roi_id] for roi_id in pair)
            images = rois.image[normal], rois.image[abnormal], 255 * rois.mask[abnormal]
            for axes, image in zip(column, images, strict=True):
                _show(axes, image, Box(0, 0, *image.shape[::-1]), (0, 255))
            lines = pair[1].removesuffix(".abnormal").split(".", 1)
            column[0].set_title("\n".join(lines), fontsize=fitting(lines, side, SMALL))
        for axes, label in zip(grid[:, 0], ("Normal", "Abnormal", "Mask"), strict=True):
            axes.set_ylabel(label)
    return figure


def _window(image: np.ndarray) -> tuple[float, float]:
    """Return the grey levels to show as black and as white; 0.5 % are beyond each."""
    low, high = np.percentile(image, (0.5, 99.5))
    return low, max(high, low + 1)


def _show(axes: Axes, image: np.ndarray, box: Box, window: tuple[float, float]) -> None:
    """Show the part of an image in a box at its place, reduced to what can be printed."""
    part = image[box.slices]
    scale = min(1.0, 1500 / max(part.shape))
    size = tuple(max(1, round(length * scale)) for length in part.shape[::-1])
    part = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
    extent = (box.x, box.x + box.w, box.y + box.h, box.y)
    axes.imshow(part, cmap="gray", vmin=window[0], vmax=window[1], extent=extent)
    axes.set(xticks=(), yticks=())
    axes.spines[:].set_visible(False)


def _box(axes: Axes, box: Box, linewidth: float = 1.5, **style: Any) -> Rectangle:
    drawn = Rectangle(box[:2], box.w, box.h, **line(linewidth), **style)
    axes.add_patch(drawn)
    return drawn


def _size(box: Box) -> str:
    return f"{box.w} × {box.h} pixels"


def _arrow(axes: Axes, side: str, padding: Padding) -> None:
    """Draw the arrow of one side's padding, and its size beside the panel."""
    style = {"arrowstyle": "<->,head_length=0.3,head_width=0.15", "color": "white"}
    style |= {"shrinkA": 0, "shrinkB": 0} | line(1.2)
    axes.annotate("", padding.end, padding.start, arrowprops=style)
    lines = [f"{100 * padding.share:.1f} %", f"of {padding.of}"]
    if padding.cut:
        lines += [f"({padding.cut} pixels", "cut off)"]
    x, y, across, along = LABELS[side]
    axes.text(
        padding.start[0] if x is None else x,
        padding.start[1] if y is None else y,
        ("\n" if x is not None else " ").join(lines),
        transform=axes.get_xaxis_transform() if x is None else axes.get_yaxis_transform(),
        horizontalalignment=across,
        verticalalignment=along,
    )
