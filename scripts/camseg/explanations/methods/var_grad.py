"""VarGrad (Adebayo et al., 2018): how much the gradient varies over noisy images."""

from collections.abc import Callable

import numpy as np

from camseg.explanations.noise import noisy

ASKS = "input"  # for gradients by the image
ADDITIVE = False  # variances are no shares of a score


def maps(images: np.ndarray, gradient_of: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Return VarGrad maps (n, H, W) of images (n, H, W, c): the largest variance of the channels.

    `gradient_of` gives dY/dx at inputs like `images`. The variance is that of dY/dx over the very
    noisy images whose mean SmoothGrad takes. The same map for both classes where their scores'
    gradients are opposite.
    """
    total, squares, count = np.zeros(images.shape), np.zeros(images.shape), 0
    for each in noisy(images):
        gradient = gradient_of(each).astype(np.float64)
        total += gradient
        squares += gradient * gradient
        count += 1
    variance = squares / count - (total / count) ** 2
    return np.maximum(variance, 0).max(axis=3).astype(np.float32)
