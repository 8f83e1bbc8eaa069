"""Regimes that a CAM must beat to show that where it looks matters (see `filters` for regimes).

Each filters a ROI as strongly as its CAM does, but elsewhere: by a map that knows nothing of this
ROI. What is drawn depends on the seed and the ROI's id only, and on the ids of the candidates.
"""

from collections.abc import Callable

import cv2
import numpy as np

from camseg.errors import CamsegError
from camseg.seeds import generator
from camseg.store import Pictures, Rois

Weights = Callable[[np.ndarray], np.ndarray]  # as in `filters`
STRIDE = 32  # pixels of a ROI to a cell of a CAM's grid in most networks


def swapped(rois: Rois, cams: Pictures, seed: int) -> Weights:
    """Weigh each pixel by the CAM of another patient's ROI in `rois`, of either class.

    Raises CamsegError if there is no other patient.
    """
    order = np.argsort(rois.roi_id.astype(str))
    owners = np.empty(len(rois), int)
    for roi, name in enumerate(rois.roi_id):
        candidates = order[rois.patient_id[order] != rois.patient_id[roi]]
        if not len(candidates):
            raise CamsegError(f"ROI {name}: no other patient on its side of the split")
        owners[roi] = generator(seed, "swapped", name).choice(candidates)
    return lambda index: cams[owners[index]]


def gaussian(rois: Rois, cams: Pictures, seed: int) -> Weights:
    """Weigh by a round Gaussian at the ROI's centre, as wide as gives the sum of its CAM."""
    size = rois.image.shape[1]
    offset = np.arange(size) - (size - 1) / 2
    sigmas = np.geomspace(0.1, 100 * size, 4000)
    bells = np.exp(-(offset**2) / (2 * sigmas[:, None] ** 2))
    sums = bells.sum(axis=1) ** 2  # the Gaussian is a product of two

    def kept(index: np.ndarray) -> np.ndarray:
        wanted = cams[index].sum(axis=(1, 2), dtype=float) / 255
        bell = bells[np.abs(sums - wanted[:, None]).argmin(axis=1)]
        return np.rint(255 * bell[:, :, None] * bell[:, None, :]).astype(np.uint8)

    return kept


def noise(rois: Rois, cams: Pictures, seed: int) -> Weights:
    """Weigh by smooth noise with the very grey levels of the ROI's CAM, as coarse as a CAM is."""
    size = rois.image.shape[1]

    def field(roi: int) -> np.ndarray:
        cells = max(2, size // STRIDE)
        grid = generator(seed, "noise", rois.roi_id[roi]).standard_normal((cells, cells))
        return cv2.resize(grid, (size, size), interpolation=cv2.INTER_LINEAR)

    return lambda index: np.stack(
        [_lay(cam, field(roi)) for roi, cam in zip(index, cams[index], strict=True)]
    )


def blob(rois: Rois, cams: Pictures, seed: int) -> Weights:
    """Keep one random patch, at a random place, of as many pixels as the sum of the ROI's CAM."""
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
        [_lay(flat(cam), field(roi)) for roi, cam in zip(index, cams[index], strict=True)]
    )


def inverse_cam(rois: Rois, cams: Pictures, seed: int) -> Weights:
    """Keep what the CAM removes."""
    return lambda index: 255 - cams[index]


def _lay(values: np.ndarray, field: np.ndarray) -> np.ndarray:
    """Return `values` (S, S) uint8 laid out anew: the largest where `field` (S, S) is largest."""
    laid = np.empty(values.size, np.uint8)
    laid[np.argsort(field, axis=None, kind="stable")] = np.sort(values, axis=None)
    return laid.reshape(values.shape)
