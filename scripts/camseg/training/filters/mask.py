"""Keep the lesion."""

import numpy as np

from camseg.io.store import Rois
from camseg.training.filtering import Given, Weights, draw, other_patients


def weights(rois: Rois, given: Given, seed: int) -> Weights:
    """Keep the lesion; of a normal ROI, the outline of some other patient's lesion.

    That lesion is drawn among the abnormal ROIs of other patients in `rois`. The draw depends on
    the seed, the normal ROI's id and those candidates' ids only, not on the order of ROIs. Raises
    CamsegError if there is no candidate.
    """
    owners = np.arange(len(rois))
    abnormal = np.flatnonzero(rois.label == 1)
    abnormal = abnormal[np.argsort(rois.roi_id[abnormal])]
    for roi in np.flatnonzero(rois.label == 0).tolist():
        missing = " has an abnormal ROI whose mask it could take"
        candidates = other_patients(rois, roi, abnormal, missing)
        owners[roi] = draw(candidates, rois, roi, seed=seed, purpose="random mask")
    return lambda index: 255 * rois.mask[owners[index]]
