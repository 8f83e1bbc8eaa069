"""Where an image shows breast, which way it lies, and where its chest wall is."""

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from camseg.rois.boxes import Box, Wall
from camseg.rois.shrinking import shrink

SMALL = 512  # pixels per side at most of the copy that is looked at
ENDS = 0.1  # the share of a breast's width that is taken for each of its ends
CLEARLY = 1.25  # how many times the pixels of one end the other has, for the side to be clear
BACKGROUND = 2  # percentile of the pixels
MARGIN = 0.02  # the share of an image's width within which a breast touches its edge


@dataclass(frozen=True)
class Breast:
    """What an image of `shape` (H, W) shows of a breast.

    `small` (h, w) uint8 {0, 1} is 1 where a small copy shows breast. `side` is the one that it lies
    on, "LEFT" or "RIGHT", or "" if that is not clear; `wall` is then the column where the breast
    begins on that side: the image's edge, if it touches it.
    """

    small: np.ndarray
    shape: tuple[int, int]
    side: str
    wall: int

    @cached_property
    def pixels(self) -> np.ndarray:
        """Return which pixels are breast, (H, W) bool: those whose nearest in the copy is."""
        size = self.shape[::-1]
        return cv2.resize(self.small, size, interpolation=cv2.INTER_NEAREST).view(bool)

    def share(self, box: Box) -> float:
        """Return the share of a box in the image that is breast: the mean of its `pixels`."""
        rows, columns = (
            np.bincount(_nearest(*sides)[part], minlength=sides[0])
            for *sides, part in zip(self.small.shape, self.shape, box.slices, strict=True)
        )
        return int(rows @ self.small @ columns) / (box.w * box.h)


def find_breast(image: np.ndarray) -> Breast:
    """Find the breast in an (H, W) uint8 image; all is done on a copy of at most SMALL pixels.

    The image should be linear in optical density: with the squared grey levels that ROIs have,
    the threshold parts dense tissue from fat instead of breast from film. Breast is what lies
    above Otsu's level of the smoothed copy. The side is that of the larger end of the largest
    thing in the image: a breast narrows to the nipple.
    """
    rows, columns = image.shape
    scale = min(1.0, SMALL / max(rows, columns))
    size = max(1, round(rows * scale)), max(1, round(columns * scale))
    smooth = cv2.GaussianBlur(shrink(image, size), (0, 0), 3)
    _, small = cv2.threshold(smooth, 0, 1, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    side, column = _chest_wall(smooth)
    return Breast(small, (rows, columns), side, round(column * columns / size[1]))


def _nearest(count: int, length: int) -> np.ndarray:
    """Return which of `count` pixels OpenCV takes for each of `length` ones, resizing a row."""
    row = np.arange(count, dtype=np.float32)[None]
    return cv2.resize(row, (length, 1), interpolation=cv2.INTER_NEAREST)[0].astype(int)


def chest_wall(breast: Breast | None, shape: tuple[int, int], side: str) -> Wall:
    """Return the chest wall of an image of `shape` (H, W) that lies on its `side`.

    It is where the breast begins, or the image's edge if no breast was found on that side.
    """
    if breast and breast.side == side:
        return Wall(side, breast.wall)
    return Wall(side, 0 if side == "LEFT" else shape[1])


def _chest_wall(smooth: np.ndarray) -> tuple[str, int]:
    """Return the side of the chest wall in a small image and the column where the breast begins.

    Otsu's level of the logarithm, which parts the background from fat, too.
    """
    background = np.percentile(smooth, BACKGROUND, method="nearest")
    above = cv2.subtract(smooth, np.full_like(smooth, background))
    logarithm = np.rint(np.log1p(above.astype(np.float32)) * (255 / np.log(256))).astype(np.uint8)
    _, shown = cv2.threshold(logarithm, 0, 1, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    n, labels, stats, _ = cv2.connectedComponentsWithStats(shown)
    if n == 1:
        return "", 0
    largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    x, w = int(stats[largest, cv2.CC_STAT_LEFT]), int(stats[largest, cv2.CC_STAT_WIDTH])
    columns = (labels == largest).sum(axis=0)[x : x + w]
    end, width = max(1, round(ENDS * w)), smooth.shape[1]
    left, right = int(columns[:end].sum()), int(columns[-end:].sum())
    if left > CLEARLY * right:
        return "LEFT", x if x > MARGIN * width else 0
    if right > CLEARLY * left:
        return "RIGHT", x + w if width - x - w > MARGIN * width else width
    return "", 0
