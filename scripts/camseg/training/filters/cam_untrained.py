"""Keep what the map of the same network untrained shows, at a CAM's grey levels."""

import numpy as np

from camseg.io.store import Rois
from camseg.training.filtering import Given, Weights, lay, needed


def weights(rois: Rois, given: Given, seed: int) -> Weights:
    """Weigh by the grey levels of a ROI's CAM, laid out by the untrained network's map of it.

    The brightest is where that map is brightest, and so on; of equal places the first in reading
    order is the darker.
    """
    cams = needed(given.cams, rois)
    untrained = needed(given.untrained, rois, "the untrained network's map")
    return lambda index: np.stack(
        [lay(cam, field) for cam, field in zip(cams[index], untrained[index], strict=True)]
    )
