from importlib import import_module

import keras
import numpy as np
import pytest
import tensorflow as tf

from camseg.errors import CamsegError
from camseg.explanations import explain
from camseg.explanations.layers import head_weights
from camseg.explanations.registry import EXPLANATIONS
from camseg.networks.options import HEADS

OF_FEATURES = [name for name in EXPLANATIONS if explain.asks(name) in ("gradient", "head")]
METHODS = {name: import_module(f"{explain.METHODS}.{name}") for name in OF_FEATURES}


@pytest.fixture
def features():
    """As behind a ReLU, one channel nowhere active; more channels than positions."""
    drawn = np.random.default_rng(0).normal(size=(4, 3, 5, 20)).astype(np.float32)
    drawn[..., 7] = 0
    return np.maximum(drawn, 0)


@pytest.fixture
def gradient():
    return np.random.default_rng(1).normal(size=(4, 3, 5, 20)).astype(np.float32)


def network(head: str = "gap", *, bias: bool = True) -> keras.Model:
    images = keras.Input((16, 16, 3))
    x = keras.layers.Conv2D(6, 3, strides=3, activation="relu", use_bias=bias)(images)
    pool = keras.layers.Flatten() if head == "flatten_dense" else None
    x = (pool or keras.layers.GlobalAveragePooling2D())(x)
    if head != "gap":
        x = keras.layers.Dense(8, activation="relu", use_bias=bias)(x)
    model = keras.Model(images, keras.layers.Dense(2, use_bias=bias)(x))
    random = np.random.default_rng(2)
    model.set_weights([random.normal(size=each.shape) for each in model.get_weights()])
    return model


def given(n: int = 4) -> np.ndarray:
    return np.random.default_rng(3).normal(size=(n, 16, 16, 3)).astype(np.float32)


def raw(model: keras.Model, explanation: str, **options) -> np.ndarray:
    return explain.explain(model, given(), explanation=explanation, **options)[1]


def assert_close(found: np.ndarray, expected: np.ndarray) -> None:
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5 * np.abs(expected).max())


def test_closed_forms_behind_average_pooling_and_one_dense_layer():
    model = network()
    features = explain.differentiate(model, given()).features.astype(np.float64)
    kernel = model.layers[-1].get_weights()[0].astype(np.float64)
    margin = kernel[:, 1] - kernel[:, 0]
    assert (margin > 0).any()
    assert (margin < 0).any()
    for name in ("cam", "grad_cam", "hires_cam", "xgrad_cam"):
        assert_close(raw(model, name), features @ margin)
        assert_close(raw(model, name, score="logit"), features @ kernel[:, 1])
    assert_close(raw(model, "layer_cam"), features @ np.maximum(margin, 0))
    means = features.mean(axis=(1, 2))
    weights = np.maximum(margin, 0) / (2 + np.maximum(margin, 0) * means)
    assert_close(raw(model, "grad_cam_pp"), np.einsum("nhwk,nk->nhw", features, weights))


def test_cam_of_either_class():
    model = network()
    features = explain.differentiate(model, given()).features
    kernel = model.layers[-1].get_weights()[0]
    labels = np.array([0, 1, 1, 0])
    found = raw(model, "cam", score="logit", target="true", labels=labels)
    assert_close(found, np.einsum("nhwk,kn->nhw", features, kernel[:, labels]))


def test_what_adds_up_to_the_margin_is_said_so():
    model = network()
    normal, abnormal = explain.differentiate(model, given()).logits.T
    bias = np.diff(model.layers[-1].get_weights()[1])
    for name, method in METHODS.items():
        sums = raw(model, name).mean(axis=(1, 2)) + bias
        assert np.allclose(sums, abnormal - normal, rtol=1e-4, atol=1e-4) == method.ADDITIVE, name
        assert explain.is_additive(name) == method.ADDITIVE


def test_layer_cam_is_hires_cam_of_the_positive_gradients(features, gradient):
    positive = np.where(gradient > 0, gradient, 0)
    expected = METHODS["hires_cam"].maps(features, positive)
    assert_close(METHODS["layer_cam"].maps(features, gradient), expected)
    assert not np.allclose(expected, METHODS["hires_cam"].maps(features, gradient))


