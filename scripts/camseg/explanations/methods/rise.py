"""RISE (Petsiuk et al., 2018): the score of the image behind random masks, pixel by pixel."""

from collections.abc import Iterator
from itertools import islice

import cv2
import numpy as np

from camseg.explanations.absent import keeper
from camseg.seeds import generator

ASKS = "images"  # for the scores of images of which a part is missing
ADDITIVE = False  # a pixel's value is a mean score, not a share of one
MASKS = 1000
CELLS = 7  # of a mask's grid, along each side
KEPT = 0.5  # the probability that a cell is kept
BLOCK = 50  # masks in memory together


def inputs(images: np.ndarray) -> Iterator[np.ndarray]:
    """Yield images (n, H, W, c) behind each of MASKS masks."""
    keep = keeper(images)
    for mask in masks(images.shape[1:3]):
        yield keep(mask)


def maps(images: np.ndarray, scores: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Return RISE maps (n, H, W) of `scores` (masks, n): a pixel's mean score where it is kept.

    Each mask counts as far as it keeps the pixel. Petsiuk et al. divide by what masks keep on
    average; dividing by what these have kept of the pixel, a score that never changes gives a map
    that is constant, whatever its size.
    """
    shape = images.shape[1:3]
    total, count = np.zeros((len(whole), shape[0] * shape[1])), np.zeros(shape[0] * shape[1])
    drawn = masks(shape)
    for start in range(0, MASKS, BLOCK):
        block = np.stack(list(islice(drawn, BLOCK))).reshape(-1, count.size).astype(np.float64)
        total += scores[start : start + BLOCK].T @ block
        count += block.sum(axis=0)
    return (total / count).reshape(-1, *shape).astype(np.float32)


def masks(shape: tuple[int, int]) -> Iterator[np.ndarray]:
    """Yield MASKS masks (H, W) float32, 0 taken away to 1 kept, the same for images of one size.

    A grid of CELLS x CELLS, each cell kept with the probability KEPT, enlarged bilinearly to one
    cell more than the image each way, and cut out at a random place.
    """
    random = generator(0, "RISE")
    cells = [-(-length // CELLS) for length in shape]
    large = [(CELLS + 1) * cell for cell in cells]
    for _ in range(MASKS):
        grid = (random.random((CELLS, CELLS)) < KEPT).astype(np.float32)
        down, right = (int(random.integers(0, cell)) for cell in cells)
        mask = cv2.resize(grid, (large[1], large[0]), interpolation=cv2.INTER_LINEAR)
        yield mask[down : down + shape[0], right : right + shape[1]]
