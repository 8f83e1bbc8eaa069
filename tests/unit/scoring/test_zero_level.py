import cv2
import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from camseg.explanations.options import GreyRule
from camseg.io.store import Cams
from camseg.scoring.zero_level import evidence, zero_level

OPTIONS = {"score": "margin", "target": "abnormal"}
BLOCKS = GreyRule(resize="nearest")


def cams(raw: np.ndarray, margin: np.ndarray, **options) -> Cams:
    names = np.array([f"r{number}" for number in range(len(raw))], object)
    empty = np.zeros((len(raw), 8, 8), np.uint8)
    flat = np.zeros(len(raw), bool)
    runs = np.zeros((len(raw), 2), np.int32)
    return Cams(empty, raw, flat, margin.astype(np.float32), runs, names, OPTIONS | options)


@pytest.fixture
def raw():
    return np.random.default_rng(0).normal(size=(5, 4, 4)).astype(np.float32)


def with_bias(raw: np.ndarray, bias: float, **options) -> Cams:
    return cams(raw, raw.mean(axis=(1, 2)) + bias, **options)


def test_the_mean_of_the_evidence_is_the_margin(raw):
    found = evidence(with_bias(raw, -0.3))
    np.testing.assert_allclose(found, raw - np.float32(0.3), atol=1e-6)
    np.testing.assert_allclose(found.mean(axis=(1, 2)), raw.mean(axis=(1, 2)) - 0.3, atol=1e-6)


def test_regions_against_masks_pixel_by_pixel(raw):
    masks = (np.random.default_rng(1).random((5, 8, 8)) < 0.4).astype(np.uint8)
    masks[1] = 0
    table = zero_level(with_bias(raw, 0.2), masks, BLOCKS)
    for cells, mask, row in zip(raw, masks, table.itertuples(), strict=True):
        region = np.kron(cells + 0.2 > 0, np.ones((2, 2), bool))
        both = (region & (mask == 1)).sum()
        assert row.zero_level_share == region.mean()
        if mask.any():
            assert row.zero_level_dice == pytest.approx(2 * both / (region.sum() + mask.sum()))
            assert row.zero_level_iou == pytest.approx(both / (region | (mask == 1)).sum())
        else:
            assert np.isnan([row.zero_level_dice, row.zero_level_iou]).all()


def test_the_cut_is_made_after_enlarging():
    """Closed form: from -1 to 3 between the centres of two cells, 0 lies a quarter of the way."""
    raw = np.array([[[-1, 3], [-1, 3]]], np.float32)
    mask = np.zeros((1, 8, 8), np.uint8)
    mask[:, :, 4:] = 1
    table = zero_level(with_bias(raw, 0), mask, GreyRule())
    (dice, iou, share), *_ = table.to_numpy()
    assert (dice, iou, share) == pytest.approx((2 * 32 / (40 + 32), 32 / 40, 5 / 8))


@pytest.mark.parametrize("sign", ["signed", "positive", "absolute"])
def test_the_region_is_that_above_one_level_of_the_signed_map_as_it_is_scored(raw, sign):
    """Smoothed as the map is; and whatever the map's sign, the evidence has its own."""
    masks = np.zeros((5, 8, 8), np.uint8)
    rule = GreyRule(smoothing=0.2, sign=sign)
    shares = zero_level(with_bias(raw, 0.05), masks, rule)["zero_level_share"]
    large = [gaussian_filter(cv2.resize(cells, (8, 8)), 0.2 * 8, mode="nearest") for cells in raw]
    assert shares.tolist() == [np.mean(cells > -0.05) for cells in large]
    assert 0 < shares.mean() < 1
    assert (shares != zero_level(with_bias(raw, 0.05), masks, GreyRule())["zero_level_share"]).any()


def test_a_normal_verdict_may_leave_no_region(raw):
    table = zero_level(with_bias(raw, -100), np.ones((5, 8, 8), np.uint8), BLOCKS)
    assert (table == 0).all(axis=None)


@pytest.mark.parametrize(
    "other", [{"score": "logit"}, {"target": "predicted"}, {"target": "true"}, {"score": "softmax"}]
)
def test_of_other_scores_and_classes_there_is_none(raw, other):
    assert evidence(with_bias(raw, 0.1, **other)) is None
    table = zero_level(with_bias(raw, 0.1, **other), np.ones((5, 8, 8), np.uint8), BLOCKS)
    assert table.isna().all(axis=None)


def test_of_a_method_that_does_not_add_up_there_is_none(raw):
    """Not even where its mean happens to, as that of any single map."""
    assert evidence(with_bias(raw, 0.1, additive=True)) is not None
    assert evidence(with_bias(raw, 0.1, additive=False)) is None
    table = zero_level(with_bias(raw, 0.1, additive=False), np.ones((5, 8, 8), np.uint8), BLOCKS)
    assert table.isna().all(axis=None)


def test_a_file_without_margins_and_a_head_that_is_not_linear_have_none(raw):
    assert evidence(cams(raw, np.full(5, np.nan))) is None
    assert evidence(cams(raw, np.linspace(-1, 1, 5))) is None


@pytest.mark.parametrize(("hidden", "defined"), [(0, True), (6, False)])
def test_it_is_defined_behind_pooling_and_one_dense_layer(hidden, defined):
    import keras

    from camseg.explanations.explain import differentiate, raw_maps

    keras.utils.set_random_seed(1)
    images = keras.Input((16, 16, 3))
    x = keras.layers.Conv2D(5, 3, strides=2, activation="relu")(images)
    x = keras.layers.GlobalAveragePooling2D()(x)
    x = keras.layers.Dense(hidden, activation="tanh")(x) if hidden else x
    logits = keras.layers.Dense(2, bias_initializer="random_normal")(x)
    model = keras.Model(images, logits)
    given = np.random.default_rng(0).normal(size=(6, 16, 16, 3)).astype(np.float32)
    derivatives = differentiate(model, given)
    maps = raw_maps(derivatives, explanation="grad_cam", score="margin", target="abnormal")
    normal, abnormal = model.predict(given, verbose=0).T
    found = evidence(cams(maps, abnormal - normal))
    assert (found is not None) == defined
    if defined:
        bias = np.diff(model.layers[-1].get_weights()[1])
        np.testing.assert_allclose(found, maps + bias, atol=1e-5)
