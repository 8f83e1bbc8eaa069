import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from camseg.errors import CamsegError
from camseg.scoring.dice import dice_curve, mean_dice


def dice(a: np.ndarray, b: np.ndarray) -> float:
    """Dice of two binary images, as the paper defines it."""
    return 2 * (a & b).sum() / (a.sum() + b.sum())


def brute_force(cams: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """Equation 9 to the letter."""
    return np.array(
        [
            sum(dice(mask, cam > t) for t in range(256)) / 256 if mask.any() else np.nan
            for cam, mask in zip(cams, masks.astype(bool), strict=True)
        ]
    )


@st.composite
def maps_and_masks(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    shape = draw(st.tuples(st.integers(1, 3), st.integers(1, 9), st.integers(1, 9)))
    masks = draw(arrays.arrays(bool, shape))
    any_map = arrays.arrays(np.uint8, shape)
    constant = st.integers(0, 255).map(lambda grey: np.full(shape, grey, np.uint8))
    two_greys = st.tuples(st.integers(0, 255), st.integers(0, 255)).map(
        lambda grey: np.where(masks, grey[0], grey[1]).astype(np.uint8)
    )
    extremes = arrays.arrays(np.uint8, shape, elements=st.sampled_from([0, 1, 254, 255]))
    return draw(st.one_of(any_map, constant, two_greys, extremes)), masks


@settings(deadline=None, max_examples=200)
@given(maps_and_masks())
def test_equals_brute_force(case):
    cams, masks = case
    np.testing.assert_allclose(mean_dice(cams, masks), brute_force(cams, masks), rtol=0, atol=1e-12)


@settings(deadline=None, max_examples=100)
@given(maps_and_masks())
def test_no_map_scores_higher_than_the_exact_mask(case):
    cams, masks = case
    values = mean_dice(cams, masks)
    exact = (cams == 255 * masks.astype(np.uint8)).all(axis=(1, 2))
    np.testing.assert_allclose(values[masks.any(axis=(1, 2)) & exact], 255 / 256, atol=1e-12)
    assert not (values[~exact] > 255 / 256 - 1e-12).any()


@pytest.mark.parametrize("pixels", range(1, 10))
def test_every_pixel_counts_whatever_their_number(pixels):
    for lesion in range(pixels):
        mask = np.zeros((1, 1, pixels), np.uint8)
        mask[..., lesion] = 1
        cams = np.arange(pixels, dtype=np.uint8).reshape(1, 1, pixels)
        np.testing.assert_allclose(mean_dice(cams, mask), brute_force(cams, mask), atol=1e-12)


def test_equals_brute_force_on_smooth_maps():
    random = np.random.default_rng(0)
    rows, columns = np.mgrid[:61, :47]
    cams = np.stack(
        [
            np.rint(255 * np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / 300))
            for y, x in random.integers(0, 47, (5, 2))
        ]
    ).astype(np.uint8)
    masks = np.stack([(rows - 30) ** 2 + (columns - 23) ** 2 < r * r for r in (1, 5, 12, 20, 99)])
    np.testing.assert_allclose(mean_dice(cams, masks), brute_force(cams, masks), rtol=0, atol=1e-12)


def test_curve_is_dice_at_every_threshold():
    random = np.random.default_rng(0)
    cams = random.integers(0, 256, (2, 8, 8), dtype=np.uint8)
    masks = random.random((2, 8, 8)) < 0.4
    expected = [
        [dice(mask, cam > t) for t in range(256)] for cam, mask in zip(cams, masks, strict=True)
    ]
    curve = dice_curve(cams, masks)
    assert curve.shape == (2, 256)
    assert curve.dtype == np.float64
    np.testing.assert_allclose(curve, expected, rtol=0, atol=1e-15)
    np.testing.assert_array_equal(mean_dice(cams, masks), curve.mean(axis=1))


def lesion() -> tuple[np.ndarray, float]:
    """A mask and its share f of the ROI."""
    mask = np.zeros((1, 20, 20), np.uint8)
    mask[0, 3:12, 5:17] = 1
    return mask, 9 * 12 / 400


@pytest.mark.parametrize("grey", [0, 1, 100, 254, 255])
def test_constant_map(grey):
    mask, f = lesion()
    cam = np.full_like(mask, grey)
    assert mean_dice(cam, mask)[0] == pytest.approx(grey / 256 * 2 * f / (1 + f), abs=1e-12)


def test_exact_and_inverse_mask():
    mask, _ = lesion()
    assert mean_dice(255 * mask, mask)[0] == pytest.approx(255 / 256, abs=1e-12)
    assert mean_dice(255 * (1 - mask), mask)[0] == 0


def test_single_pixel_in_and_outside_the_lesion():
    mask, _ = lesion()
    cam = np.zeros_like(mask)
    cam[0, 3, 5] = 128
    assert mean_dice(cam, mask)[0] == pytest.approx(128 / 256 * 2 / (108 + 1), abs=1e-12)
    assert mean_dice(cam[:, ::-1, ::-1], mask)[0] == 0


def test_normal_rois_have_no_dice():
    mask, _ = lesion()
    masks = np.concatenate([np.zeros_like(mask), mask])
    for grey in (0, 255):
        values = mean_dice(np.full_like(masks, grey), masks)
        assert np.isnan(values).tolist() == [True, False]
    assert mean_dice(masks[:0], masks[:0]).shape == (0,)


def test_views_and_kinds_of_masks():
    random = np.random.default_rng(0)
    cams = random.integers(0, 256, (4, 10, 12), dtype=np.uint8)
    masks = random.random((4, 10, 12)) < 0.5
    expected = mean_dice(cams, masks)
    for kind in (np.uint8, np.int8, np.int64):
        np.testing.assert_array_equal(mean_dice(cams, masks.astype(kind)), expected)
    turned = mean_dice(cams.transpose(0, 2, 1), masks.transpose(0, 2, 1))
    np.testing.assert_array_equal(turned, expected)
    np.testing.assert_array_equal(mean_dice(cams[::-2], masks[::-2]), expected[::-2])


@pytest.mark.parametrize(
    ("cams", "masks", "message"),
    [
        (np.zeros((2, 3, 3), np.float32), np.zeros((2, 3, 3), bool), "maps are float32"),
        (np.zeros((2, 3, 3), np.uint8), np.zeros((2, 3, 3)), "masks are float64"),
        (np.zeros((2, 3, 3), np.uint8), np.full((2, 3, 3), 255, np.uint8), "0 and 1 only"),
        (np.zeros((2, 3, 3), np.uint8), np.full((2, 3, 3), -1), "0 and 1 only"),
        (np.zeros((2, 3, 3), np.uint8), np.zeros((2, 3, 4), bool), r"shape \(2, 3, 4\)"),
        (np.zeros((3, 3), np.uint8), np.zeros((3, 3), bool), "ROIs, height, width"),
    ],
)
def test_unfit_arguments(cams, masks, message):
    with pytest.raises(CamsegError, match=message):
        mean_dice(cams, masks)
