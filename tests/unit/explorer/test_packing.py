import base64
import io

import numpy as np
import pytest
from PIL import Image

import unpacking
from camseg.errors import CamsegError
from camseg.explorer import packing


def enlarged(grid, size=64):
    """A map as an explanation of few cells has it: between the cells it rises evenly."""
    places = np.linspace(0, len(grid) - 1, size)
    cells = np.arange(len(grid))
    rows = np.array([np.interp(places, cells, column) for column in grid.T]).T
    return np.array([np.interp(places, cells, row) for row in rows]).round().astype(np.uint8)


def test_smooth_maps_come_back_to_the_bit_and_as_differences():
    random = np.random.default_rng(1)
    for _ in range(5):
        grey = enlarged(random.integers(0, 256, (4, 4)))
        packed = packing.pack_map(grey)
        assert packed[:2] == [64, 1]
        assert np.array_equal(unpacking.unpack_map(packed), grey)
        assert len(base64.b64decode(packed[2])) < grey.size / 4


def test_differences_wrap_round():
    grey = np.array([[0, 255, 1], [254, 3, 250], [9, 255, 0]], np.uint8)
    differences = packing._differences(grey)
    for row, column in np.ndindex(3, 3):
        above = int(grey[row - 1, column]) if row else 0
        left = int(grey[row, column - 1]) if column else 0
        corner = int(grey[row - 1, column - 1]) if row and column else 0
        assert differences[row, column] == (int(grey[row, column]) - above - left + corner) % 256


def test_a_map_that_is_hard_to_pack_is_halved_until_it_fits():
    random = np.random.default_rng(2)
    grey = random.integers(0, 256, (128, 128)).astype(np.uint8)
    side, differ, text = packing.pack_map(grey)
    assert (side, differ) == (32, 0)
    assert len(base64.b64decode(text)) <= packing.LARGEST
    expected = grey.reshape(32, 4, 32, 4).mean(axis=(1, 3))
    found = unpacking.unpack_map([side, differ, text]).astype(float)
    assert abs(found - expected).max() <= 1  # of two roundings


def test_a_map_of_nothing_is_stored_whole():
    packed = packing.pack_map(np.zeros((32, 32), np.uint8))
    assert packed[0] == 32
    assert not unpacking.unpack_map(packed).any()


def test_masks_come_back_to_the_bit():
    random = np.random.default_rng(3)
    for side in (8, 13):  # 169 pixels are no whole number of bytes
        mask = random.integers(0, 2, (side, side)).astype(np.uint8)
        assert np.array_equal(unpacking.unpack_mask(packing.pack_mask(mask), side), mask)


def test_curves_come_back_within_half_a_step():
    random = np.random.default_rng(4)
    curves = random.random((3, 256))
    curves[0, :3] = 0, 1, 0  # the largest steps
    found = unpacking.unpack_curves(packing.pack_curves(curves))
    assert found.shape == curves.shape
    assert abs(found - curves).max() <= 0.5 / packing.STEPS
    assert list(found[0, :3]) == [0, 1, 0]


def test_a_curve_with_gaps_is_refused():
    with pytest.raises(CamsegError, match="score its maps again"):
        packing.pack_curves(np.full((1, 256), np.nan))


def test_images_are_jpegs_of_nearly_the_same_grey():
    grey = enlarged(np.array([[0, 80], [160, 255]]))
    image = Image.open(io.BytesIO(base64.b64decode(packing.pack_image(grey))))
    assert (image.format, image.mode, image.size) == ("JPEG", "L", (64, 64))
    assert abs(np.asarray(image).astype(int) - grey).max() <= 4
