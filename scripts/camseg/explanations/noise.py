"""Noisy copies of images, over which SmoothGrad and VarGrad look at the gradient."""

from collections.abc import Iterator

import numpy as np

from camseg.seeds import generator

DRAWS = 32
NOISE = 0.15  # standard deviation, as a share of an image's range; Smilkov et al. take 0.1 to 0.2


def noisy(images: np.ndarray) -> Iterator[np.ndarray]:
    """Yield DRAWS noisy copies of images (n, H, W, c): every pixel and channel plus normal noise.

    Scaled by the image's range. It is the same noise for all images, models and studies, so that a
    map depends on its image alone.
    """
    spread = np.float32(NOISE) * np.ptp(images, axis=(1, 2, 3))[:, None, None, None]
    for draw in range(DRAWS):
        noise = generator(0, "SmoothGrad", draw).standard_normal(images.shape[1:], np.float32)
        yield images + spread * noise