def test_xgrad_cam_is_grad_cam_of_constant_features(gradient):
    features = np.broadcast_to(np.arange(1, 21, dtype=np.float32), gradient.shape)
    expected = METHODS["grad_cam"].maps(features, gradient)
    assert_close(METHODS["xgrad_cam"].maps(features, gradient), expected)


def test_xgrad_cam_conserves_the_score(features, gradient):
    first_order = (features.astype(np.float64) * gradient).sum(axis=(1, 2, 3))
    found = METHODS["xgrad_cam"].maps(features, gradient).mean(axis=(1, 2))
    np.testing.assert_allclose(found, first_order, rtol=1e-4)
    # of layers without bias, the score itself, also where each position has its own gradient
    model = network("flatten_dense", bias=False)
    normal, abnormal = explain.differentiate(model, given()).logits.T
    means = raw(model, "xgrad_cam").mean(axis=(1, 2))
    np.testing.assert_allclose(means, abnormal - normal, rtol=1e-4)
    assert not np.allclose(raw(model, "grad_cam").mean(axis=(1, 2)), means, rtol=0.1)


def test_grad_cam_pp_by_brute_force():
    """Oracle: TensorFlow's own second and third derivatives of exp(Y), value by value."""
    shape = (2, 3, 4)
    random = np.random.default_rng(4)
    first, second = random.normal(size=(24, 5)), random.normal(size=(5, 1)) / 5

    def head(values: tf.Tensor) -> tf.Tensor:
        return tf.reduce_sum(tf.nn.relu(tf.reshape(values, (1, -1)) @ first) @ second)

    features = random.random(shape)
    weights = np.zeros(4)
    for row, column, channel in np.ndindex(shape):
        place = tf.one_hot(np.ravel_multi_index((row, column, channel), shape), 24, dtype="float64")
        change = tf.Variable(0.0, dtype="float64")
        with tf.GradientTape() as c, tf.GradientTape() as b, tf.GradientTape() as a:
            score = tf.exp(head(tf.reshape(features, -1) + change * place))
            by_one = a.gradient(score, change)
            by_two = b.gradient(by_one, change)
        by_three = c.gradient(by_two, change)
        below = 2 * by_two + features[..., channel].sum() * by_three
        weights[channel] += float(by_two / below) * max(float(by_one), 0)
    values = tf.constant(features)
    with tf.GradientTape() as tape:
        tape.watch(values)
        score = head(values)
    gradient = tape.gradient(score, values).numpy()
    assert 0 < (gradient > 0).sum() < 24
    found = METHODS["grad_cam_pp"].maps(features[np.newaxis], gradient[np.newaxis])
    np.testing.assert_allclose(np.exp(score) * found[0], features @ weights, rtol=1e-8)


def test_grad_cam_pp_of_features_that_are_not_positive_is_finite():
    gradient = np.ones((1, 1, 2, 2), np.float32)
    features = np.array([[[[-1, 1], [-1, 2]]]], np.float32)  # 2 + g S is 0 in the first channel
    found = METHODS["grad_cam_pp"].maps(features, gradient)
    np.testing.assert_allclose(found, [[[2 / 5, 4 / 5]]], rtol=1e-6)


def test_eigen_cam_is_the_first_singular_vector_of_numpy(features, gradient):
    found = METHODS["eigen_cam"].maps(features, gradient)
    for image, cells in zip(features, found, strict=True):
        left, values, _ = np.linalg.svd(image.reshape(15, 20).astype(np.float64))
        expected = values[0] * left[:, 0].reshape(3, 5)
        assert_close(cells, expected * np.sign(expected.sum()))
        assert (cells >= 0).all()  # of features that are not negative: Perron and Frobenius


def test_the_sign_of_eigen_cam():
    """By the map's sum; if that is 0, by the largest entry of the singular vector."""
    gradient = np.zeros((2, 1, 2, 2), np.float32)
    features = np.array([[[[-2, 1], [-4, 2]]], [[[-2, 1], [2, -1]]]], np.float32)
    found = METHODS["eigen_cam"].maps(features, gradient)
    np.testing.assert_allclose(found[:, 0], np.sqrt(5) * np.array([[1, 2], [-1, 1]]), rtol=1e-6)
    np.testing.assert_array_equal(METHODS["eigen_cam"].maps(-features, gradient)[0], found[0])


