"""Floors: heat maps that look at no image, to be scored like a network's.

Under the paper's padding a lesion fills about 0.4 of its ROI, always round the middle, so that
even these maps score: a Dice says something only beside theirs.
"""

import numpy as np

from camseg.errors import CamsegError
from camseg.explanations.scaling import to_grey
from camseg.io.store import Rois
from camseg.seeds import generator

GAUSSIAN = 0.25  # standard deviation of the centred Gaussian, as a share of the ROI's side
SMOOTHING = 0.125  # that of the filter that smooths noise, likewise


def baseline_maps(rois: Rois, training: np.ndarray, seed: int) -> dict[str, np.ndarray]:
    """Return the maps of every baseline by its name, each (n, S, S) uint8.

    - "all 255";
    - "centred Gaussian" of standard deviation S / 4, the same map for every ROI;
    - "mean training mask": the mean mask of the abnormal ROIs among `training` ((n,) bool), the
      same map for every ROI, those of training too;
    - "smooth noise": white noise behind a Gaussian filter of standard deviation S / 8 (opposite
      edges joined, so that no place is preferred), drawn with the `seed` and the ROI's id.

    All but the first are scaled to 0..255 as CAMs are. Raises CamsegError without an abnormal
    training ROI.
    """
    size = rois.mask.shape[1]
    lesions = rois.mask[training & (rois.label == 1)]
    if len(lesions) == 0:
        raise CamsegError("no abnormal ROI is on the training side: there is no mean mask")
    offsets = (np.arange(size) - (size - 1) / 2) / (GAUSSIAN * size)
    profile = np.exp(-(offsets**2) / 2)
    frequencies = np.fft.fftfreq(size) * size
    passed = np.exp(-2 * (np.pi * SMOOTHING * frequencies) ** 2)  # by the filter, per axis
    noise = np.empty(rois.mask.shape, np.uint8)
    for roi, roi_id in enumerate(rois.roi_id):
        white = generator(seed, "smooth noise", roi_id).normal(size=(size, size))
        smooth = np.fft.ifft2(np.fft.fft2(white) * np.outer(passed, passed)).real
        noise[roi] = to_grey(smooth[np.newaxis], smooth.shape)[0]
    return {
        "all 255": np.full(rois.mask.shape, 255, np.uint8),
        "centred Gaussian": _for_every_roi(np.outer(profile, profile), len(rois)),
        "mean training mask": _for_every_roi(lesions.mean(axis=0), len(rois)),
        "smooth noise": noise,
    }


def _for_every_roi(values: np.ndarray, n: int) -> np.ndarray:
    grey = to_grey(values[np.newaxis], values.shape)
    return np.repeat(grey, n, axis=0)
