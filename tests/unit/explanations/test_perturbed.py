from importlib import import_module

import cv2
import keras
import numpy as np
import pytest

from camseg.errors import CamsegError
from camseg.explanations import explain
from camseg.explanations.absent import baseline, keeper
from camseg.explanations.registry import EXPLANATIONS
from camseg.explanations.scaling import to_grey

NAMES = [name for name in EXPLANATIONS if explain.asks(name) in explain.PERTURBING]
METHODS = {name: import_module(f"{explain.METHODS}.{name}") for name in NAMES}
SIDE = 32


def given(n: int = 3) -> np.ndarray:
    return np.random.default_rng(3).normal(size=(n, SIDE, SIDE, 3)).astype(np.float32)


def network(pool: keras.layers.Layer | None = None) -> keras.Model:
    images = keras.Input((SIDE, SIDE, 3))
    x = keras.layers.Conv2D(6, 8, strides=8, activation="relu")(images)
    x = (pool or keras.layers.GlobalAveragePooling2D())(x)
    model = keras.Model(images, keras.layers.Dense(2)(x))
    random = np.random.default_rng(2)
    model.set_weights([random.normal(size=each.shape) / 4 for each in model.get_weights()])
    return model


def linear() -> keras.Model:
    """The margin is the sum of pixels times `weights_of`, of all channels alike, and a bias."""
    images = keras.Input((SIDE, SIDE, 3))
    model = keras.Model(images, keras.layers.Dense(2)(keras.layers.Flatten()(images)))
    kernel = np.random.default_rng(4).normal(size=(SIDE * SIDE * 3, 2))
    model.set_weights([kernel, np.array([0.3, -0.4])])
    return model


def weights_of(model: keras.Model) -> np.ndarray:
    kernel = model.layers[-1].get_weights()[0].astype(np.float64)
    return (kernel[:, 1] - kernel[:, 0]).reshape(SIDE, SIDE, 3)


def margins(model: keras.Model, images: np.ndarray) -> np.ndarray:
    normal, abnormal = model.predict(images, verbose=0).astype(np.float64).T
    return abnormal - normal


def raw(model: keras.Model, explanation: str, images: np.ndarray | None = None, **options):
    images = given() if images is None else images
    return explain.explain(model, images, explanation=explanation, **options)[1]


def assert_close(found: np.ndarray, expected: np.ndarray, share: float = 1e-4) -> None:
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=share, atol=share * np.abs(expected).max())


def test_what_is_taken_away():
    images = given()
    empty = baseline(images)
    np.testing.assert_array_equal(empty[1, 5, 7], images[1].min(axis=(0, 1)))
    assert (np.ptp(empty, axis=(1, 2)) == 0).all()
    np.testing.assert_array_equal(keeper(images)(np.ones((SIDE, SIDE))), empty + (images - empty))
    np.testing.assert_array_equal(keeper(images)(np.zeros((SIDE, SIDE))), empty)
    half = keeper(images)(np.full((3, SIDE, SIDE), 0.5))
    np.testing.assert_allclose(half, (images + empty) / 2, rtol=1e-5, atol=1e-6)


def test_occlusion_by_brute_force():
    model, images = network(), given()
    side, step = 4, 2  # an eighth of 32 pixels, each square half over the next
    changes, squares = [], []
    for down in range(0, SIDE - side + 1, step):
        for right in range(0, SIDE - side + 1, step):
            occluded = images.copy()
            square = np.s_[down : down + side, right : right + side]
            for image, changed in zip(images, occluded, strict=True):
                changed[square] = image.min(axis=(0, 1))
            changes.append(occluded)
            squares.append(square)
    lost = margins(model, images) - margins(model, np.concatenate(changes)).reshape(-1, 3)
    total, count = np.zeros((3, SIDE, SIDE)), np.zeros((SIDE, SIDE))
    for square, each in zip(squares, lost, strict=True):
        total[:, *square] += each[:, None, None]
        count[square] += 1
    assert (count > 0).all()
    assert_close(raw(model, "occlusion"), total / count, 1e-3)


