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


def mirror_box(box: Box, right_width: int) -> Box:
    """Return the same place on the other breast: as far from the chest wall, in the same rows.

    A LEFT view has the chest wall at column 0, a RIGHT view at its last column; so the mirror is
    set by the RIGHT image's width, whichever side the box comes from.
    """
    return box._replace(x=right_width - box.x - box.w)


def shift_inside(box: Box, shape: tuple[int, int]) -> Box | None:
    """Return a box moved by as little as possible into an image of `shape`; None if too large."""
    if box.w > shape[1] or box.h > shape[0]:
        return None
    x, y = min(max(box.x, 0), shape[1] - box.w), min(max(box.y, 0), shape[0] - box.h)
    return box._replace(x=x, y=y)


def overlap(a: Box, b: Box) -> bool:
    """Return whether two boxes share a pixel."""
    return a.x < b.x + b.w and b.x < a.x + a.w and a.y < b.y + b.h and b.y < a.y + a.h


def breast_mask(image: np.ndarray) -> np.ndarray:
    """Return where an (H, W) uint8 image shows breast, (H, W) bool.

    The image should be linear in optical density: with the squared grey levels that ROIs have,
    the threshold parts dense tissue from fat instead of breast from film.
    Pixels above Otsu's level of the smoothed image; smoothing and threshold are done on a copy
    reduced by area to at most 512 pixels per side.
    """
    scale = min(1.0, 512 / max(image.shape))
    size = tuple(max(1, round(side * scale)) for side in image.shape[::-1])
    smooth = cv2.GaussianBlur(cv2.resize(image, size, interpolation=cv2.INTER_AREA), (0, 0), 3)
    _, breast = cv2.threshold(smooth, 0, 1, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    return cv2.resize(breast, image.shape[::-1], interpolation=cv2.INTER_NEAREST).view(bool)


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
