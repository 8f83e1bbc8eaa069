"""Regions of a ROI, and how they are replaced by the same regions of normal ROIs."""

import cv2
import numpy as np

from camseg.seeds import generator

FEATHER = 1 / 64  # of the side: the deviation of the Gaussian that softens a region's edge


def pairs(
    roi_ids: np.ndarray, labels: np.ndarray, sides: np.ndarray, *, drawn: int | None = None
) -> np.ndarray:
    """Return the places of abnormal ROIs and of the normal ROIs cut for them: (m, 2).

    `<pair>.abnormal` and `<pair>.normal` have to stand on the same side of the split, and to be
    used. With the seed `drawn`, an abnormal ROI without such a normal one gets another of its side,
    as where normal ROIs are other patients'. The arrays are (n,); in the order of the abnormal
    ROIs.
    """
    place = {roi_id: number for number, roi_id in enumerate(roi_ids)}
    found = []
    for number in np.flatnonzero((labels == 1) & (sides != "unused")):
        normal = place.get(f"{roi_ids[number].removesuffix('.abnormal')}.normal")
        if normal is not None and sides[normal] == sides[number]:
            found.append((number, normal))
        elif drawn is not None:
            others = np.flatnonzero((labels == 0) & (sides == sides[number]))
            random = generator(drawn, "another normal", roi_ids[number])
            found.append((number, random.choice(others)))
    return np.array(found, int).reshape(-1, 2)


def highest(maps: np.ndarray, masks: np.ndarray, roi_ids: np.ndarray, seed: int) -> np.ndarray:
    """Return the highest pixels of maps, as many as the lesion has: (n, S, S) bool.

    `maps` (n, S, S) numbers, `masks` (n, S, S) {0, 1}. Among equal pixels it is drawn, with the
    seed and the ROI's id.
    """
    regions = np.zeros(maps.shape, bool)
    for region, values, mask, roi_id in zip(regions, maps, masks, roi_ids, strict=True):
        ties = generator(seed, "ties", roi_id).permutation(values.size)
        falling = np.lexsort((ties, -values.ravel().astype(np.float64)))
        region.flat[falling[: int(mask.sum())]] = True
    return regions


def replaced(images: np.ndarray, others: np.ndarray, regions: np.ndarray) -> np.ndarray:
    """Return images with the `regions` of `others` in their place, all (n, S, S): uint8.

    The regions' edges are softened by a Gaussian of FEATHER of the side: a region and its
    complement together bring in the whole of the other image, and no more.
    """
    changed = np.empty(images.shape, np.uint8)
    for new, image, other, region in zip(changed, images, others, regions, strict=True):
        share = cv2.GaussianBlur(region.astype(np.float32), (0, 0), FEATHER * len(image))
        new[:] = np.rint((1 - share) * image + share * other)
    return changed
