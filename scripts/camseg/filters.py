"""The regimes of training: what of each ROI the network gets to see (experiment 2 of the paper).

A regime gives every ROI weights, 0 (removed) to 255 (kept), by which its pixels are multiplied
while loading; filtered pictures are never stored.
"""

from collections.abc import Callable

import numpy as np

from camseg.errors import CamsegError
from camseg.seeds import generator
from camseg.store import Rois


def weights(
    regime: str, rois: Rois, side: np.ndarray, *, cams: np.ndarray | None, seed: int
) -> np.ndarray | None:
    """Return the weights of all ROIs under `regime`: (n, S, S) uint8, 255 = 1; None = all kept.

    `side` (n,) is each ROI's side of the split ("train", "validation"), `cams` (n, S, S) uint8
    its grey map, in the order of `rois`; only the regime "cam" needs it. Pass only ROIs that are
    used: see `mask` for what an abnormal ROI of the same side is needed for.
    Raises CamsegError if the regime is unknown or lacks what it needs.
    """
    if regime not in REGIMES:
        raise CamsegError(f"regime is {regime!r}: must be one of {', '.join(REGIMES)}")
    return REGIMES[regime](rois, np.asarray(side), cams, seed)


def apply(images: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    """Return `images` (n, S, S), 0..255, times `weights` / 255 as float32, 0 = removed.

    `weights` as `weights` returns them. To be done before a network's preprocessing, so that a
    removed pixel is black.
    """
    if weights is None:
        return images.astype(np.float32)
    return images * (weights / np.float32(255))


def original(rois: Rois, side: np.ndarray, cams: np.ndarray | None, seed: int) -> None:
    """Keep everything."""


def cam(rois: Rois, side: np.ndarray, cams: np.ndarray | None, seed: int) -> np.ndarray:
    """Weigh each pixel by the CAM of its ROI, normal or abnormal."""
    if cams is None or cams.shape != rois.image.shape:
        raise CamsegError(
            f"regime 'cam' needs a CAM of each ROI, shape {rois.image.shape}, "
            f"not {None if cams is None else cams.shape}"
        )
    return cams


def mask(rois: Rois, side: np.ndarray, cams: np.ndarray | None, seed: int) -> np.ndarray:
    """Keep the lesion; of a normal ROI, the outline of some other patient's lesion.

    That lesion is drawn among the abnormal ROIs of other patients on the same side of the split,
    so that nothing leaks across. The draw depends on the seed, the normal ROI's id and those
    candidates' ids only, not on the order of ROIs. Raises CamsegError if there is no candidate.
    """
    kept = 255 * rois.mask
    abnormal = np.flatnonzero(rois.label == 1)
    abnormal = abnormal[np.argsort(rois.roi_id[abnormal])]
    for roi in np.flatnonzero(rois.label == 0):
        others = (side[abnormal] == side[roi]) & (rois.patient_id[abnormal] != rois.patient_id[roi])
        candidates = abnormal[others]
        if not len(candidates):
            raise CamsegError(
                f"ROI {rois.roi_id[roi]}: no other patient on its side of the split "
                f"({side[roi]}) has an abnormal ROI whose mask it could take"
            )
        drawn = generator(seed, "random mask", rois.roi_id[roi]).choice(candidates)
        kept[roi] = 255 * rois.mask[drawn]
    return kept


def inverse(rois: Rois, side: np.ndarray, cams: np.ndarray | None, seed: int) -> np.ndarray:
    """Keep all but what `mask` keeps; for a normal ROI it is the same drawn mask."""
    return 255 - mask(rois, side, cams, seed)


REGIMES: dict[str, Callable[[Rois, np.ndarray, np.ndarray | None, int], np.ndarray | None]] = {
    "original": original,
    "cam": cam,
    "mask": mask,
    "inverse": inverse,
}
