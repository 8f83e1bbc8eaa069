"""CAMs refined by the image: what the map is sure of, spread along the ROI's own edges.

No outline is used and nothing is trained. Three methods, each of which starts from what the CAM
says: its Otsu level, above which a pixel is rather object than not, and its highest and lowest
pixels, which are taken for certain. A CAM that is constant says nothing: its map is all 0.
"""

from collections.abc import Callable

import cv2
import numpy as np
from skimage import segmentation
from tqdm import tqdm

from camseg.seeds import derive_seed
from camseg.segmentation.dense_crf import mean_field
from camseg.segmentation.pseudo_masks import otsu_level

# Shares of a CAM's pixels that are taken for certain: a quarter of what a lesion fills of its ROI,
# about 0.4, so that a CAM need be right but there.
OBJECT = 0.1  # the highest
BACKGROUND = 0.1  # the lowest
ITERATIONS = 5  # of GrabCut
DOUBT = 0.05  # the CRF's probability that a CAM's lowest pixel is object, its highest background
BETA = 90  # Grady's: a step between the two most different neighbours has the weight exp(-90)


def refine(
    method: str, images: np.ndarray, cams: np.ndarray, roi_id: np.ndarray, seed: int
) -> np.ndarray:
    """Return the CAMs of images, both (n, S, S) uint8, refined: (n, S, S) uint8, with progress.

    `method` is a name of REFINEMENTS; "grab_cut" gives 0 and 255, the others the probability of
    object times 255. `seed` with a ROI's id, of `roi_id` (n,), gives what is drawn: a map depends
    on its ROI alone.
    """
    maps = np.zeros(cams.shape, np.uint8)
    rows = zip(maps, images, cams, roi_id, strict=True)
    for found, image, cam, name in tqdm(rows, total=len(maps), unit="ROI", mininterval=5):
        if cam.min() < cam.max():
            probability = REFINEMENTS[method](image, cam, derive_seed(seed, method, name))
            found[:] = np.rint(255 * probability)
    return maps


def certain(cam: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return which pixels of a CAM are taken for object, which for background: both (S, S) bool.

    The share OBJECT of the highest, BACKGROUND of the lowest, and pixels that tie with them; but
    object is above the Otsu level, background is not. Neither is empty if the CAM is not constant.
    """
    values, above = np.sort(cam, axis=None), cam > otsu_level(cam)
    low = values[max(round(BACKGROUND * cam.size), 1) - 1]
    high = values[-max(round(OBJECT * cam.size), 1)]
    return (cam >= high) & above, (cam <= low) & ~above


def grab_cut(image: np.ndarray, cam: np.ndarray, seed: int) -> np.ndarray:
    """Return what GrabCut (Rother et al., 2004) takes for object: (S, S) bool.

    Object and background at first are what is above the CAM's Otsu level and what is not; what is
    certain stays. Five iterations, OpenCV's own settings.
    """
    cv2.setRNGSeed(seed % 2**31)
    sure, never = certain(cam)
    labels = np.where(cam > otsu_level(cam), cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    labels[sure], labels[never] = cv2.GC_FGD, cv2.GC_BGD
    other, own = np.zeros((2, 1, 65))  # what background and object look like, to be filled in
    colour = cv2.merge([image] * 3)
    no_box = (0, 0, 0, 0)
    cv2.grabCut(colour, labels, no_box, other, own, ITERATIONS, cv2.GC_INIT_WITH_MASK)
    return (labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)


def crf(image: np.ndarray, cam: np.ndarray, seed: int) -> np.ndarray:
    """Return the probability of object by a dense CRF, see `dense_crf`: (S, S) float64.

    A pixel's probability by itself is 1/2 halfway between the CAM's Otsu level and the next,
    DOUBT at 0 and 1 - DOUBT at 255, and linear between them. Nothing is drawn.
    """
    levels = [0, otsu_level(cam) + 0.5, 255]
    return mean_field(image, np.interp(cam, levels, [DOUBT, 0.5, 1 - DOUBT]))


def random_walker(image: np.ndarray, cam: np.ndarray, seed: int) -> np.ndarray:
    """Return with what probability a walk from a pixel meets object first: (S, S) float64.

    L. Grady, "Random walks for image segmentation" (2006): of pixels that are certain, by steps to
    one of four neighbours. The more their grey levels differ, the less probable is a step; squared
    differences are in units of the ROI's largest. In a ROI without any contrast all steps are
    alike. Solved exactly; nothing is drawn.
    """
    sure, never = certain(cam)
    labels = np.where(sure, 1, np.where(never, 2, 0))
    if labels.all():
        return sure
    data = image / 255
    largest = max(np.square(np.diff(data, axis=axis)).max() for axis in (0, 1))
    if largest:
        # scikit-image's unit of squared differences is 10 standard deviations
        beta = BETA / largest * 10 * data.std()
    else:
        data, beta = cam / 255, 0  # any image that has a standard deviation
    found = segmentation.random_walker(data, labels, beta=beta, mode="bf", return_full_prob=True)
    return np.clip(found[0], 0, 1)  # it is, but for rounding


REFINEMENTS: dict[str, Callable[[np.ndarray, np.ndarray, int], np.ndarray]] = {
    "grab_cut": grab_cut,
    "crf": crf,
    "random_walker": random_walker,
}
