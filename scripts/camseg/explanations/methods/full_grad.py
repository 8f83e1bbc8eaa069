"""FullGrad (Srinivas and Fleuret, 2019): what the input and every bias add to the score."""

import cv2
import numpy as np

from camseg.explanations.shares import Share

ASKS = "shares"  # for what each layer adds to the score (`full_gradient`)
ADDITIVE = False  # sizes are summed, after scaling


def maps(images: np.ndarray, shares: list[Share]) -> np.ndarray:
    """Return FullGrad maps (n, H, W) of images (n, H, W, c) and the shares of the score.

    The sum over the input and the layers of psi(share), psi being the absolute value, scaled to
    0..1 over all of a layer's channels and positions, enlarged bilinearly and summed over the
    channels. Shares add up to the score exactly; their sizes do not.
    """
    height, width = images.shape[1:3]
    total = np.zeros(images.shape[:3])
    for share in shares:
        span = share.high - share.low
        scaled = np.divide(
            share.sizes - share.channels * share.low[:, np.newaxis, np.newaxis],
            span[:, np.newaxis, np.newaxis],
            out=np.zeros_like(share.sizes),
            where=span[:, np.newaxis, np.newaxis] > 0,
        )
        for image, cells in zip(total, scaled, strict=True):
            image += cv2.resize(cells, (width, height), interpolation=cv2.INTER_LINEAR)
    return total.astype(np.float32)
