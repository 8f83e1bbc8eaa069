"""SmoothGrad (Smilkov et al., 2017): saliency of the gradient, averaged over noisy images."""

from collections.abc import Callable

import numpy as np

from camseg.explanations.noise import DRAWS, noisy

ASKS = "input"  # for gradients by the image
ADDITIVE = False  # sizes of gradients are no shares of a score


def maps(images: np.ndarray, gradient_of: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Return SmoothGrad maps (n, H, W) of images (n, H, W, c): saliency of the mean gradient.

    `gradient_of` gives dY/dx at inputs like `images`; the mean is that over `noisy` images.
    """
    total = np.zeros_like(images)
    for each in noisy(images):
        total += gradient_of(each)
    return np.abs(total / np.float32(DRAWS)).max(axis=3)