def test_eigen_cam_of_what_is_not_finite_is_not(features, gradient):
    alone = METHODS["eigen_cam"].maps(features, gradient)
    features[1, 0, 0, 0] = np.nan
    found = METHODS["eigen_cam"].maps(features, gradient)
    assert np.isnan(found[1]).all()
    np.testing.assert_array_equal(np.delete(found, 1, axis=0), np.delete(alone, 1, axis=0))


@pytest.mark.parametrize("name", OF_FEATURES)
def test_a_map_is_the_sum_of_its_features_times_their_weights(name, features, gradient):
    weights = METHODS[name].weights(features, gradient)
    assert weights.shape == features.shape
    assert weights.dtype == np.float32
    assert_close((features * weights).sum(axis=3), METHODS[name].maps(features, gradient))


@pytest.mark.parametrize("name", OF_FEATURES)
def test_the_order_of_the_images_changes_no_bit(name, features, gradient):
    maps = METHODS[name].maps(features, gradient)
    order = [2, 0, 3, 1]
    np.testing.assert_array_equal(METHODS[name].maps(features[order], gradient[order]), maps[order])
    np.testing.assert_array_equal(METHODS[name].maps(features[1:2], gradient[1:2]), maps[1:2])


@pytest.mark.parametrize("name", OF_FEATURES)
def test_the_class_counts_where_it_is_said_to(name):
    model = network()
    labels = np.zeros(4, int)
    other = raw(model, name, target="true", labels=labels)
    assert np.array_equal(other, raw(model, name)) == EXPLANATIONS[name].class_blind


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("name", OF_FEATURES)
def test_heads_that_a_method_fits(name, head):
    if EXPLANATIONS[name].head in (None, head):
        assert raw(network(head), name).shape == (4, 5, 5)
    else:
        with pytest.raises(
            CamsegError, match=r"^cam explains what .* ends otherwise: use grad_cam"
        ):
            raw(network(head), name)


def test_a_method_of_the_head_fits_the_pooled_layer_only():
    assert explain.fits_layer("cam", "pooled")
    assert not explain.fits_layer("cam", "finer")
    assert explain.fits_layer("layer_cam", "finer")
    derivatives = explain.differentiate(network(), given(), "last_conv")
    with pytest.raises(CamsegError, match=r"^cam explains what global average pooling"):
        explain.raw_maps(derivatives, explanation="cam", score="margin", target="abnormal")


def headed(*layers: keras.layers.Layer) -> keras.Model:
    images = keras.Input((16, 16, 3))
    x = keras.layers.Conv2D(6, 3, strides=3)(images)
    for layer in layers:
        x = layer(x)
    return keras.Model(images, x)


def average(**options) -> keras.layers.Layer:
    return keras.layers.GlobalAveragePooling2D(**options)


def test_what_counts_as_one_dense_layer_behind_average_pooling():
    flat, dropout, dense = keras.layers.Flatten, keras.layers.Dropout, keras.layers.Dense
    for model in (
        headed(average(), dense(2)),
        headed(average(), dropout(0.5), dense(2)),
        headed(average(keepdims=True), flat(), dropout(0.5), dense(2), dropout(0.5)),
        headed(average(keepdims=True), dense(2), flat()),
    ):
        kernel = next(each for each in model.layers if isinstance(each, dense)).get_weights()[0]
        np.testing.assert_array_equal(head_weights(model), kernel)
    for model in (
        headed(average(), dense(4), dense(2)),
        headed(average(), keras.layers.ReLU(), dense(2)),
        headed(average(), keras.layers.BatchNormalization(), dense(2)),
        headed(average(), dense(2, activation="relu")),
        headed(average(), keras.layers.Reshape((2, 3)), dense(1), flat()),
        headed(keras.layers.GlobalMaxPooling2D(), dense(2)),
        headed(flat(), dense(2)),
        headed(average(keepdims=True), keras.layers.Conv2D(2, 1), flat()),
    ):
        assert head_weights(model) is None


def test_the_head_is_read_anew_when_its_weights_change():
    model = network()
    before = raw(model, "cam")
    model.set_weights([2 * each for each in model.get_weights()])
    assert_close(raw(model, "cam"), 4 * before)
