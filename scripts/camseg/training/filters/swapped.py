"""Keep what the CAM of another patient's ROI shows: a control of `cam`."""

import numpy as np

from camseg.io.store import Rois
from camseg.training.filtering import Given, Weights, draw, needed, other_patients


def weights(rois: Rois, given: Given, seed: int) -> Weights:
    """Weigh each pixel by the CAM of another patient's ROI in `rois`, of either class.

    Raises CamsegError if there is no other patient.
    """
    cams = needed(given.cams, rois)
    order = np.argsort(rois.roi_id.astype(str))
    owners = np.empty(len(rois), int)
    for roi in range(len(rois)):
        candidates = other_patients(rois, roi, order, "")
        owners[roi] = draw(candidates, rois, roi, seed=seed, purpose="swapped")
    return lambda index: cams[owners[index]]
