"""The regimes of training: what of each ROI the network gets to see (experiment 2 of the paper).

A regime gives every ROI weights, 0 (removed) to 255 (kept), by which its pixels are multiplied
while loading, batch by batch; filtered pictures are never stored.
"""

from collections.abc import Callable

import numpy as np

from camseg import controls
from camseg.errors import CamsegError
from camseg.regimes import OF_CAMS
from camseg.seeds import generator
from camseg.store import Pictures, Rois

Weights = Callable[[np.ndarray], np.ndarray]  # index (b,) of ROIs -> their weights (b, S, S) uint8


def weights(regime: str, rois: Rois, *, cams: Pictures | None, seed: int) -> Weights | None:
    """Return what gives the weights of any of `rois` under `regime`; None = all is kept.

    The result maps an index (b,) into `rois` to weights (b, S, S) uint8, 255 = 1. `cams`
    (n, S, S) uint8 are the ROIs' grey maps, in the order of `rois`; only the regimes OF_CAMS need
    them. Pass the ROIs of one side of the split only: what a regime takes from other ROIs must
    not cross it. Raises CamsegError if the regime is unknown or lacks what it needs.
    """
    if regime not in REGIMES:
        raise CamsegError(f"regime is {regime!r}: must be one of {', '.join(REGIMES)}")
    if regime in OF_CAMS and (cams is None or cams.shape != rois.image.shape):
        raise CamsegError(
            f"regime {regime!r} needs a CAM of each ROI, shape {rois.image.shape}, "
            f"not {None if cams is None else cams.shape}"
        )
    return REGIMES[regime](rois, cams, seed)


def pictures(regime: str, rois: Rois) -> Pictures:
    """Return what the weights of `regime` are applied to: the ROIs; white for a silhouette."""
    if regime == "silhouette":
        return np.broadcast_to(np.uint8(255), rois.image.shape)
    return rois.image


def apply(images: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    """Return `images` (n, S, S), 0..255, times `weights` / 255 as float32, 0 = removed.

    To be done before a network's preprocessing, so that a removed pixel is black.
    """
    if weights is None:
        return images.astype(np.float32)
    return images * (weights / np.float32(255))


def original(rois: Rois, cams: Pictures, seed: int) -> None:
    """Keep everything."""


def cam(rois: Rois, cams: Pictures, seed: int) -> Weights:
    """Weigh each pixel by the CAM of its ROI, normal or abnormal."""
    return lambda index: cams[index]


def mask(rois: Rois, cams: Pictures, seed: int) -> Weights:
    """Keep the lesion; of a normal ROI, the outline of some other patient's lesion.

    That lesion is drawn among the abnormal ROIs of other patients in `rois`. The draw depends on
    the seed, the normal ROI's id and those candidates' ids only, not on the order of ROIs. Raises
    CamsegError if there is no candidate.
    """
    owners = np.arange(len(rois))
    abnormal = np.flatnonzero(rois.label == 1)
    abnormal = abnormal[np.argsort(rois.roi_id[abnormal])]
    for roi in np.flatnonzero(rois.label == 0):
        candidates = abnormal[rois.patient_id[abnormal] != rois.patient_id[roi]]
        if not len(candidates):
            raise CamsegError(
                f"ROI {rois.roi_id[roi]}: no other patient on its side of the split "
                "has an abnormal ROI whose mask it could take"
            )
        owners[roi] = generator(seed, "random mask", rois.roi_id[roi]).choice(candidates)
    return lambda index: 255 * rois.mask[owners[index]]


def inverse(rois: Rois, cams: Pictures, seed: int) -> Weights:
    """Keep all but what `mask` keeps; for a normal ROI it is the same drawn mask."""
    kept = mask(rois, cams, seed)
    return lambda index: 255 - kept(index)


REGIMES: dict[str, Callable[[Rois, Pictures, int], Weights | None]] = {
    "original": original,
    "cam": cam,
    "mask": mask,
    "inverse": inverse,
    "silhouette": mask,  # of a white picture: the outline's shape without any texture
    "swapped": controls.swapped,
    "gaussian": controls.gaussian,
    "noise": controls.noise,
    "blob": controls.blob,
    "inverse_cam": controls.inverse_cam,
}
