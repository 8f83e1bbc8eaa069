"""Kernel SHAP (Lundberg and Lee, 2017): the score, shared out among an image's superpixels."""

from collections.abc import Iterator
from functools import cache
from itertools import product
from math import comb

import numpy as np
from skimage.segmentation import slic

from camseg.explanations.absent import baseline, keeper
from camseg.seeds import generator

ASKS = "images"  # for the scores of images of which a part is missing
ADDITIVE = False  # its sum is the score less that of the baseline
SUPERPIXELS = 50  # or a few less
COMPACTNESS = 0.1  # of superpixels, of grey levels from 0 to 1: how little they follow edges
COALITIONS = 512


def inputs(images: np.ndarray) -> Iterator[np.ndarray]:
    """Yield images (n, H, W, c) without anything, then of each coalition's superpixels alone."""
    keep = keeper(images)
    yield np.ascontiguousarray(baseline(images))
    regions = [superpixels(image) for image in images]
    kept = [coalitions(int(each.max()) + 1)[0] for each in regions]
    for number in range(COALITIONS):
        shares = [rows[number][each] for rows, each in zip(kept, regions, strict=True)]
        yield keep(np.stack(shares))


def maps(images: np.ndarray, scores: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Return maps (n, H, W) of `scores` (1 + coalitions, n), signed, and `whole` (n,) of images.

    A superpixel's Shapley value, spread evenly over its pixels: a map's sum is the score less that
    of the baseline.
    """
    found = np.empty(images.shape[:3], np.float32)
    for image, own, all_of_it, cells in zip(images, scores.T, whole, found, strict=True):
        regions = superpixels(image)
        sizes = np.bincount(regions.ravel())
        values = shapley_values(*coalitions(len(sizes)), own[1:] - own[0], all_of_it - own[0])
        cells[:] = (values / sizes)[regions]
    return found


def superpixels(image: np.ndarray) -> np.ndarray:
    """Return the superpixels of an image (H, W, c) by SLIC: (H, W) int, numbered from 0."""
    grey = image.mean(axis=2, dtype=np.float64)
    span = np.ptp(grey)
    grey = (grey - grey.min()) / (span if span > 0 else 1)
    found = slic(grey, SUPERPIXELS, COMPACTNESS, channel_axis=None, start_label=0)
    return np.unique(found, return_inverse=True)[1].reshape(found.shape)


@cache
def coalitions(players: int) -> tuple[np.ndarray, np.ndarray]:
    """Return who is in each of COALITIONS coalitions, (c, players) bool, and weights (c,).

    All there are, weighed by the Shapley kernel, where those are no more; else drawn by it, each
    with its complement. The rest, of weight 0, are of all players. The same for all images.
    """
    kept, weights = np.ones((COALITIONS, players), bool), np.zeros(COALITIONS)
    sizes = np.arange(1, players)
    if 2**players - 2 <= COALITIONS:
        for number, members in enumerate(list(product((False, True), repeat=players))[1:-1]):
            size = sum(members)
            kept[number] = members
            weights[number] = (players - 1) / (comb(players, size) * size * (players - size))
        return kept, weights
    random = generator(0, "kernel SHAP", players)
    chance = 1 / (sizes * (players - sizes))
    for number in range(0, COALITIONS, 2):
        size = random.choice(sizes, p=chance / chance.sum())
        kept[number] = random.permutation(players) < size
        kept[number + 1] = ~kept[number]
    return kept, np.ones(COALITIONS)


def shapley_values(
    kept: np.ndarray, weights: np.ndarray, gains: np.ndarray, whole: float
) -> np.ndarray:
    """Return the Shapley values (players,) that fit coalitions' `gains` best and sum to `whole`.

    `kept` (c, players) and `weights` (c,) as of `coalitions`; gains, and `whole`, that of all
    players, are scores above that of nobody. Weighted least squares under the constraint; exact
    where the coalitions are all there are, or players do not interact.
    """
    if kept.shape[1] == 1:
        return np.array([whole])
    # the last player's value follows from the others'
    last = kept[:, -1].astype(float)
    design = kept[:, :-1] - last[:, np.newaxis]
    root = np.sqrt(weights)
    values = np.linalg.lstsq(design * root[:, np.newaxis], (gains - last * whole) * root)[0]
    return np.append(values, whole - values.sum())
