"""Expected gradients (Erion et al., 2021): SHAP values by gradients, beside other ROIs."""

from collections.abc import Callable

import numpy as np

from camseg.seeds import generator

ASKS = "background"  # for gradients by the image, and for images of others
ADDITIVE = False  # its sum is the score less the others' mean score
DRAWS = 32


def maps(
    images: np.ndarray,
    gradient_of: Callable[[np.ndarray], np.ndarray],
    other: Callable[[int], np.ndarray],
) -> np.ndarray:
    """Return expected gradients (n, H, W) of images x (n, H, W, c), signed.

    `gradient_of` gives dY/dx at inputs like `images`; `other` an image b of another patient for
    each of them, by the number of the draw. The mean over DRAWS of the sum over the channels of
    (x - b) times dY/dx at a random place of the straight way from b to x; the ways are cut into
    DRAWS equal parts, and each draw looks at one of them. A map's sum is Y(x) less the mean Y(b),
    but for chance.
    """
    total = np.zeros(images.shape[:3], np.float32)
    order = generator(0, "expected gradients").permutation(DRAWS)
    for draw, part in enumerate(order):
        start = other(draw)
        place = (part + generator(0, "expected gradients", draw).random()) / DRAWS
        way = images - start
        total += (way * gradient_of(start + np.float32(place) * way)).sum(axis=3)
    return total / np.float32(DRAWS)
