import itertools
import warnings

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from sklearn.metrics import average_precision_score, roc_auc_score

from camseg.errors import CamsegError
from camseg.io import store
from camseg.scoring import localisation
from camseg.scoring.dice import dice_curve, mean_dice
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


@settings(deadline=None, max_examples=150)
@given(maps_and_masks())
def test_pixel_auc_is_scikit_learns(case):
    expected = [
        np.nan if mask.all() else roc_auc_score(mask.ravel(), map_.ravel())
        for map_, mask in pairs(case)
    ]
    found = localisation.pixel_auc(histograms(*case))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


@settings(deadline=None, max_examples=100)
@given(maps_and_masks())
def test_placement_by_the_formulas_and_by_sorting_the_pixels(case):
    maps, masks = case
    gain, most = localisation.placement(histograms(*case))
    above = np.array([[np.mean(map_ > t) for t in range(256)] for map_ in maps])
    f = masks.mean(axis=(1, 2))[:, None]
    shuffled = (2 * f * above / (f + above)).mean(axis=1)
    np.testing.assert_allclose(gain, mean_dice(*case) - shuffled, rtol=0, atol=1e-12)
    best = (2 * np.minimum(f, above) / (f + above)).mean(axis=1)
    np.testing.assert_allclose(most, best - shuffled, rtol=0, atol=1e-12)
    in_order = np.empty_like(maps)
    for map_, mask, ordered in zip(maps, masks, in_order, strict=True):
        ordered[mask == 0] = np.sort(map_, axis=None)[: np.count_nonzero(mask == 0)]
        ordered[mask == 1] = np.sort(map_, axis=None)[np.count_nonzero(mask == 0) :]
    assert (localisation.placement(histograms(in_order, masks))[0] == most).all()  # to the bit


def test_placement_is_0_on_average_over_all_places_of_the_pixels():
    """Oracle: every permutation of six pixels."""
    map_, mask = np.array([0, 7, 7, 90, 200, 255], np.uint8), np.array([1, 0, 0, 1, 0, 0], np.uint8)
    maps = np.array(list(itertools.permutations(map_)))[:, None]
    gain, most = localisation.placement(histograms(maps, np.broadcast_to(mask, maps.shape)))
    assert len(set(most)) == 1
    assert gain.mean() == pytest.approx(0, abs=1e-15)
    assert gain.max() == most[0] > 0 > gain.min()


def test_a_constant_map_says_no_place_and_brightness_moves_dice_more_than_placement():
    mask, f = lesion()
    for grey in (0, 37, 255):
        gain, most = localisation.placement(histograms(np.full_like(mask, grey), mask))
        assert (gain[0], most[0]) == (0, 0)
    inverse = scores_of(255 - 255 * mask, mask)
    s = 1 - f
    by_chance, best = 2 * f * s / (f + s), 2 * f / (f + s)
    assert inverse["placement"] == pytest.approx(-by_chance / (best - by_chance))
    assert inverse["pixel_auc"] == 0


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


def rois_of(masks: np.ndarray) -> store.Rois:
    """ROIs of given masks, cut from boxes of 100 x 60 pixels; an empty mask makes a normal ROI."""
    names = np.array([f"r{number}" for number in range(len(masks))], dtype=object)
    return store.Rois(
        image=masks,
        mask=masks,
        label=masks.any(axis=(1, 2)).astype(np.uint8),
        roi_id=names,
        patient_id=names,
        view=names,
        pathology=names,
        lesion_type=names,
        box=np.array([[7, 9, 100, 60]] * len(masks), np.int32),
    )


def score(maps: np.ndarray, masks: np.ndarray, side=None):
    side = np.full(len(maps), "train", object) if side is None else side
    return localisation.score(
        maps,
        masks,
        side == "train",
        used=side != "unused",
        boxes=rois_of(masks).box,
        resolution=np.full(len(maps), 50.0),
    )


def test_masks_alone_are_enough_where_maps_are_pictures_of_their_own():
    """No box: pixels are square; no pixel size: no distance in mm; all ROIs count."""
    masks = np.zeros((3, 16, 16), np.uint8)
    masks[:2, 4:12, 2:8] = 1
    maps = np.random.default_rng(1).integers(0, 256, masks.shape).astype(np.uint8)
    scores, curves = localisation.score(maps, masks, np.array([True, True, False]))
    square = np.tile([0, 0, 16, 16], (3, 1))
    told, same = localisation.score(
        maps,
        masks,
        np.array([True, True, False]),
        used=np.ones(3, bool),
        boxes=square,
        resolution=np.full(3, np.nan),
    )
    assert scores.equals(told)
    assert np.array_equal(curves, same, equal_nan=True)
    assert scores["nsd"].isna().all()
    assert scores["centroid_distance"].notna().tolist() == [True, True, False]


def scores_of(map_: np.ndarray, mask: np.ndarray) -> dict[str, float]:
    scores, _ = score(map_.astype(np.uint8), mask)
    return scores.iloc[0].to_dict()


def test_the_exact_mask_has_all_there_is():
    mask, f = lesion()
    scores = scores_of(255 * mask, mask)
    assert scores.pop("dice") == pytest.approx(255 / 256)
    assert scores.pop("placement_gain") == scores.pop("placement_range") > 0
    assert scores.pop("pointing_gain") == pytest.approx(1 - f)
    assert scores == {
        **dict.fromkeys(("dice_at_threshold", "average_precision", "pointing_game"), 1),
        **dict.fromkeys(("energy_inside", "iou_otsu", "iou_at_threshold", "pxap"), 1),
        **dict.fromkeys(("placement", "pixel_auc", "nsd"), 1),
        **dict.fromkeys(("threshold", "degenerate", "centroid_distance"), 0),
    }


