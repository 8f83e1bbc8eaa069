"""Outlines given as shapes, in pixels of the image: which there are, and the masks they make.

The centre of the pixel in the first column and row is (0, 0), so that the image of W columns
reaches from -0.5 to W - 0.5. A pixel belongs to a shape if its centre does, the edge included. A
polygon that crosses itself encloses what an odd number of its turns goes round.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from camseg.errors import CamsegError

FLAT = 1e-6  # pixels; vertices no further from a line lie on it
HAIR = 1e-9  # pixels; likewise a pixel on an edge
# what `numbers` holds, by `kind`
KINDS = {
    "circle": "x, y, radius",
    "ellipse": "x, y, half an axis, half the other, angle of the first (radians, x to y)",
    "polygon": "x and y of each vertex in turn",
    "box": "x and y of the first edges, width, height",
}


@dataclass(frozen=True)
class Shape:
    """A shape of one of KINDS, which says what `numbers` holds; x counts columns, y rows down."""

    kind: str
    numbers: tuple[float, ...]

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """The least and greatest x, the least and greatest y."""
        if self.kind == "polygon":
            x, y = self.numbers[0::2], self.numbers[1::2]
            return min(x), max(x), min(y), max(y)
        if self.kind == "box":
            left, top, width, height = self.numbers
            return left, left + width, top, top + height
        x0, y0, *axes = self.numbers
        first, second, angle = axes if self.kind == "ellipse" else (axes[0], axes[0], 0.0)
        wide = math.hypot(first * math.cos(angle), second * math.sin(angle))
        high = math.hypot(first * math.sin(angle), second * math.cos(angle))
        return x0 - wide, x0 + wide, y0 - high, y0 + high

    @property
    def centre(self) -> tuple[float, float]:
        """The middle of the bounds."""
        left, right, top, bottom = self.bounds
        return (left + right) / 2, (top + bottom) / 2


def upside_down(circle: Shape, rows: int) -> Shape:
    """Return a circle of an image of so many rows whose y counts from the bottom row, from top."""
    x, y, radius = circle.numbers
    return Shape("circle", (x, rows - 1 - y, radius))


def check(shape: Shape, size: tuple[int, int]) -> None:
    """Raise CamsegError if a shape cannot be of an image of `size` (rows, columns).

    It has an area, its centre lies in the image, and it is no larger than that.
    """
    if not all(map(math.isfinite, shape.numbers)):
        raise CamsegError(f"the {shape.kind} has a number that is none")
    if shape.kind == "polygon" and len(shape.numbers) < 6:
        raise CamsegError(f"the polygon has {len(shape.numbers) // 2} vertices, not three or more")
    (x, y), (left, right, top, bottom) = shape.centre, shape.bounds
    where = f"the image of {size[1]} x {size[0]} pixels"
    if not _has_area(shape):
        raise CamsegError(f"the {shape.kind} at ({x:g}, {y:g}) has no area")
    if not (-0.5 <= x < size[1] - 0.5 and -0.5 <= y < size[0] - 0.5):
        raise CamsegError(f"the {shape.kind}'s centre ({x:g}, {y:g}) lies outside {where}")
    if shape.kind == "circle" and shape.numbers[2] > max(size):
        raise CamsegError(f"the circle's radius of {shape.numbers[2]:g} is larger than the image")
    if max(right - left, bottom - top) > 2 * max(size):
        raise CamsegError(f"the {shape.kind} at ({x:g}, {y:g}) is larger than {where}")


def _has_area(shape: Shape) -> bool:
    if shape.kind == "polygon":
        vertices = np.array(shape.numbers, float).reshape(-1, 2)
        spread = np.linalg.svd(vertices - vertices.mean(axis=0), compute_uv=False)
        return bool(spread[1] > FLAT)  # across the line that they lie nearest to
    return min(shape.numbers[2:4]) > 0  # a radius, half axes, width and height


def beyond(shape: Shape, size: tuple[int, int]) -> int:
    """Return by how many pixels at most a shape leaves an image of `size` (rows, columns)."""
    left, right, top, bottom = shape.bounds
    return max(0, math.floor(max(-left, right - size[1] + 1, -top, bottom - size[0] + 1)))


def draw(shapes: Iterable[Shape], size: tuple[int, int]) -> np.ndarray:
    """Return the mask of an image of `size` (rows, columns): uint8, 1 in any of the shapes."""
    mask = np.zeros(size, np.uint8)
    for shape in shapes:
        left, right, top, bottom = shape.bounds
        x0, x1 = max(math.floor(left), 0), min(math.ceil(right) + 1, size[1])
        y0, y1 = max(math.floor(top), 0), min(math.ceil(bottom) + 1, size[0])
        if x0 < x1 and y0 < y1:
            mask[y0:y1, x0:x1] |= _part(shape, x0, y0, (y1 - y0, x1 - x0))
    return mask


def _part(shape: Shape, x0: int, y0: int, size: tuple[int, int]) -> np.ndarray:
    """Return the mask of a shape in the part of an image of `size` from column x0, row y0 on."""
    if shape.kind == "polygon":
        vertices = np.array(shape.numbers, float).reshape(-1, 2) - (x0, y0)
        return _fill(vertices, size, upper=True) | _fill(vertices, size, upper=False)
    rows, columns = np.ogrid[y0 : y0 + size[0], x0 : x0 + size[1]]
    if shape.kind == "box":
        left, right, top, bottom = shape.bounds
        inside = (left <= columns) & (columns <= right) & (top <= rows) & (rows <= bottom)
    elif shape.kind == "circle":
        x, y, radius = shape.numbers
        inside = (rows - y) ** 2 + (columns - x) ** 2 <= radius * radius
    else:
        x, y, first, second, angle = shape.numbers
        along = (columns - x) * math.cos(angle) + (rows - y) * math.sin(angle)
        across = (rows - y) * math.cos(angle) - (columns - x) * math.sin(angle)
        inside = (along / first) ** 2 + (across / second) ** 2 <= 1
    return inside.astype(np.uint8)


def _fill(vertices: np.ndarray, size: tuple[int, int], *, upper: bool) -> np.ndarray:
    """Return what of an image of `size` a polygon (n, 2) encloses, row by row, between its edges.

    An edge counts in the row of its upper end, or of its lower one, so that each row meets an even
    number; both fillings together have the whole edge.
    """
    (x0, y0), (x1, y1) = vertices.T, np.roll(vertices, -1, axis=0).T
    low, high = np.minimum(y0, y1), np.maximum(y0, y1)
    first, last = (
        (np.ceil(low), np.ceil(high) - 1) if upper else (np.floor(low) + 1, np.floor(high))
    )
    first, last = np.maximum(first, 0).astype(int), np.minimum(last, size[0] - 1).astype(int)
    counts = np.maximum(last - first + 1, 0)
    edge = np.repeat(np.arange(len(vertices)), counts)
    row = np.arange(len(edge)) - np.repeat(np.cumsum(counts) - counts, counts) + first[edge]
    x = x0[edge] + (row - y0[edge]) / (y1 - y0)[edge] * (x1 - x0)[edge]
    order = np.lexsort((x, row))
    row, x = row[order][::2], x[order]
    start = np.clip(np.ceil(x[::2] - HAIR), 0, size[1]).astype(int)
    stop = np.clip(np.floor(x[1::2] + HAIR) + 1, 0, size[1]).astype(int)
    within = start < stop
    steps = np.zeros((size[0], size[1] + 1), np.int32)
    np.add.at(steps, (row[within], start[within]), 1)
    np.add.at(steps, (row[within], stop[within]), -1)
    return (np.cumsum(steps[:, :-1], axis=1) > 0).astype(np.uint8)
