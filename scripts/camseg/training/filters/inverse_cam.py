"""Keep what the CAM removes: a control of `cam`."""

from camseg.io.store import Rois
from camseg.training.filtering import Given, Weights, needed


def weights(rois: Rois, given: Given, seed: int) -> Weights:
    """Weigh each pixel by 255 less the CAM of its ROI."""
    cams = needed(given.cams, rois)
    return lambda index: 255 - cams[index]
