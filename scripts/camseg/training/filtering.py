"""What of each ROI a network gets to see under a regime of training (experiment 2 of the paper).

A regime gives every ROI weights, 0 (removed) to 255 (kept), by which its pixels are multiplied
while loading, batch by batch; filtered images are never stored. A regime is a module of
`camseg.training.filters` with a function `weights(rois, given, seed)`, and a function
`images(rois)` if they do not multiply the ROIs themselves. What is drawn depends on the seed and
the ROI's id only, and on the ids of the candidates.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from camseg import named
from camseg.errors import CamsegError
from camseg.io.store import Images, Rois
from camseg.seeds import generator

FILTERS = "camseg.training.filters"
Weights = Callable[[np.ndarray], np.ndarray]  # index (b,) of ROIs -> their weights (b, S, S) uint8


@dataclass(frozen=True)
class Given:
    """What regimes take from a network, in the order of the ROIs; None is what was not given.

    The fields are named as in `registry.Regime.needs`.
    """

    cams: Images | None = None  # (n, S, S) uint8, the grey maps of the network of these ROIs
    untrained: Images | None = None  # (n, S, S) uint8, those of the same network untrained
    verdicts: np.ndarray | None = None  # (n,) bool, whether the network says abnormal


def weights(regime: str, rois: Rois, given: Given, *, seed: int) -> Weights | None:
    """Return what gives the weights of any of `rois` under `regime`; None = all is kept.

    The result maps an index (b,) into `rois` to weights (b, S, S) uint8, 255 = 1. Pass the ROIs of
    one side of the split only: what a regime takes from other ROIs must not cross it. Raises
    CamsegError if the regime is unknown or lacks what it needs.
    """
    module = named.load(FILTERS, regime, "regime")
    try:
        return module.weights(rois, given, seed)
    except CamsegError as error:
        raise CamsegError(f"regime {regime!r}: {error}") from error


def images(regime: str, rois: Rois) -> Images:
    """Return what the weights of `regime` are applied to: the ROIs, if it says nothing else."""
    module = named.load(FILTERS, regime, "regime")
    return module.images(rois) if hasattr(module, "images") else rois.image


def apply(images: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    """Return `images` (n, S, S), 0..255, times `weights` / 255 as float32, 0 = removed.

    To be done before a network's preprocessing, so that a removed pixel is black.
    """
    if weights is None:
        return images.astype(np.float32)
    return images * (weights / np.float32(255))


def needed(maps: Images | None, rois: Rois, what: str = "a CAM") -> Images:
    """Return the maps that a regime needs; CamsegError says `what` if they are not of `rois`."""
    if maps is None or maps.shape != rois.image.shape:
        raise CamsegError(
            f"needs {what} of each ROI, shape {rois.image.shape}, "
            f"not {None if maps is None else maps.shape}"
        )
    return maps


def other_patients(rois: Rois, roi: int, candidates: np.ndarray, missing: str) -> np.ndarray:
    """Return those of `candidates`, places in `rois`, that are not of the patient of `roi`.

    Raises CamsegError, saying what is `missing`, if there is none.
    """
    others = candidates[rois.patient_id[candidates] != rois.patient_id[roi]]
    if not len(others):
        raise CamsegError(
            f"ROI {rois.roi_id[roi]}: no other patient on its side of the split{missing}"
        )
    return others


def draw(candidates: np.ndarray, rois: Rois, roi: int, *, seed: int, purpose: str) -> int:
    """Return the one of `candidates` that is drawn for `roi`, by the seed and the ROI's id."""
    return generator(seed, purpose, rois.roi_id[roi]).choice(candidates)


def lay(values: np.ndarray, field: np.ndarray) -> np.ndarray:
    """Return `values` (S, S) uint8 laid out anew: the largest where `field` (S, S) is largest."""
    laid = np.empty(values.size, np.uint8)
    laid[np.argsort(field, axis=None, kind="stable")] = np.sort(values, axis=None)
    return laid.reshape(values.shape)
