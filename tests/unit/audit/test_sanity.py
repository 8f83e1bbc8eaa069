import keras
import numpy as np
import pytest
from scipy.stats import spearmanr

from camseg.audit import sanity
from camseg.explanations import explain
from camseg.explanations.options import GreyRule
from camseg.scoring.dice import mean_dice

OPTIONS = {"score": "margin", "rule": GreyRule()}


def preprocess(images: np.ndarray) -> np.ndarray:
    return np.repeat(images[..., np.newaxis].astype(np.float32) / 255, 3, axis=-1)


def rois(n: int = 4) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(3)
    images = random.integers(0, 256, (n, 32, 32)).astype(np.uint8)
    return images, random.integers(0, 2, (n, 32, 32)).astype(np.uint8)


def model_of(layers: list[keras.Layer], seed: int = 0) -> keras.Model:
    images = keras.Input((32, 32, 3))
    x = images
    for layer in [*layers, keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(2)]:
        x = layer(x)
    model = keras.Model(images, x)
    random = np.random.default_rng(seed)
    model.set_weights([random.normal(size=w.shape) for w in model.get_weights()])
    return model


def check_all(model: keras.Model, explanations: list[str], seed: int = 0, **options: object):
    images, masks = rois()
    options = OPTIONS | options
    common = {"preprocess": preprocess, "seed": seed, "batch_size": 3}
    return sanity.check(model, images, masks, explanations=explanations, **common, **options)


def check(model: keras.Model, seed: int = 0, explanation: str = "grad_cam", **options: object):
    return check_all(model, [explanation], seed, **options)[explanation]


def of(checks, name: str, column: str = "correlation") -> np.ndarray:
    return checks.loc[checks["check"] == name, column].to_numpy()


def looking_model() -> keras.Model:
    """Its map is what a cell of 8 x 8 pixels shows, wherever that is."""
    channels = keras.layers.Conv2D(6, 8, strides=8, activation="relu")
    return model_of([channels])


def blind_model() -> keras.Model:
    """Its map comes from the borders alone, whatever the image."""
    model = model_of(
        [keras.layers.Conv2D(3, 8, strides=8), keras.layers.Conv2D(6, 3, padding="same")]
    )
    first = model.layers[1]
    first.set_weights([0 * first.get_weights()[0], np.ones(3)])
    return model


def test_rank_correlation_is_spearmans():
    random = np.random.default_rng(0)
    first, second = random.normal(size=(2, 5, 4, 3))
    first[0] = np.round(first[0])  # ties
    second[1] = -first[1]
    second[2] = np.exp(first[2])
    expected = [
        spearmanr(a.ravel(), b.ravel()).statistic for a, b in zip(first, second, strict=True)
    ]
    result = sanity.rank_correlation(first, second)
    np.testing.assert_allclose(result, expected, atol=1e-12)
    np.testing.assert_allclose(result[1:3], [-1, 1], atol=1e-12)
    second[3], second[4, 0, 0] = 7, np.nan
    assert np.isnan(sanity.rank_correlation(first, second)).tolist() == 3 * [False] + 2 * [True]
    second[3] += 1e-5 * random.normal(size=(4, 3))  # the rounding of a constant map
    assert np.isnan(sanity.rank_correlation(first, second)[3])


def test_translation_brings_in_the_mirror_image():
    row = np.array([[[1, 2, 3, 4]]])
    for right, expected in ((1, [1, 1, 2, 3]), (2, [2, 1, 1, 2]), (-1, [2, 3, 4, 4])):
        assert sanity.translate(row, 0, right).ravel().tolist() == expected
        column = sanity.translate(row.transpose(0, 2, 1), right, 0)
        assert column.ravel().tolist() == expected


@pytest.mark.parametrize(("down", "right"), [(0, 1), (0, -1), (1, 0), (-1, 0)])
def test_a_map_moved_along_is_the_same_map(down, right):
    maps = np.random.default_rng(1).normal(size=(3, 4, 5))
    along, in_place = sanity.moved_correlations(
        maps, sanity.translate(maps, down, right), down, right
    )
    np.testing.assert_allclose(along, 1)
    assert (in_place < 0.9).all()
    along, in_place = sanity.moved_correlations(maps, maps, down, right)
    np.testing.assert_allclose(in_place, 1)
    assert (along < 0.9).all()


def test_a_model_that_looks_and_one_that_does_not():
    looking, blind = check(looking_model()), check(blind_model())
    np.testing.assert_allclose(of(looking, "moved"), 1)
    assert of(looking, "moved_in_place").mean() < 0.5
    np.testing.assert_allclose(of(blind, "moved_in_place"), 1)
    assert of(blind, "moved").mean() < 0.9
    assert len(of(looking, "moved")) == 4 * 4


def test_maps_on_the_images_own_grid_move_by_as_many_pixels():
    checks = check(looking_model(), explanation="input_x_gradient")
    np.testing.assert_allclose(of(checks, "moved"), 1, atol=1e-5)
    assert of(checks, "moved_in_place").mean() < 0.9
    np.testing.assert_allclose(of(checks, "other_class"), -1, atol=1e-5)


def test_a_map_that_knows_no_class_is_seen_to():
    checks = check(looking_model(), explanation="eigen_cam")
    for name in ("other_class", "other_class_logit", "random_head"):
        np.testing.assert_allclose(of(checks, name), 1)
    assert (of(checks, "random_weights") < 0.99).any()


