"""Keep all but the lesion."""

from camseg.io.store import Rois
from camseg.training.filtering import Given, Weights
from camseg.training.filters import mask


def weights(rois: Rois, given: Given, seed: int) -> Weights:
    """Keep all but what the regime `mask` keeps; for a normal ROI it is the same drawn mask."""
    kept = mask.weights(rois, given, seed)
    return lambda index: 255 - kept(index)
