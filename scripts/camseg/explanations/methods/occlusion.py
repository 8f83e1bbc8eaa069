"""Occlusion (Zeiler and Fergus, 2014): what the score loses if a square is taken away."""

from collections.abc import Iterator

import numpy as np

from camseg.explanations.absent import keeper

ASKS = "images"  # for the scores of images of which a part is missing
ADDITIVE = False  # squares overlap
SIDE = 1 / 8  # of a square, as a share of the image's
PLACES = 15  # of squares, along each side: each half over the next


def inputs(images: np.ndarray) -> Iterator[np.ndarray]:
    """Yield images (n, H, W, c), one square of each taken away: PLACES^2 times."""
    keep = keeper(images)
    for rows, columns in _squares(images.shape[1:3]):
        kept = np.ones(images.shape[1:3], np.float32)
        kept[rows, columns] = 0
        yield keep(kept)


def maps(images: np.ndarray, scores: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Return occlusion maps (n, H, W) of `scores` (squares, n), `whole` (n,) of images as they are.

    A pixel's value is what the score loses by the squares that it lies in, on average; negative
    where the score rises without them.
    """
    height, width = images.shape[1:3]
    total, count = np.zeros((len(whole), height, width)), np.zeros((height, width))
    for (rows, columns), found in zip(_squares((height, width)), scores, strict=True):
        total[:, rows, columns] += (whole - found)[:, np.newaxis, np.newaxis]
        count[rows, columns] += 1
    return (total / count).astype(np.float32)


def _squares(shape: tuple[int, int]) -> Iterator[tuple[slice, slice]]:
    """Yield rows and columns of each square, spread evenly from edge to edge."""
    along = []
    for length in shape:
        # wide enough to leave no gap between two
        side = max(round(SIDE * length), -(-length // PLACES))
        starts = np.linspace(0, length - side, PLACES).round().astype(int)
        along.append([slice(start, start + side) for start in starts])
    for rows in along[0]:
        for columns in along[1]:
            yield rows, columns
