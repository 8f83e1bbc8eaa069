"""Keep everything."""

from camseg.io.store import Rois
from camseg.training.filtering import Given


def weights(rois: Rois, given: Given, seed: int) -> None:
    """Weigh nothing."""