def test_a_degenerate_map_has_the_values_that_are_stated():
    mask, f = lesion()
    x, y = (5 + 17) / 2 / 20 * 100 - 50, (3 + 12) / 2 / 20 * 60 - 30  # from the ROI's centre
    assert scores_of(0 * mask, mask) == {
        **dict.fromkeys(("dice", "dice_at_threshold", "energy_inside", "iou_otsu"), 0),
        **dict.fromkeys(("iou_at_threshold", "nsd", "placement_gain", "placement_range"), 0),
        **dict.fromkeys(("average_precision", "pointing_game", "pxap"), pytest.approx(f)),
        "placement": pytest.approx(np.nan, nan_ok=True),
        "pixel_auc": 0.5,
        "pointing_gain": pytest.approx(0),
        "centroid_distance": pytest.approx(np.hypot(x, y) / np.sqrt(4 * f * 6000 / np.pi)),
        "threshold": 0,
        "degenerate": 1,
    }


def test_all_255_scores_the_lesions_share():
    mask, f = lesion()
    scores = scores_of(np.full_like(mask, 255), mask)
    for name in ("average_precision", "pointing_game", "energy_inside", "iou_otsu"):
        assert scores[name] == pytest.approx(f)
    assert scores["iou_at_threshold"] == scores["pxap"] == pytest.approx(f)
    assert scores["dice_at_threshold"] == pytest.approx(2 * f / (1 + f))


def test_normal_rois_have_no_scores_and_warn_of_nothing():
    mask, _ = lesion()
    maps = np.repeat(smooth_maps(1, 20), 2, axis=0)
    masks = np.concatenate([mask, np.zeros_like(mask)])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scores, curves = score(maps, masks)
    values = scores.drop(columns=["threshold", "degenerate", "pxap"])
    assert values.iloc[0].notna().all()
    assert values.iloc[1].isna().all()
    assert np.isnan(curves).any(axis=1).tolist() == [False, True]


def test_the_threshold_comes_from_training_rois_only():
    maps = smooth_maps(12)
    masks = (maps > np.arange(20, 260, 20)[:, None, None]).astype(np.uint8)
    masks[:, :2, :2] = 1
    training = np.arange(12) < 4
    scores, curves = score(maps, masks, np.where(training, "train", "validation"))
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
    found = maps > threshold
    iou = (found & masks).sum(axis=(1, 2)) / (found | masks).sum(axis=(1, 2))
    np.testing.assert_allclose(scores["iou_at_threshold"], iou, rtol=1e-12)


def test_the_threshold_is_of_selection_rois_where_there_are_any():
    maps = smooth_maps(12)
    masks = (maps > np.arange(20, 260, 20)[:, None, None]).astype(np.uint8)
    masks[:, :2, :2] = 1
    side = np.repeat(np.array(["train", "selection", "validation"], object), 4)
    scores, curves = localisation.score_rois(maps, rois_of(masks), side, np.full(12, 50.0))
    chosen = [int(curves[side == name].mean(axis=0).argmax()) for name in dict.fromkeys(side)]
    assert len(set(chosen)) == 3  # or the test shows nothing
    assert set(scores["threshold"]) == {chosen[1]}
    plain = np.where(side == "selection", "train", side)
    scores, _ = localisation.score_rois(maps, rois_of(masks), plain, np.full(12, 50.0))
    assert set(scores["threshold"]) == {int(curves[:8].mean(axis=0).argmax())}


def test_pxap_is_of_the_pixels_of_all_used_abnormal_rois_together():
    maps = smooth_maps(5, 16)
    masks = (smooth_maps(7, 16)[2:] > 120).astype(np.uint8)
    masks[1] = 0
    side = np.array(["train", "validation", "unused", "validation", "train"], object)
    scores, _ = score(maps, masks, side)
    pooled = average_precision_score(masks[[0, 3, 4]].ravel(), maps[[0, 3, 4]].ravel())
    assert scores["pxap"].tolist() == pytest.approx([pooled] * 5)


def test_the_lowest_threshold_of_a_tie_and_no_roi_to_choose_on():
    curves = np.full((2, 256), 0.25)
    curves[:, [40, 90]] = [[0.5, 0.75], [0.75, 0.5]]
    assert localisation.best_threshold(curves) == 40
    assert localisation.best_threshold(np.vstack([curves, np.full(256, np.nan)])) == 40
    with pytest.raises(CamsegError, match="none is on the training side"):
        localisation.best_threshold(np.full((2, 256), np.nan))


def test_a_lesions_area_is_in_the_source_images_pixels():
    mask, f = lesion()
    rois = rois_of(np.concatenate([mask, np.zeros_like(mask)]))
    sides = np.array(["train", "validation"], dtype=object)
    table = localisation.describe(rois, sides, np.array([43.5, np.nan]))
    assert table["resolution"].tolist() == pytest.approx([43.5, np.nan], nan_ok=True)
    assert table["lesion_share"].tolist() == pytest.approx([f, np.nan], nan_ok=True)
    assert table["lesion_area"].tolist() == pytest.approx([f * 6000, np.nan], nan_ok=True)
    assert table["label"].tolist() == ["abnormal", "normal"]
