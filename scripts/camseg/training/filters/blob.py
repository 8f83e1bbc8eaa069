"""Keep one random patch, as large as a ROI's CAM is strong: a control of `cam`."""

import numpy as np

from camseg.io.store import Rois
from camseg.seeds import generator
from camseg.training.filtering import Given, Weights, lay, needed


def weights(rois: Rois, given: Given, seed: int) -> Weights:
    """Keep one random patch, at a random place, of as many pixels as the sum of the ROI's CAM."""
    cams = needed(given.cams, rois)
    y, x = np.indices(rois.image.shape[1:])

    def field(roi: int) -> np.ndarray:
        random = generator(seed, "blob", rois.roi_id[roi])
        row, column = random.uniform(0, len(x), 2)
        angle = np.arctan2(y - row, x - column)
        waves = zip((2, 3, 4), random.normal(0, 0.15, 3), random.uniform(0, 6.3, 3), strict=True)
        radius = 1 + sum(height * np.cos(k * angle + phase) for k, height, phase in waves)
        return -np.hypot(y - row, x - column) / np.maximum(radius, 0.3)

    def flat(cam: np.ndarray) -> np.ndarray:
        kept = np.zeros(cam.size, np.uint8)
        kept[: round(cam.sum(dtype=float) / 255)] = 255
        return kept.reshape(cam.shape)

    return lambda index: np.stack(
        [lay(flat(cam), field(roi)) for roi, cam in zip(index, cams[index], strict=True)]
    )
