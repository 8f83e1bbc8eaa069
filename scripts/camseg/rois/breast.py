"""Where an image shows breast, which way it lies, and where its chest wall is."""

from dataclasses import dataclass

import cv2
import numpy as np

from camseg.rois.boxes import Wall

SMALL = 512  # pixels per side at most of the copy that is looked at
ENDS = 0.1  # the share of a breast's width that is taken for each of its ends
CLEARLY = 1.25  # how many times the pixels of one end the other has, for the side to be clear
BACKGROUND = 2  # percentile of the pixels
MARGIN = 0.02  # the share of an image's width within which a breast touches its edge


@dataclass(frozen=True)
class Breast:
    """What an image shows of a breast.

    `pixels` (H, W) bool are those of breast. `side` is the one that it lies on, "LEFT" or "RIGHT",
    or "" if that is not clear; `wall` is then the column where the breast begins on that side: the
    image's edge, if it touches it.
    """

    pixels: np.ndarray
    side: str
    wall: int


def find_breast(image: np.ndarray) -> Breast:
    """Find the breast in an (H, W) uint8 image; all is done on a copy of at most SMALL pixels.

    The image should be linear in optical density: with the squared grey levels that ROIs have,
    the threshold parts dense tissue from fat instead of breast from film. Breast is what lies
    above Otsu's level of the smoothed copy. The side is that of the larger end of the largest
    thing in the image: a breast narrows to the nipple.
    """
    scale = min(1.0, SMALL / max(image.shape))
    size = tuple(max(1, round(side * scale)) for side in image.shape[::-1])
    smooth = cv2.GaussianBlur(cv2.resize(image, size, interpolation=cv2.INTER_AREA), (0, 0), 3)
    _, small = cv2.threshold(smooth, 0, 1, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    pixels = cv2.resize(small, image.shape[::-1], interpolation=cv2.INTER_NEAREST).view(bool)
    side, column = _chest_wall(smooth)
    return Breast(pixels, side, round(column * image.shape[1] / size[0]))


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
