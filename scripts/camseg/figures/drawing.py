"""What the figures made of images share: size, type, outlines, and which samples they show."""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Polygon
from matplotlib.patheffects import withStroke
from matplotlib.textpath import TextPath

from camseg.figures.style import STYLE

WIDTH = 175  # mm; the type is large enough to be read at 85 mm too
MM = 1 / 25.4  # inches
TYPE: dict = STYLE | {"font.size": 12, "axes.titlesize": 12}
SMALL = 10  # points


def middles(length: int, count: int) -> list[int]:
    """Return the places of the middle ones of `count` equal parts of a ranking of `length`.

    A single one is the median, the upper one if `length` is even. All places if there are no more.
    """
    count = min(count, length)
    return [(2 * part + 1) * length // (2 * count) for part in range(count)]


def outline(
    axes: Axes, mask: np.ndarray, colour: str, linewidth: float = 1.5, **style: Any
) -> Polygon:
    """Draw a line through the outermost pixels of every part of a mask (H, W) uint8.

    Return the last part's; a pixel's centre is at half-integers of the panel's coordinates.
    """
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    for contour in contours:
        part = Polygon(contour[:, 0] + 0.5, edgecolor=colour, **line(linewidth), **style)
        axes.add_patch(part)
    return part


def line(linewidth: float) -> dict:
    """Return the style of an unfilled shape's line that is visible on bright ground too."""
    casing = withStroke(linewidth=linewidth + 1, foreground="black")
    return {"fill": False, "linewidth": linewidth, "joinstyle": "round", "path_effects": [casing]}


def fitting(lines: Sequence[str], width: float, size: float = TYPE["font.size"]) -> float:
    """Return the size of type, at most `size` points, in which every line is at most `width` mm."""
    widest = max(TextPath((0, 0), text, size=1).get_extents().width for text in lines)
    return min(size, width * 72 * MM / widest)


def spread(places: np.ndarray, step: float) -> np.ndarray:
    """Return rising `places` moved as little as brings them `step` apart (least squares)."""
    # takes longer to import than most figures take to draw
    from scipy.optimize import isotonic_regression

    steps = step * np.arange(len(places))
    return isotonic_regression(places - steps).x + steps
