"""Keep all but the lesion."""

from camseg.io.store import Images, Rois
from camseg.training.filtering import Weights
from camseg.training.filters import mask


def weights(rois: Rois, cams: Images | None, seed: int) -> Weights:
    """Keep all but what the regime `mask` keeps; for a normal ROI it is the same drawn mask."""
    kept = mask.weights(rois, cams, seed)
    return lambda index: 255 - kept(index)