def test_occlusion_of_images_smaller_than_its_squares_are_many():
    images = given()[:, :9, :11]
    found = list(METHODS["occlusion"].inputs(images))
    assert len(found) == 225
    gone = np.zeros(images.shape, bool)
    for each in found:
        gone |= each != images
    # every pixel is taken away somewhere, but for those that are the darkest
    np.testing.assert_array_equal(gone, images != baseline(images))


def test_rise_by_brute_force():
    model, images = network(), given()
    masks = np.array(list(METHODS["rise"].masks((SIDE, SIDE))), np.float64)
    assert masks.shape == (1000, SIDE, SIDE)
    assert masks.min() == 0
    assert masks.max() == 1
    np.testing.assert_allclose(masks.mean(), 0.5, atol=0.02)
    # as Petsiuk et al. have it, but for what is divided by: in the mean of many masks the same
    shown = np.concatenate([keeper(images)(mask) for mask in masks])
    scores = margins(model, shown).reshape(len(masks), 3)
    expected = np.einsum("pn,phw->nhw", scores, masks) / masks.sum(axis=0)
    assert_close(raw(model, "rise"), expected, 1e-3)


def test_rise_masks_are_grids_of_cells_seen_through_a_window():
    for height, width in ((28, 28), (30, 17)):
        masks = list(METHODS["rise"].masks((height, width)))
        assert {mask.shape for mask in masks} == {(height, width)}
        np.testing.assert_array_equal(masks, list(METHODS["rise"].masks((height, width))))
        # an edge between cells is seen at every place
        steps = np.abs(np.diff(np.array(masks), axis=2)).mean(axis=(0, 1))
        assert steps.min() > 0.5 * steps.max()


def test_rise_of_a_constant_score_is_constant():
    scores, whole = np.full((1000, 3), 2.5), np.zeros(3)
    np.testing.assert_allclose(METHODS["rise"].maps(given(), scores, whole), 2.5, rtol=1e-6)


def test_rise_finds_what_counts_in_a_linear_network():
    model, images = linear(), given(1)
    kernel = np.zeros((SIDE, SIDE, 3, 2))
    kernel[4:12, 20:28, :, 1] = 1
    model.set_weights([kernel.reshape(-1, 2), np.zeros(2)])
    found = raw(model, "rise", images)[0]
    assert found[4:12, 20:28].mean() > found.mean() + 3 * found.std() / 2
    assert np.unravel_index(found.argmax(), found.shape)[0] in range(4, 12)


def test_score_cam_by_brute_force():
    model, images = network(), given()
    features = explain.differentiate(model, images).features
    nothing = margins(model, baseline(images))
    rises = []
    for channel in range(6):
        shown = to_grey(features[..., channel], (SIDE, SIDE)) / 255
        empty = images.min(axis=(1, 2), keepdims=True)
        rises.append(margins(model, empty + shown[..., None] * (images - empty)) - nothing)
    shares = np.exp(rises) / np.exp(rises).sum(axis=0)
    assert_close(raw(model, "score_cam"), np.einsum("nhwk,kn->nhw", features, shares), 1e-3)


def test_ablation_cam_by_closed_form_and_brute_force():
    model = network()
    features = explain.differentiate(model, given()).features.astype(np.float64)
    kernel = model.layers[-1].get_weights()[0].astype(np.float64)
    weights = features.mean(axis=(1, 2)) * (kernel[:, 1] - kernel[:, 0])
    assert_close(raw(model, "ablation_cam"), np.einsum("nhwk,nk->nhw", features, weights))
    # behind a maximum, channel by channel through the layers behind the features
    model = network(keras.layers.GlobalMaxPooling2D())
    kernel, bias = (each.astype(np.float64) for each in model.layers[-1].get_weights())

    def head(maps: np.ndarray) -> np.ndarray:
        logits = maps.max(axis=(1, 2)) @ kernel + bias
        return logits[:, 1] - logits[:, 0]

    features = explain.differentiate(model, given()).features.astype(np.float64)
    expected = np.zeros(features.shape[:3])
    for channel in range(6):
        without = features.copy()
        without[..., channel] = 0
        lost = head(features) - head(without)
        expected += lost[:, None, None] * features[..., channel]
    assert_close(raw(model, "ablation_cam"), expected)


