"""SmoothGrad (Smilkov et al., 2017): saliency of the gradient, averaged over noisy images."""

from collections.abc import Callable

import numpy as np

from camseg.seeds import generator

OF_INPUT = True  # it asks the network for gradients by its input
ADDITIVE = False  # sizes of gradients are no shares of a score
DRAWS = 32
NOISE = 0.15  # standard deviation, as a share of an image's range; 0.1 to 0.2 in the paper


def maps(images: np.ndarray, gradient_of: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Return SmoothGrad maps (n, H, W) of images (n, H, W, c): saliency of the mean gradient.

    `gradient_of` gives dY/dx at inputs like `images`. DRAWS times normal noise is added to every
    pixel and channel, scaled by the image's range. It is the same noise for all images, models and
    studies, so that a map depends on its image alone.
    """
    spread = np.float32(NOISE) * np.ptp(images, axis=(1, 2, 3))[:, None, None, None]
    total = np.zeros_like(images)
    for draw in range(DRAWS):
        noise = generator(0, "SmoothGrad", draw).standard_normal(images.shape[1:], np.float32)
        total += gradient_of(images + spread * noise)
    return np.abs(total / np.float32(DRAWS)).max(axis=3)
