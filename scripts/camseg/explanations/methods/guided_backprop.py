"""Guided backpropagation (Springenberg et al., 2015): of the gradient, what ReLUs let pass."""

from collections.abc import Callable

import numpy as np

ASKS = "guided"  # for gradients by the image, guided by the ReLUs (`at_input`)
ADDITIVE = False  # it is no gradient of any score


def maps(images: np.ndarray, gradient_of: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Return maps (n, H, W) of images (n, H, W, c): the largest size in the channels.

    `gradient_of` gives at inputs like `images` what is propagated back where each ReLU passes
    positive values to positive inputs only. It is known to redraw the image, whatever the network
    has learned (Adebayo et al., 2018).
    """
    return np.abs(gradient_of(images)).max(axis=3)
