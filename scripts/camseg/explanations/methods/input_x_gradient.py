"""Input x gradient (Shrikumar et al., 2016): the score's first-order share of every pixel."""

from collections.abc import Callable

import numpy as np

ASKS = "input"  # for gradients by the image
ADDITIVE = False  # its sum is the score only of networks without any bias


def maps(images: np.ndarray, gradient_of: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Return maps (n, H, W) of images x (n, H, W, c): the sum over the channels of x dY/dx, signed.

    `gradient_of` gives dY/dx at inputs like `images`. x is what the network receives, preprocessed:
    its 0, where a pixel has no share whatever it does, is black, the middle grey or a mean.
    """
    return (images * gradient_of(images)).sum(axis=3)
