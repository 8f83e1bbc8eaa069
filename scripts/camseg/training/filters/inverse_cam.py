"""Keep what the CAM removes: a control of `cam`."""

from camseg.io.store import Images, Rois
from camseg.training.filtering import Weights, needed


def weights(rois: Rois, cams: Images | None, seed: int) -> Weights:
    """Weigh each pixel by 255 less the CAM of its ROI."""
    cams = needed(cams, rois)
    return lambda index: 255 - cams[index]
