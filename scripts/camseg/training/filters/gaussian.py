"""Keep the middle of a ROI, as much as its CAM does: a control of `cam`."""

import numpy as np

from camseg.io.store import Rois
from camseg.training.filtering import Given, Weights, needed


def weights(rois: Rois, given: Given, seed: int) -> Weights:
    """Weigh by a round Gaussian at the ROI's centre, as wide as gives the sum of its CAM."""
    cams = needed(given.cams, rois)
    size = rois.image.shape[1]
    offset = np.arange(size) - (size - 1) / 2
    sigmas = np.geomspace(0.1, 100 * size, 4000)
    bells = np.exp(-(offset**2) / (2 * sigmas[:, None] ** 2))
    sums = bells.sum(axis=1) ** 2  # the Gaussian is a product of two

    def kept(index: np.ndarray) -> np.ndarray:
        wanted = cams[index].sum(axis=(1, 2), dtype=float) / 255
        bell = bells[np.abs(sums - wanted[:, None]).argmin(axis=1)]
        return np.rint(255 * bell[:, :, None] * bell[:, None, :]).astype(np.uint8)

    return kept
