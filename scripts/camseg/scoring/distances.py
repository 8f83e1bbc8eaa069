"""How far heat maps are off the lesion: scores that ask where pixels lie, in the source's pixels.

A ROI of H x W pixels is a box of w x h pixels of the source image, so that its pixels are w / W
wide and h / H high. A ROI with an empty mask (a normal ROI) has no distance: NaN.
"""

import cv2
import numpy as np
from scipy.ndimage import distance_transform_edt

TOLERANCE_MM = 2  # a tenth of a mass of 20 mm; no source has two readings to take it from
CROSS = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))


def centroid_distance(maps: np.ndarray, masks: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Return how far a map's centre of mass is from the lesion's centroid: (n,) float64.

    In the source image, over the diameter of a disc of the lesion's area. `maps` and `masks`
    (n, H, W) uint8, masks of {0, 1}; `boxes` (n, 4) x, y, w, h. A constant map's centre, that of
    all 0 too, is the ROI's.
    """
    pixels = boxes[:, 2:] / maps.shape[:0:-1]
    constant = np.where(maps.any(axis=(1, 2)), 0, 1)
    offsets = (_centres(maps, constant) - _centres(masks, np.zeros_like(constant))) * pixels
    area = masks.sum(axis=(1, 2)) * pixels.prod(axis=1)
    with np.errstate(invalid="ignore"):
        return np.hypot(*offsets.T) / np.sqrt(4 * area / np.pi)


def _centres(weights: np.ndarray, added: np.ndarray) -> np.ndarray:
    """Return the centres of mass, x and y in pixels from the corner: (n, 2), NaN for all 0.

    `added` (n,) is added to all weights of an image.
    """
    centres = np.empty((len(weights), 2))
    for axis in (1, 2):  # summed over rows, then columns
        along = weights.sum(axis=axis, dtype=np.float64)
        along += weights.shape[axis] * added[:, np.newaxis]
        with np.errstate(invalid="ignore"):
            centres[:, axis - 1] = along @ (np.arange(along.shape[1]) + 0.5) / along.sum(axis=1)
    return centres


def surface_dice(
    found: np.ndarray,
    masks: np.ndarray,
    boxes: np.ndarray,
    resolution: np.ndarray,
    tolerance: float = TOLERANCE_MM,
) -> np.ndarray:
    """Return the normalised surface distance at `tolerance` mm of what was found: (n,) float64.

    Of the boundary pixels of both, `found` (n, H, W) bool and the mask, the share that has one of
    the other's within the tolerance (Nikolov et al., 2021). Tools differ in what a boundary and a
    distance are (Podobnik and Vrtovec, 2023), so here: a boundary pixel is one of the region with a
    neighbour, of four, that is not, or that is outside the ROI; each counts once; distances are
    between pixel centres, in mm, by `boxes` (n, 4) and `resolution` (n,) micrometres per pixel of
    the source image. NaN where that is unknown; 0 if nothing was found.
    """
    shares = np.full(len(found), np.nan)
    shape = np.array(found.shape[1:])
    sizes = boxes[:, :1:-1] * resolution[:, np.newaxis] / (1000 * shape)  # rows, columns
    for roi in np.flatnonzero(masks.any(axis=(1, 2)) & ~np.isnan(resolution)):
        one, other = boundary(found[roi]), boundary(masks[roi])
        if not one.any():
            shares[roi] = 0
            continue
        near = sum(
            np.count_nonzero(
                distance_transform_edt(np.logical_not(of), sampling=sizes[roi])[edge] <= tolerance
            )
            for edge, of in ((one, other), (other, one))
        )
        shares[roi] = near / (np.count_nonzero(one) + np.count_nonzero(other))
    return shares


def boundary(region: np.ndarray) -> np.ndarray:
    """Return the pixels of a region (H, W) with a neighbour, of four, outside of it or of H x W."""
    region = region.astype(np.uint8)
    inner = cv2.erode(region, CROSS, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    return np.greater(region, inner)