def test_other_rois_maps_are_compared_pair_by_pair():
    maps = np.random.default_rng(2).normal(size=(4, 3, 3))
    pairs = [[spearmanr(a.ravel(), b.ravel()).statistic for b in maps] for a in maps]
    expected = (np.sum(pairs, axis=1) - 1) / 3  # without itself
    np.testing.assert_allclose(sanity.with_others(maps), expected)
    np.testing.assert_allclose(sanity.with_others(np.repeat(maps[:1], 3, axis=0)), 1)
    maps[3] = 5  # says nothing about places, neither of itself nor as another's
    expected = (np.sum(np.array(pairs)[:3, :3], axis=1) - 1) / 2
    np.testing.assert_allclose(sanity.with_others(maps), [*expected, np.nan])
    assert np.isnan(sanity.with_others(maps[:1])).all()


def test_a_blind_model_has_one_map_for_all_rois():
    np.testing.assert_allclose(of(check(blind_model()), "other_roi"), 1)
    looking = check(looking_model())
    assert of(looking, "other_roi").mean() < 0.5
    assert looking.loc[looking["check"] == "other_roi", "dice"].isna().all()


def test_the_other_class_has_the_negative_map_of_the_margin():
    model = looking_model()
    checks = check(model)
    np.testing.assert_allclose(of(checks, "other_class"), -1)
    assert (of(checks, "other_class_logit") > -0.99).all()
    kernel, bias = model.layers[-1].get_weights()
    model.layers[-1].set_weights([np.stack([kernel[:, 0], -kernel[:, 0]], axis=1), bias])
    np.testing.assert_allclose(of(check(model), "other_class_logit"), -1)


def test_dice_of_the_unchanged_and_of_the_random_maps():
    model = looking_model()
    images, masks = rois()
    positive = GreyRule(sign="positive")
    before = model.get_weights()
    checks = check(model, rule=positive)
    for weight, old in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, old)
    grey, raw = explain.explain(model, preprocess(images), rule=positive)
    np.testing.assert_allclose(of(checks, "unchanged", "dice"), mean_dice(grey, masks))
    # the redrawn maps are those of a model initialised with the same seed
    keras.utils.set_random_seed(sanity.derive_seed(0, "random weights", 1) % 2**32)
    fresh = keras.models.clone_model(model)
    grey, other = explain.explain(fresh, preprocess(images), rule=positive)
    drawn = checks[(checks["check"] == "random_weights") & (checks["draw"] == 1)]
    np.testing.assert_allclose(drawn["dice"], mean_dice(grey, masks), atol=1e-3)
    expected = [spearmanr(a.ravel(), b.ravel()).statistic for a, b in zip(raw, other, strict=True)]
    np.testing.assert_allclose(drawn["correlation"], expected, atol=0.02)
    model.layers[-1].set_weights(fresh.layers[-1].get_weights())
    grey, _ = explain.explain(model, preprocess(images), rule=positive)
    drawn = checks[(checks["check"] == "random_head") & (checks["draw"] == 1)]
    np.testing.assert_allclose(drawn["dice"], mean_dice(grey, masks), atol=1e-3)


def test_dense_layers_before_the_last_pooling_are_no_head():
    model = model_of([keras.layers.Conv2D(4, 8, strides=8), keras.layers.Dense(5)])
    checks = check(model)
    keras.utils.set_random_seed(sanity.derive_seed(0, "random weights", 0) % 2**32)
    fresh = keras.models.clone_model(model)
    images, masks = rois()
    model.layers[-1].set_weights(fresh.layers[-1].get_weights())
    grey, _ = explain.explain(model, preprocess(images))
    drawn = checks[(checks["check"] == "random_head") & (checks["draw"] == 0)]
    np.testing.assert_allclose(drawn["dice"], mean_dice(grey, masks), atol=1e-3)


def test_draws_differ_and_repeat():
    model = looking_model()
    first = check(model)
    means = first[first["check"] == "random_weights"].groupby("draw")["correlation"].mean()
    assert means.nunique() == sanity.DRAWS
    assert first.equals(check(model))
    assert not first.equals(check(model, seed=1))


def test_the_sample_is_drawn_among_the_candidates():
    candidates = np.arange(100) % 2 == 1
    chosen = sanity.sample(candidates, 1, ["grad_cam", "saliency"])
    assert len(set(chosen)) == sanity.SAMPLE
    assert candidates[chosen].all()
    assert (np.diff(chosen) > 0).all()
    assert not np.array_equal(chosen, sanity.sample(candidates, 2, ["grad_cam"]))
    few = sanity.sample(candidates, 1, ["rise"])  # of which each has the network run often
    assert len(few) == sanity.FEW
    assert set(few) <= set(chosen)
    np.testing.assert_array_equal(sanity.sample(candidates[:10], 1, ["grad_cam"]), [1, 3, 5, 7, 9])


def test_several_explanations_at_a_time_give_what_each_gives_by_itself():
    """Also those that share what their maps are made of, and one of the head alone."""
    several = ["grad_cam", "cam", "layer_cam", "input_x_gradient", "saliency", "ablation_cam"]
    found = check_all(looking_model(), several)
    assert list(found) == several
    for each in several:
        assert found[each].equals(check(looking_model(), explanation=each))
