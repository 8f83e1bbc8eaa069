import cv2
import numpy as np
import pytest

from camseg.rois.shrinking import shrink

SHAPES = [
    *[((1500, 1100), (512, 375)), ((1201, 700), (512, 298)), ((700, 1201), (299, 512))],
    *[((1024, 1000), (512, 500)), ((600, 3), (512, 3)), ((3, 600), (3, 512)), ((513, 1), (512, 1))],
    *[((1024, 512), (512, 256)), ((300, 200), (300, 200)), ((900, 700), (512, 350))],
]


def pictures(shape):
    random = np.random.default_rng(sum(shape))
    yield random.integers(0, 256, shape, dtype=np.uint8)
    yield random.integers(0, 2, shape, dtype=np.uint8) * 255
    yield np.ascontiguousarray(random.integers(0, 256, shape[::-1], dtype=np.uint8).T)
    yield random.integers(0, 256, (shape[0], 2 * shape[1]), dtype=np.uint8)[:, ::2]


@pytest.mark.parametrize("shape, size", SHAPES)
def test_a_small_copy_is_opencv_s_to_the_bit(shape, size):
    for image in pictures(shape):
        expected = cv2.resize(image, size[::-1], interpolation=cv2.INTER_AREA).reshape(size)
        assert np.array_equal(shrink(image, size), expected)


def test_a_pixel_of_the_copy_is_the_mean_of_its_area():
    """Oracle: with 5 x 4 pixels made of each, areas of 9 x 15 whole ones."""
    image = np.random.default_rng(3).integers(0, 256, (9, 15), dtype=np.uint8)
    fine = np.repeat(np.repeat(image.astype(float), 5, axis=0), 4, axis=1)
    means = fine.reshape(5, 9, 4, 15).mean(axis=(1, 3))
    assert np.abs(shrink(image, (5, 4)) - means).max() <= 0.5 + 1e-4
