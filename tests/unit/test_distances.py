import cv2
import numpy as np

from camseg import distances


def test_distances_against_brute_force():
    mask = np.random.default_rng(0).random((14, 19)) < 0.9
    outside = np.argwhere(~mask)
    wanted = [
        np.hypot(*(outside - (row, column)).T).min() if mask[row, column] else 0
        for row in range(14)
        for column in range(19)
    ]
    assert np.abs(distances.inside(mask).ravel() - wanted).max() < 1e-5


def test_they_are_the_same_wherever_the_image_lies_in_memory():
    """In one thread OpenCV's differ in their last bits by the memory's alignment."""
    rows, columns = np.ogrid[:200, :301]
    inside = rows**2 + columns**2 < 190**2
    room = np.zeros(inside.size + 64, bool)
    found, sizes = set(), np.random.default_rng(0)
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        for start in range(64):
            pixels = room[start : start + inside.size].reshape(inside.shape)
            pixels[:] = inside
            between = [np.empty(size) for size in sizes.integers(1, 99999, 3)]
            found.add(distances.inside(pixels).tobytes())
            del between
    finally:
        cv2.setNumThreads(threads)
    assert len(found) == 1