@pytest.mark.parametrize("name", ["score_cam", "ablation_cam"])
def test_what_features_count_adds_up_to_the_map(name):
    model = network()
    made = explain.derive(model, given(), name)
    weights = explain.raw_weights(made, explanation=name, score="margin")
    found = (made.features * weights).sum(axis=3)
    assert_close(found, raw(model, name))


@pytest.mark.parametrize("name", NAMES)
def test_a_map_does_not_depend_on_the_other_images(name):
    model, images = network(), given()
    maps = raw(model, name)
    assert maps.shape == (3, *((SIDE, SIDE) if EXPLANATIONS[name].of_input else (4, 4)))
    order = [2, 0, 1]
    assert_close(raw(model, name, images[order]), maps[order], 1e-3)
    assert_close(raw(model, name, batch_size=1), maps, 1e-3)
    np.testing.assert_array_equal(raw(model, name), maps)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("score", ["margin", "logit", "softmax"])
def test_every_score_and_class_from_the_same_answers(name, score):
    model, images = network(), given()
    made = explain.derive(model, images, name)
    labels = np.array([0, 1, 0])
    for target in ("abnormal", "predicted", "true"):
        options = {"explanation": name, "score": score, "target": target, "labels": labels}
        again = explain.raw_maps(explain.derive(model, images, name), **options)
        np.testing.assert_array_equal(explain.raw_maps(made, **options), again)
    if score == "margin" and name != "score_cam":  # what the other class loses is gained
        other = explain.raw_maps(made, explanation=name, score=score, target="true", labels=labels)
        own = explain.raw_maps(made, explanation=name, score=score, target="abnormal")
        assert_close(other[[0, 2]], -own[[0, 2]])


@pytest.mark.parametrize(
    ("name", "runs"),
    [("occlusion", 226), ("rise", 1001), ("kernel_shap", 514), ("score_cam", 8)],
)
def test_how_often_the_network_runs(name, runs):
    """Once for the images as they are, and once for each change."""
    made = explain.derive(network(), given(), name)
    assert (made.runs.forward, made.runs.back) == (runs, 0)
    assert len(made.answers) == runs - 1


def test_ablation_asks_the_head_alone():
    made = explain.derive(network(), given(), "ablation_cam")
    assert (made.runs.forward, made.runs.back) == (1, 0)
    assert made.answers.shape == (6, 3, 2)


def test_memory_is_that_of_one_change(monkeypatch):
    """Changes are made one after the other, never all at once."""
    alive, most = [], []

    def inputs(images):
        for _ in range(50):
            alive.append(1)
            most.append(len(alive))
            yield images
            alive.pop()

    monkeypatch.setattr(METHODS["occlusion"], "inputs", inputs)
    explain.derive(network(), given(), "occlusion")
    assert max(most) == 1


def test_unfit_images():
    with pytest.raises(CamsegError, match=r"images are of \(8, 8\), model"):
        explain.derive(network(), given()[:, :8, :8, 0], "rise")


def test_score_cam_masks_are_enlarged_as_maps_are():
    features = np.random.default_rng(0).random((1, 4, 4, 1), np.float32)
    images = np.ones((1, SIDE, SIDE, 3), np.float32)
    images[:, 0, 0] = 0
    _, shown = METHODS["score_cam"].inputs(images, features)
    large = cv2.resize(features[0, ..., 0], (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
    expected = (large - large.min()) / np.ptp(large)
    expected[0, 0] = 0
    np.testing.assert_allclose(shown[0, ..., 0], expected, atol=0.5 / 255 + 1e-6)
