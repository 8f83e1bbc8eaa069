import cv2
import numpy as np
import pytest
from scipy import ndimage

from camseg.rois.masks import examine
from conftest import block, padded_ellipses

SHAPE = 120, 80


def ellipse(thickness=cv2.FILLED):
    mask = np.zeros(SHAPE, np.uint8)
    return cv2.ellipse(mask, (40, 60), (20, 30), 30, 0, 360, 1, thickness)


def test_a_lesion_s_mask_is_described_and_left_as_it_is():
    mask = ellipse()
    sanity = examine(mask)
    assert (sanity.odd, sanity.hopeless) == ("", "")
    assert sanity.mended is mask
    assert sanity.components == 1
    rows, columns = np.nonzero(mask)
    area = (np.ptp(rows) + 1) * (np.ptp(columns) + 1)
    assert sanity.box_share == pytest.approx(mask.sum() / area)
    assert not sanity.touches_edge


@pytest.mark.parametrize("x, y", [(0, 50), (64, 50), (20, 0), (20, 112)])
def test_touching_any_edge_is_told(x, y):
    assert examine(block(SHAPE, x, y, 16, 8, 1)).touches_edge
    assert not examine(block(SHAPE, min(max(x, 1), 63), min(max(y, 1), 111), 16, 8, 1)).touches_edge


def test_ellipses_padded_as_in_the_paper_are_never_odd():
    for mask in padded_ellipses(50, 96):
        sanity = examine(mask)
        assert (sanity.odd, sanity.hopeless, sanity.components) == ("", "", 1)


def test_an_inverted_mask_is_turned_back():
    mask = ellipse()
    sanity = examine(1 - mask)
    assert sanity.odd == f"it marks {(1 - mask).mean():.2f} of the image and its border: inverted"
    assert np.array_equal(sanity.mended, mask)
    assert sanity.box_share == pytest.approx((1 - mask).mean())
    assert sanity.touches_edge


@pytest.mark.parametrize("share", [0.2, 0.5, 0.7])
def test_an_inverted_mask_is_found_however_large_its_lesion(share):
    lesion = np.zeros((100, 100), np.uint8)
    cv2.circle(lesion, (40, 50), round(100 * (share / np.pi) ** 0.5), 1, cv2.FILLED)
    assert lesion[:, 0].any() == (share >= 0.5)  # it may reach the chest wall's edge
    assert np.array_equal(examine(1 - lesion).mended, lesion)
    assert examine(lesion).odd == ""


def test_a_lesion_that_fills_the_picture_but_for_its_corners_is_not_inverted():
    mask = np.zeros(SHAPE, np.uint8)
    cv2.ellipse(mask, (40, 60), (48, 72), 0, 0, 360, 1, cv2.FILLED)
    assert mask.mean() > 0.9
    assert examine(mask).odd == ""


@pytest.mark.parametrize("thickness", [1, 2])
def test_an_outline_is_filled(thickness):
    line = ellipse(thickness)
    sanity = examine(line)
    filled = ndimage.binary_fill_holes(line)
    share = line.sum() / filled.sum()
    assert sanity.odd == f"it is an outline, {share:.2f} of what it encloses: filled"
    assert np.array_equal(sanity.mended, filled)
    assert sanity.box_share == pytest.approx(line[line.any(1)][:, line.any(0)].mean())


def test_a_lesion_with_a_hole_is_no_outline():
    mask = ellipse()
    mask[55:65, 35:45] = 0
    sanity = examine(mask)
    assert sanity.odd == ""
    assert sanity.mended is mask


def test_specks_are_removed_and_the_box_is_the_lesion_s():
    mask = ellipse()
    spotted = mask.copy()
    spotted[2, 2] = spotted[110, 70] = spotted[111, 71] = 1  # the last two are one piece
    sanity = examine(spotted)
    assert sanity.odd == "2 specks beside the lesion: removed"
    assert sanity.components == 3
    assert np.array_equal(sanity.mended, mask)


def test_a_speck_of_an_outline_is_measured_by_what_the_outline_encloses():
    spotted = ellipse(1)
    spotted[2:4, 2:4] = 1
    sanity = examine(spotted)
    assert sanity.odd.count(" and ") == 1
    assert np.array_equal(sanity.mended, ndimage.binary_fill_holes(ellipse(1)))


def test_pieces_of_some_size_are_kept():
    mask = ellipse()
    mask[2:9, 2:9] = 1  # 49 of 1,900 pixels
    sanity = examine(mask)
    assert (sanity.odd, sanity.components) == ("", 2)
    assert sanity.mended is mask


def test_what_covers_hardly_any_of_its_box_is_no_lesion_s_area():
    line = np.zeros(SHAPE, np.uint8)
    cv2.line(line, (5, 5), (70, 100), 1)
    assert examine(line).hopeless.endswith("of its box: a line?")
    two = block(SHAPE, 2, 2, 8, 8, 1) | block(SHAPE, 60, 100, 8, 8, 1)
    share = 128 / (66 * 106)
    assert examine(two).hopeless == (
        f"its mask covers only {share:.3f} of its box, in 2 pieces: several lesions?"
    )
