"""Integrated gradients (Sundararajan et al., 2017): shares of the score, less an empty image's."""

from collections.abc import Callable

import numpy as np

from camseg.explanations.absent import baseline

ASKS = "input"  # for gradients by the image
ADDITIVE = False  # its sum is the score less that of the baseline
STEPS = 32


def maps(images: np.ndarray, gradient_of: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Return integrated gradients (n, H, W) of images x (n, H, W, c), signed.

    `gradient_of` gives dY/dx at inputs like `images`. The sum over the channels of (x - b) times
    the mean of dY/dx on the straight way from the `baseline` b to x, at the middles of STEPS equal
    steps. Completeness: a map's sum is Y(x) - Y(b), but for the steps' finite number.
    """
    start = baseline(images)
    way = images - start
    total = np.zeros_like(images)
    for step in range(STEPS):
        total += gradient_of(start + np.float32((step + 0.5) / STEPS) * way)
    return (way * (total / np.float32(STEPS))).sum(axis=3)
