"""Keep smooth noise with the grey levels of a ROI's CAM: a control of `cam`."""

import cv2
import numpy as np

from camseg.io.store import Rois
from camseg.seeds import generator
from camseg.training.filtering import Given, Weights, lay, needed

STRIDE = 32  # pixels of a ROI per cell of a CAM's grid in most networks


def weights(rois: Rois, given: Given, seed: int) -> Weights:
    """Weigh by smooth noise with the very grey levels of the ROI's CAM, as coarse as a CAM is."""
    cams = needed(given.cams, rois)
    size = rois.image.shape[1]

    def field(roi: int) -> np.ndarray:
        cells = max(2, size // STRIDE)
        grid = generator(seed, "noise", rois.roi_id[roi]).standard_normal((cells, cells))
        return cv2.resize(grid, (size, size), interpolation=cv2.INTER_LINEAR)

    return lambda index: np.stack(
        [lay(cam, field(roi)) for roi, cam in zip(index, cams[index], strict=True)]
    )
