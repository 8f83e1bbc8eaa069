"""Keep what the CAM shows."""

from camseg.io.store import Images, Rois
from camseg.training.filtering import Weights, needed


def weights(rois: Rois, cams: Images | None, seed: int) -> Weights:
    """Weigh each pixel by the CAM of its ROI, normal or abnormal."""
    cams = needed(cams, rois)
    return lambda index: cams[index]
