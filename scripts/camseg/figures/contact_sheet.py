"""A contact sheet: many small views with their lesions, their ROIs, and what is not used."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from camseg.figures.drawing import MM, WIDTH, fitting, line, outline
from camseg.figures.style import STYLE
from camseg.rois.boxes import Box

COLUMNS = 6
PANEL = 320  # pixels of a side of a small view, at most
TYPE = 6  # points: at the full width of a laptop's screen as large as its own type
LETTERS = 36  # of a line that fits a panel
RED, SKY, ORANGE, WHITE = "#FF3B30", "#56B4E9", "#E69F00", "#FFFFFF"
TITLE, NOTE, GAP, FOOT = 5.5, 6, 2, 6  # mm: names above a panel, lines below it, between, legend


@dataclass(frozen=True)
class Mark:
    """A ROI on a view: its box as shares of the view's sides (x, y, w, h), and of what kind."""

    box: tuple[float, float, float, float]
    used: bool
    normal: bool


@dataclass(frozen=True)
class Tile:
    """A view on the sheet: its two lines of names, what is shown of it, what is to be said of it.

    `image` is small, uint8 (see `shrink`), or None if there is none to show; `mask` is the lesions
    in it, uint8 {0, 1} of the same size. `rejected` says that the view or a lesion is not used.
    """

    name: str
    file: str
    image: np.ndarray | None = None
    mask: np.ndarray | None = None
    marks: tuple[Mark, ...] = ()
    note: str = ""
    rejected: bool = False


def shrink(image: np.ndarray, *, mask: bool = False) -> np.ndarray:
    """Return an (H, W) uint8 image, or a mask {0, 1}, of at most PANEL pixels a side.

    Of a mask no part is lost, however small.
    """
    scale = min(1.0, PANEL / max(image.shape))
    size = tuple(max(1, round(side * scale)) for side in image.shape[::-1])
    if not mask:
        return cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    shares = cv2.resize(image.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    return ((shares >= 0.5) | ((shares > 0) & (shares == shares.max()))).astype(np.uint8)


def mark(box: Box, shape: tuple[int, int], *, used: bool, normal: bool) -> Mark:
    """Return a ROI's mark on an image of `shape` (H, W) from its box in the image's pixels."""
    rows, columns = shape
    place = box.x / columns, box.y / rows, box.w / columns, box.h / rows
    return Mark(place, used, normal)


def contact_sheet(tiles: Sequence[Tile], title: str) -> Figure:
    """Draw the tiles in rows of COLUMNS, with a legend; as wide as a page, readable on a screen."""
    columns = min(COLUMNS, len(tiles))
    rows = -(-len(tiles) // columns)
    width = (WIDTH - GAP) / COLUMNS - GAP
    step = TITLE + width + NOTE + GAP
    height = 2 * FOOT + rows * step + GAP
    words = {"font.size": TYPE, "text.parse_math": False}  # a file may be called $a$
    with mpl.rc_context(STYLE | words):
        figure = Figure(figsize=(WIDTH * MM, height * MM))
        for number, tile in enumerate(tiles):
            row, column = divmod(number, columns)
            left = GAP + column * (width + GAP)
            bottom = height - FOOT - row * step - TITLE - width
            box = left / WIDTH, bottom / height, width / WIDTH, width / height
            _draw(figure.add_axes(box), tile, width)
        size = fitting([title], WIDTH - 2 * GAP, TYPE + 2)
        top = 1 - FOOT / 2 / height
        figure.text(GAP / WIDTH, top, title, fontsize=size, verticalalignment="center")
        figure.legend(handles=_legend(), loc="lower center", ncols=4, frameon=False, fontsize=TYPE)
    return figure


def _draw(axes: Axes, tile: Tile, width: float) -> None:
    names = [_short(name) for name in (tile.name, tile.file) if name]
    size = fitting(names, width - 1, TYPE)
    axes.set_title("\n".join(names), fontsize=size, loc="left", pad=2, linespacing=1.1)
    axes.set(xticks=(), yticks=(), facecolor="0.9")
    axes.spines[:].set(visible=tile.rejected, color=ORANGE, linewidth=1)
    note = tile.note
    if tile.image is None:
        axes.text(
            0.5, 0.5, textwrap.fill(note, LETTERS - 12, max_lines=8, placeholder=" ..."),
            transform=axes.transAxes, horizontalalignment="center", verticalalignment="center",
        )  # fmt: skip
        return
    rows, columns = tile.image.shape
    low, high = np.percentile(tile.image, (0.5, 99.5))
    axes.imshow(tile.image, "gray", vmin=low, vmax=max(high, low + 1), extent=(0, columns, rows, 0))
    if tile.mask is not None and tile.mask.any():
        outline(axes, tile.mask, RED, linewidth=0.5)
    for each in tile.marks:
        x, y, w, h = each.box
        colour = ORANGE if not each.used else WHITE if each.normal else SKY
        axes.add_patch(
            Rectangle(
                (x * columns, y * rows),
                w * columns,
                h * rows,
                edgecolor=colour,
                linestyle="-" if each.used else "--",
                **line(0.5),
            )
        )
    side = max(rows, columns)
    axes.set(
        xlim=((columns - side) / 2, (columns + side) / 2),
        ylim=((rows + side) / 2, (rows - side) / 2),
    )
    if note:
        lines = textwrap.wrap(note, LETTERS, max_lines=3, placeholder=" ...")
        style = {"fontsize": fitting(lines, width - 1, TYPE - 1), "verticalalignment": "top"}
        axes.text(0, -0.02, "\n".join(lines), style, transform=axes.transAxes)


def _short(name: str) -> str:
    """Return a name with its middle left out where it is too long for a panel."""
    half = (LETTERS - 3) // 2
    return name if len(name) <= LETTERS else f"{name[:half]}...{name[-half:]}"


def _legend() -> list[Line2D]:
    kinds: tuple[tuple[str, str, Literal["-", "--"]], ...] = (
        ("lesion's outline", RED, "-"),
        ("abnormal ROI", SKY, "-"),
        ("normal ROI", WHITE, "-"),
        ("not used: why, stands below", ORANGE, "--"),
    )
    casing = line(1)["path_effects"]
    return [
        Line2D([], [], color=colour, linestyle=style, linewidth=1, path_effects=casing, label=label)
        for label, colour, style in kinds
    ]
