"""Images that mark a lesion, read as masks."""

from pathlib import Path

import cv2
import numpy as np

from camseg.errors import CamsegError
from camseg.formats.image_files import read_picture

UNSURE = 0.05  # the share of a mask that may lie in pieces of which no threshold is sure


def read_mask(path: Path, shape: tuple[int, int]) -> tuple[np.ndarray, str]:
    """Return a mask image as uint8 {0, 1} of `shape`, and what had to be done for it, or "".

    Lesion is what is at least half as bright as the brightest, from the darkest on: the brighter of
    two grey levels, and of more, as JPEG and resampling leave them at edges, so too. Where all is
    of one grey, the alpha channel is the mask. A mask of another size is resized to the nearest
    pixel. Raises CamsegError for one grey level everywhere, and where no threshold is sensible:
    more than UNSURE of what is a quarter as bright lies in pieces that are not for the most part
    at least three quarters as bright, as in a photograph or a map of several labels.
    """
    picture = read_picture(path)
    pixels, done = picture.grey, []
    if pixels.min() == pixels.max() and picture.alpha is not None:
        pixels = picture.alpha
        done.append("mask from the alpha channel")
    low, high = int(pixels.min()), int(pixels.max())
    if low == high:
        raise CamsegError(f"{path}: marks no lesion: the mask is {low} everywhere")
    share = pixels.astype(np.float32)
    share = (share - low) / np.float32(high - low)
    mask = share >= 0.5
    if not ((pixels == low) | (pixels == high)).all():
        levels = len(np.unique(pixels))
        if _unsure(share) > UNSURE:
            raise CamsegError(
                f"{path}: is no mask: it has {levels} grey levels, and no threshold between them "
                "parts lesion from the rest"
            )
        done.append(f"mask of {levels} grey levels, lesion from half of the brightest on")
    lesion: np.ndarray = mask.astype(np.uint8)
    if mask.shape != shape:
        lesion = cv2.resize(lesion, shape[::-1], interpolation=cv2.INTER_NEAREST_EXACT)
    return lesion, "; ".join(done)


def _unsure(share: np.ndarray) -> float:
    """Return which part of what is at least a quarter as bright lies in pieces mostly below 3/4."""
    n, labels = cv2.connectedComponents((share >= 0.25).astype(np.uint8), connectivity=8)
    area = np.bincount(labels.ravel(), minlength=n)[1:]
    sure = np.bincount(labels[share >= 0.75], minlength=n)[1:]
    return float(area[2 * sure < area].sum() / area.sum())
