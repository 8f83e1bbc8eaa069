import io

import numpy as np
import pytest
from PIL import Image, ImageOps

from camseg.formats.pictures import Picture, eight_bit, grey_range, inverted, turned, turned_shape

RNG = np.random.default_rng(1)
BYTES = RNG.integers(0, 256, (7, 5), dtype=np.uint8)


@pytest.mark.parametrize("orientation", range(10))
def test_pixels_are_turned_as_pillow_turns_them(orientation):
    image = Image.fromarray(BYTES)
    exif = image.getexif()
    exif[274] = orientation
    buffer = io.BytesIO()
    image.save(buffer, "png", exif=exif)
    expected = np.asarray(ImageOps.exif_transpose(Image.open(buffer)))
    assert np.array_equal(turned(BYTES, orientation), expected)
    assert turned_shape(BYTES.shape, orientation) == expected.shape
    colours = np.stack([BYTES, BYTES, BYTES], axis=2)
    assert np.array_equal(turned(colours, orientation)[..., 1], expected)


def test_eight_bits_are_the_file_s_own_or_its_range():
    assert eight_bit(Picture(BYTES)) is BYTES
    assert eight_bit(Picture(BYTES), robust=True) is BYTES
    grey = np.array([[1000, 1510, 2020]], np.uint16)
    assert eight_bit(Picture(grey)).tolist() == [[0, 128, 255]]
    assert eight_bit(Picture(grey.astype(np.int32) - 3000)).tolist() == [[0, 128, 255]]
    assert eight_bit(Picture(np.full((2, 2), 7, np.uint16))).tolist() == [[0, 0], [0, 0]]


@pytest.mark.parametrize("dtype", [np.uint16, np.int16, np.int32])
@pytest.mark.parametrize("robust", [False, True])
def test_every_grey_level_becomes_what_its_own_number_does(dtype, robust):
    """Oracle: the line from the lowest to the highest, in single precision, pixel by pixel."""
    grey = (RNG.normal(3000, 900, (200, 100)) * (1 if dtype == np.uint16 else -2)).astype(dtype)
    low, high = grey_range(grey, robust=robust)
    factor = np.float32(255 / (high - low))
    expected = [
        round(float((np.float32(min(max(level, low), high)) - np.float32(low)) * factor))
        for level in grey.ravel().tolist()
    ]
    image = eight_bit(Picture(grey), robust=robust)
    assert (image.dtype, image.ravel().tolist()) == (np.uint8, expected)


def test_padding_is_black_and_outside_the_range():
    grey = np.array([[1000, 1510, 2020, 65535]], np.uint16)
    padding = np.array([[False, False, False, True]])
    assert eight_bit(Picture(grey, padding)).tolist() == [[0, 128, 255, 0]]
    assert eight_bit(Picture(BYTES, BYTES > 99)).max() <= 99


def test_a_hot_pixel_moves_the_range_but_not_the_robust_one():
    grey = RNG.integers(1000, 3000, (100, 100), dtype=np.uint16)
    hot = grey.copy()
    hot[5, 5], hot[7, 7] = 65535, 0
    assert grey_range(hot, robust=False) == (0, 65535)
    low, high = grey_range(hot, robust=True)
    ordered = np.sort(hot, axis=None)  # 10,000 pixels: a thousandth of them are ten
    assert (low, high) == (ordered[10], ordered[-11])
    image = eight_bit(Picture(hot), robust=True)
    expected = np.clip((hot.astype(float) - low) / (high - low) * 255, 0, 255)
    assert np.abs(image - expected).max() <= 0.5 + 1e-3
    assert len(np.unique(eight_bit(Picture(hot)))) < 12 < 200 < len(np.unique(image))


def test_bright_and_dark_change_places_within_the_bits():
    assert inverted(np.array([0, 1, 4095], np.uint16), 12).tolist() == [4095, 4094, 0]
    assert inverted(np.array([0, 255], np.uint8), 8).tolist() == [255, 0]
    assert inverted(np.array([-32768, -1, 0, 32767], np.int16), 16).tolist() == [
        32767,
        0,
        -1,
        -32768,
    ]
