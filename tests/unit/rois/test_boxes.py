import numpy as np
import pytest

from camseg.rois import boxes
from camseg.rois.boxes import Box, Wall


def test_padding_widens_each_side_by_its_own_share():
    # of 40 x 20: 10 % of 40 = 4 left, 20 % of 20 = 4 top, 30 % of 40 = 12 right, 25 % = 5 bottom
    fractions = np.array([0.1, 0.2, 0.3, 0.25])
    assert boxes.pad_box(Box(100, 50, 40, 20), fractions) == Box(96, 46, 56, 29)


def test_clipping_keeps_the_part_inside():
    assert boxes.clip_box(Box(-5, 10, 30, 200), (100, 20)) == Box(0, 10, 20, 90)
    assert boxes.clip_box(Box(3, 4, 5, 6), (100, 20)) == Box(3, 4, 5, 6)


def test_mirrored_place_is_as_far_from_the_chest_wall():
    # LEFT's chest wall is column 0, RIGHT's is column 99 of an image 100 wide
    left, right = Wall("LEFT", 0), Wall("RIGHT", 100)
    assert boxes.mirror_box(Box(10, 7, 20, 5), left, right) == Box(70, 7, 20, 5)
    assert boxes.mirror_box(Box(70, 7, 20, 5), right, left) == Box(10, 7, 20, 5)
    # both stored with the chest wall at the same edge, one breast beginning at column 30
    assert boxes.mirror_box(Box(10, 7, 20, 5), left, Wall("LEFT", 30)) == Box(40, 7, 20, 5)
    assert boxes.mirror_box(Box(70, 7, 20, 5), right, Wall("RIGHT", 95)) == Box(65, 7, 20, 5)


def test_box_is_shifted_inside_by_as_little_as_possible():
    assert boxes.shift_inside(Box(-5, 95, 20, 10), (100, 60)) == Box(0, 90, 20, 10)
    assert boxes.shift_inside(Box(50, 0, 20, 10), (100, 60)) == Box(40, 0, 20, 10)
    assert boxes.shift_inside(Box(0, 0, 61, 10), (100, 60)) is None


def test_overlap_means_sharing_a_pixel():
    box = Box(10, 10, 5, 5)
    assert boxes.overlap(box, Box(14, 14, 5, 5))
    assert not boxes.overlap(box, Box(15, 10, 5, 5))
    assert not boxes.overlap(box, Box(10, 5, 5, 5))


def test_bounding_box_of_a_mask():
    mask = np.zeros((30, 40), dtype=np.uint8)
    mask[4:9, 11] = mask[6, 8:15] = 1
    assert boxes.bounding_box(mask) == Box(8, 4, 7, 5)


def test_shrinking_averages_areas_and_enlarging_is_bilinear():
    image = np.arange(64, dtype=np.float32).reshape(8, 8)
    blocks = image.reshape(4, 2, 4, 2).mean(axis=(1, 3))
    assert boxes.resize(image, 4) == pytest.approx(blocks)
    ramp = np.tile(np.arange(4, dtype=np.float32), (4, 1))
    # half-pixel centres: output column i looks at (i + 0.5) / 2 - 0.5, clamped to the image
    expected = np.clip((np.arange(8) + 0.5) / 2 - 0.5, 0, 3)
    assert boxes.resize(ramp, 8) == pytest.approx(np.tile(expected, (8, 1)))
    # one axis shrinks, the other grows
    mixed = boxes.resize(np.tile(np.arange(2, dtype=np.float32), (16, 1)), 8)
    assert mixed == pytest.approx(np.tile(np.clip((np.arange(8) + 0.5) / 4 - 0.5, 0, 1), (8, 1)))


def test_one_pixel_wide_boxes_still_have_the_wanted_shape():
    assert boxes.resize(np.ones((1, 9), dtype=np.uint8), 4).shape == (4, 4)


def test_mask_is_lesion_where_at_least_half_is():
    mask = np.zeros((4, 4), dtype=np.uint8)
    mask[:, :1] = 1  # halves of the left blocks
    assert (boxes.cut_mask(mask, Box(0, 0, 4, 4), 2) == [[1, 0], [1, 0]]).all()
    mask[0, 0] = 0
    assert (boxes.cut_mask(mask, Box(0, 0, 4, 4), 2) == [[0, 0], [1, 0]]).all()
