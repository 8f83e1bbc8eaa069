"""What stands where a part of an image is taken away; needs no TensorFlow."""

import numpy as np


def baseline(images: np.ndarray) -> np.ndarray:
    """Return for each image (n, H, W, c) the one without any structure: all its darkest value.

    The darkest of each channel: black, in most ROIs, as where a regime of training removes pixels.
    """
    darkest = images.min(axis=(1, 2), keepdims=True)
    return np.broadcast_to(darkest, images.shape)


def keep(images: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Return images of which `shares` (H, W) or (n, H, W), 0 to 1, are kept, the rest `baseline`.

    Float32, as the images.
    """
    empty = images.min(axis=(1, 2), keepdims=True)
    return empty + shares.astype(np.float32)[..., np.newaxis] * (images - empty)
