"""Keep what the CAM of another patient's ROI of the same verdict shows: a control of `cam`."""

import numpy as np

from camseg.errors import CamsegError
from camseg.io.store import Rois
from camseg.training.filtering import Given, Weights, draw, needed, other_patients


def weights(rois: Rois, given: Given, seed: int) -> Weights:
    """Weigh each pixel by the CAM of another patient's ROI in `rois`, of the same verdict.

    The verdict is the class that the network of the CAMs gives a ROI, right or wrong. Raises
    CamsegError if no other patient has such a ROI.
    """
    cams, verdicts = needed(given.cams, rois), given.verdicts
    if verdicts is None or verdicts.shape != rois.label.shape:
        raise CamsegError("needs the network's verdict on each ROI")
    order = np.argsort(rois.roi_id.astype(str))
    owners = np.empty(len(rois), int)
    for roi in range(len(rois)):
        same = order[verdicts[order] == verdicts[roi]]
        candidates = other_patients(rois, roi, same, " has a ROI of the same verdict")
        owners[roi] = draw(candidates, rois, roi, seed=seed, purpose="swapped_verdict")
    return lambda index: cams[owners[index]]
