"""What stands where a part of an image is taken away; needs no TensorFlow."""

from collections.abc import Callable

import numpy as np


def baseline(images: np.ndarray) -> np.ndarray:
    """Return for each image (n, H, W, c) the one without any structure: all its darkest value.

    The darkest of each channel: black, in most ROIs, as where a regime of training removes pixels.
    """
    darkest = images.min(axis=(1, 2), keepdims=True)
    return np.broadcast_to(darkest, images.shape)


def keeper(images: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Return the function that keeps parts of images (n, H, W, c), the rest being `baseline`.

    Of shares (H, W) or (n, H, W), 0 to 1, it makes images of which so much is kept: float32.
    """
    empty = images.min(axis=(1, 2), keepdims=True)
    change = images - empty

    def keep(shares: np.ndarray) -> np.ndarray:
        # of all channels: many short sums are slower
        wide = np.repeat(shares.astype(np.float32)[..., np.newaxis], images.shape[3], axis=-1)
        kept = wide * change
        kept += empty
        return kept

    return keep
