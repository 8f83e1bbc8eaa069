"""Masks without an outline: what of a CAM is above the CAM's own Otsu level."""

import cv2
import numpy as np


def pseudo_masks(cams: np.ndarray) -> np.ndarray:
    """Return the parts of CAMs (n, S, S) uint8 above their Otsu levels: (n, S, S) uint8 {0, 1}.

    N. Otsu, "A threshold selection method from gray-level histograms" (1979): the level t that
    parts a map's grey levels <= t from those > t with the largest variance between. A CAM that is
    constant, as a degenerate one is, has an empty mask.
    """
    masks = np.zeros(cams.shape, np.uint8)
    for cam, mask in zip(cams, masks, strict=True):
        if cam.min() < cam.max():
            mask[:] = cam > otsu_level(cam)
    return masks


def otsu_level(cam: np.ndarray) -> int:
    """Return the Otsu level of a CAM (S, S) uint8 that is not constant."""
    level, _ = cv2.threshold(cam, 0, 1, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    return int(level)
