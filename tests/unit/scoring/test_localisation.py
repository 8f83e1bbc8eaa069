import warnings

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from sklearn.metrics import average_precision_score

from camseg.errors import CamsegError
from camseg.io import store
from camseg.scoring import localisation
from camseg.scoring.dice import dice_curve
from camseg.scoring.localisation import histograms


@st.composite
def maps_and_masks(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Maps of any kind and masks, none of them empty."""
    shape = draw(st.tuples(st.integers(1, 3), st.integers(1, 8), st.integers(1, 8)))
    masks = draw(arrays.arrays(np.uint8, shape, elements=st.integers(0, 1)))
    masks[:, 0, 0] = 1
    any_map = arrays.arrays(np.uint8, shape)
    constant = st.integers(0, 255).map(lambda grey: np.full(shape, grey, np.uint8))
    two_greys = st.tuples(st.integers(0, 255), st.integers(0, 255)).map(
        lambda grey: np.where(masks, grey[0], grey[1]).astype(np.uint8)
    )
    extremes = arrays.arrays(np.uint8, shape, elements=st.sampled_from([0, 1, 254, 255]))
    return draw(st.one_of(any_map, constant, two_greys, extremes)), masks


def pairs(case):
    return zip(*case, strict=True)


@settings(deadline=None, max_examples=150)
@given(maps_and_masks())
def test_average_precision_is_scikit_learns(case):
    expected = [average_precision_score(mask.ravel(), map_.ravel()) for map_, mask in pairs(case)]
    found = localisation.average_precision(histograms(*case))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


@settings(deadline=None, max_examples=100)
@given(maps_and_masks())
def test_pointing_game_and_energy_by_pixels(case):
    counts = histograms(*case)
    pointed = [mask[map_ == map_.max()].mean() for map_, mask in pairs(case)]
    np.testing.assert_allclose(localisation.pointing_game(counts), pointed, rtol=0, atol=1e-12)
    energy = [
        (map_ * mask.astype(float)).sum() / map_.sum() if map_.any() else 0
        for map_, mask in pairs(case)
    ]
    np.testing.assert_allclose(localisation.energy_inside(counts), energy, rtol=0, atol=1e-12)


def otsu(map_: np.ndarray) -> int:
    """The lowest level whose two parts have the least pooled variance, by pixels."""
    pixels = map_.ravel().astype(float)
    within = []
    for t in range(256):
        parts = pixels[pixels <= t], pixels[pixels > t]
        within.append(sum(len(part) * part.var() for part in parts if len(part)) / len(pixels))
    return int(np.flatnonzero(np.array(within) <= min(within) + 1e-9)[0])


@settings(deadline=None, max_examples=60)
@given(maps_and_masks())
def test_otsu_by_pixels(case):
    maps, masks = case
    levels = localisation.otsu_level(histograms(*case).sum(axis=1))
    assert list(levels) == [otsu(map_) for map_ in maps]
    expected = [
        ((map_ > t) & (mask == 1)).sum() / ((map_ > t) | (mask == 1)).sum()
        for map_, mask, t in zip(maps, masks, levels, strict=True)
    ]
    found = localisation.iou_otsu(histograms(*case))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


def smooth_maps(n: int, size: int = 64) -> np.ndarray:
    random = np.random.default_rng(0)
    grids = random.random((n, 5, 5)).astype(np.float32)
    return np.stack([255 * cv2.resize(grid, (size, size)) for grid in grids]).astype(np.uint8)


def test_otsu_is_opencvs():
    maps = smooth_maps(40)
    expected = [
        cv2.threshold(map_, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)[0] for map_ in maps
    ]
    levels = localisation.otsu_level(histograms(maps, np.ones_like(maps)).sum(axis=1))
    assert list(levels) == expected


def lesion(size: int = 20) -> tuple[np.ndarray, float]:
    mask = np.zeros((1, size, size), np.uint8)
    mask[0, 3:12, 5:17] = 1
    return mask, 9 * 12 / size**2


def scores_of(map_: np.ndarray, mask: np.ndarray) -> dict[str, float]:
    scores, _ = localisation.score(map_.astype(np.uint8), mask, np.array([True]))
    return scores.iloc[0].to_dict()


def test_the_exact_mask_has_all_there_is():
    mask, _ = lesion()
    scores = scores_of(255 * mask, mask)
    assert scores.pop("dice") == pytest.approx(255 / 256)
    assert scores == {
        **dict.fromkeys(("dice_at_threshold", "average_precision", "pointing_game"), 1),
        **dict.fromkeys(("energy_inside", "iou_otsu"), 1),
        **dict.fromkeys(("threshold", "degenerate"), 0),
    }


def test_a_degenerate_map_has_the_values_that_are_stated():
    mask, f = lesion()
    assert scores_of(0 * mask, mask) == {
        **dict.fromkeys(("dice", "dice_at_threshold", "energy_inside", "iou_otsu"), 0),
        **dict.fromkeys(("average_precision", "pointing_game"), pytest.approx(f)),
        "threshold": 0,
        "degenerate": 1,
    }


def test_all_255_scores_the_lesions_share():
    mask, f = lesion()
    scores = scores_of(np.full_like(mask, 255), mask)
    for name in ("average_precision", "pointing_game", "energy_inside", "iou_otsu"):
        assert scores[name] == pytest.approx(f)
    assert scores["dice_at_threshold"] == pytest.approx(2 * f / (1 + f))


def test_normal_rois_have_no_scores_and_warn_of_nothing():
    mask, _ = lesion()
    maps = np.repeat(smooth_maps(1, 20), 2, axis=0)
    masks = np.concatenate([mask, np.zeros_like(mask)])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scores, curves = localisation.score(maps, masks, np.array([True, True]))
    values = scores.drop(columns=["threshold", "degenerate"])
    assert values.iloc[0].notna().all()
    assert values.iloc[1].isna().all()
    assert np.isnan(curves).any(axis=1).tolist() == [False, True]


def test_the_threshold_comes_from_training_rois_only():
    maps = smooth_maps(12)
    masks = (maps > np.arange(20, 260, 20)[:, None, None]).astype(np.uint8)
    masks[:, :2, :2] = 1
    training = np.arange(12) < 4
    scores, curves = localisation.score(maps, masks, training)
    by_hand = [
        np.mean(
            [
                2 * ((map_ > t) & (mask == 1)).sum() / ((map_ > t).sum() + mask.sum())
                for map_, mask in zip(maps[:4], masks[:4], strict=True)
            ]
        )
        for t in range(256)
    ]
    threshold = int(np.argmax(by_hand))
    assert set(scores["threshold"]) == {threshold}
    assert threshold != np.argmax(curves.mean(axis=0))
    assert list(scores["dice_at_threshold"]) == list(dice_curve(maps, masks)[:, threshold])


def test_the_lowest_threshold_of_a_tie_and_no_roi_to_choose_on():
    curves = np.full((2, 256), 0.25)
    curves[:, [40, 90]] = [[0.5, 0.75], [0.75, 0.5]]
    assert localisation.best_threshold(curves) == 40
    assert localisation.best_threshold(np.vstack([curves, np.full(256, np.nan)])) == 40
    with pytest.raises(CamsegError, match="none is on the training side"):
        localisation.best_threshold(np.full((2, 256), np.nan))


def test_a_lesions_area_is_in_the_source_images_pixels():
    mask, f = lesion()
    masks = np.concatenate([mask, np.zeros_like(mask)])
    names = np.array(["a", "b"], dtype=object)
    rois = store.Rois(
        image=masks,
        mask=masks,
        label=np.array([1, 0], np.uint8),
        roi_id=names,
        patient_id=names,
        view=names,
        pathology=names,
        lesion_type=names,
        box=np.array([[7, 9, 100, 60]] * 2, np.int32),
    )
    table = localisation.describe(rois, np.array(["train", "validation"], dtype=object))
    assert table["lesion_share"].tolist() == pytest.approx([f, np.nan], nan_ok=True)
    assert table["lesion_area"].tolist() == pytest.approx([f * 6000, np.nan], nan_ok=True)
    assert table["label"].tolist() == ["abnormal", "normal"]
