"""Regions of interest: boxes, padding, the mirrored place on the other breast, and the cut itself.

The rules of section III-B of the paper; what it leaves open is a parameter.
"""

from typing import NamedTuple

import cv2
import numpy as np


class Box(NamedTuple):
    """A rectangle in an image's pixels: columns x to x + w - 1, rows y to y + h - 1."""

    x: int
    y: int
    w: int
    h: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """The rows and columns of the box, to index an image with."""
        return slice(self.y, self.y + self.h), slice(self.x, self.x + self.w)


class Wall(NamedTuple):
    """The chest wall in an image: on its LEFT from `column` on, on its RIGHT up to the one before.

    Where the breast touches the image's edge, `column` is 0 or the image's width.
    """

    side: str
    column: int


def bounding_box(mask: np.ndarray) -> Box:
    """Return the smallest box round the pixels of an (H, W) uint8 mask that are not 0."""
    return Box(*map(int, cv2.boundingRect(mask)))


def pad_box(box: Box, fractions: np.ndarray) -> Box:
    """Widen a box by `fractions` (left, top, right, bottom) of its width and height.

    The paper draws each of them uniformly from 0.1 to 0.3 (Figure 5). Rounded to whole pixels.
    """
    left, right = (round(float(fraction) * box.w) for fraction in fractions[0::2])
    top, bottom = (round(float(fraction) * box.h) for fraction in fractions[1::2])
    return Box(box.x - left, box.y - top, box.w + left + right, box.h + top + bottom)


def clip_box(box: Box, shape: tuple[int, int]) -> Box:
    """Return the part of a box that lies in an image of `shape` (H, W)."""
    x, y = max(box.x, 0), max(box.y, 0)
    return Box(x, y, min(box.x + box.w, shape[1]) - x, min(box.y + box.h, shape[0]) - y)


def mirror_box(box: Box, wall: Wall, other: Wall) -> Box:
    """Return the same place on the other breast: as far from its chest wall, in the same rows.

    `wall` is the chest wall of the image the box lies in, `other` that of the other breast's.
    """
    depth = box.x - wall.column if wall.side == "LEFT" else wall.column - box.x - box.w
    x = other.column + depth if other.side == "LEFT" else other.column - depth - box.w
    return box._replace(x=x)


def shift_inside(box: Box, shape: tuple[int, int]) -> Box | None:
    """Return a box moved by as little as possible into an image of `shape`; None if too large."""
    if box.w > shape[1] or box.h > shape[0]:
        return None
    x, y = min(max(box.x, 0), shape[1] - box.w), min(max(box.y, 0), shape[0] - box.h)
    return box._replace(x=x, y=y)


def overlap(a: Box, b: Box) -> bool:
    """Return whether two boxes share a pixel."""
    return a.x < b.x + b.w and b.x < a.x + a.w and a.y < b.y + b.h and b.y < a.y + a.h


def resize(image: np.ndarray, size: int) -> np.ndarray:
    """Return an (h, w) float32 image resized to (size, size).

    Each axis by itself: area interpolation where it shrinks, bilinear where it grows.
    """
    image = image.astype(np.float32)
    for axis in (0, 1):
        target = [image.shape[1], image.shape[0]]
        target[1 - axis] = size
        shrinks = image.shape[axis] > size
        image = cv2.resize(
            image, target, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        ).reshape(target[::-1])
    return image


def cut_image(image: np.ndarray, box: Box, size: int) -> np.ndarray:
    """Cut a box out of an (H, W) uint8 image and resize it to (size, size) uint8."""
    return np.rint(resize(image[box.slices], size)).astype(np.uint8)


def cut_mask(mask: np.ndarray, box: Box, size: int) -> np.ndarray:
    """Cut a box out of an (H, W) mask {0, 1} and resize it; 1 where at least half is lesion."""
    return (resize(mask[box.slices], size) >= 0.5).astype(np.uint8)
