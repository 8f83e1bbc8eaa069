"""Saliency (Simonyan et al., 2014): the size of the gradient by every pixel."""

from collections.abc import Callable

import numpy as np

ASKS = "input"  # for gradients by the image
ADDITIVE = False  # sizes of gradients are no shares of a score


def maps(images: np.ndarray, gradient_of: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Return saliency maps (n, H, W) of images (n, H, W, c): the largest |dY/dx| of the channels.

    `gradient_of` gives dY/dx at inputs like `images`. The same map for both classes where their
    scores' gradients are opposite, as those of the margin.
    """
    return np.abs(gradient_of(images)).max(axis=3)
