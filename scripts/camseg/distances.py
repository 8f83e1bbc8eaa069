"""Distances from an edge by OpenCV, the same to the bit wherever they are taken."""

import cv2
import numpy as np


def inside(mask: np.ndarray) -> np.ndarray:
    """Return the distance of each pixel of an (H, W) mask from what is outside, float32 pixels.

    The image's edge is no outside. In one thread OpenCV rounds otherwise than in several, and by
    where the image lies in memory: it gets two, whatever the machine's cores.
    """
    threads = cv2.getNumThreads()
    cv2.setNumThreads(2)
    try:
        return cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    finally:
        cv2.setNumThreads(threads)
