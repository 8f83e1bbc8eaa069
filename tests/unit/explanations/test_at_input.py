from importlib import import_module

import keras
import numpy as np
import pytest
import tensorflow as tf

from camseg.errors import CamsegError
from camseg.explanations import explain
from camseg.explanations.at_input import AtInput, at_input
from camseg.explanations.registry import EXPLANATIONS
from camseg.seeds import generator

OF_INPUT = [name for name in EXPLANATIONS if explain.asks(name) == "input"]
METHODS = {name: import_module(f"{explain.METHODS}.{name}") for name in OF_INPUT}
METHOD = import_module(f"{explain.METHODS}.expected_gradients")
SIDE = 8


def given(n: int = 4) -> np.ndarray:
    return np.random.default_rng(3).normal(size=(n, SIDE, SIDE, 3)).astype(np.float32)


def model_of(*layers: keras.layers.Layer) -> keras.Model:
    """The layers, then all that they give, and two logits of it; random weights."""
    images = keras.Input((SIDE, SIDE, 3))
    x = images
    for layer in [*layers, keras.layers.Flatten()]:
        x = layer(x)
    model = keras.Model(images, keras.layers.Dense(2, use_bias=not layers)(x))
    random = np.random.default_rng(2)
    model.set_weights([random.normal(size=each.shape) for each in model.get_weights()])
    return model


def relu_model() -> keras.Model:
    """Without any bias."""
    layers = keras.layers.Conv2D(5, 3, activation="relu", use_bias=False)
    return model_of(layers, keras.layers.Conv2D(4, 3, activation="relu", use_bias=False))


def smooth_model() -> keras.Model:
    return model_of(keras.layers.Conv2D(5, 3, activation="tanh"))


def raw(model: keras.Model, explanation: str, **options) -> np.ndarray:
    return explain.explain(model, given(), explanation=explanation, **options)[1]


def assert_close(found: np.ndarray, expected: np.ndarray) -> None:
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5 * np.abs(expected).max())


def test_closed_forms_of_a_linear_network():
    model, images = model_of(), given()
    kernel = model.layers[-1].get_weights()[0].reshape(SIDE, SIDE, 3, 2)
    for score, weights in (("margin", kernel[..., 1] - kernel[..., 0]), ("logit", kernel[..., 1])):
        size = np.broadcast_to(np.abs(weights).max(axis=2), images.shape[:3])
        assert_close(raw(model, "saliency", score=score), size)
        assert_close(raw(model, "smooth_grad", score=score), size)
        assert_close(raw(model, "input_x_gradient", score=score), (images * weights).sum(axis=3))
        change = images - images.min(axis=(1, 2), keepdims=True)
        expected = (change * weights).sum(axis=3)
        assert_close(raw(model, "integrated_gradients", score=score), expected)


@pytest.mark.parametrize("score", ["margin", "logit", "softmax"])
def test_saliency_by_differences(score):
    model, images = smooth_model(), given(1)
    model.layers[-1].set_weights([each / 20 for each in model.layers[-1].get_weights()])
    step = 1e-2
    moved = np.repeat(images, 2 * images.size, axis=0).reshape(2, images.size, -1)
    moved[0][np.diag_indices(images.size)] += step
    moved[1][np.diag_indices(images.size)] -= step
    logits = model.predict(moved.reshape(-1, SIDE, SIDE, 3), verbose=0).astype(np.float64)
    normal, abnormal = logits.T
    values = {"margin": abnormal - normal, "logit": abnormal}
    values["softmax"] = 1 / (1 + np.exp(-values["margin"]))
    higher, lower = values[score].reshape(2, *images.shape[1:])
    expected = np.abs((higher - lower) / (2 * step)).max(axis=2)
    found = explain.explain(model, images, explanation="saliency", score=score)[1][0]
    np.testing.assert_allclose(found, expected, rtol=0.02, atol=0.01 * expected.max())


def test_saliency_of_the_margin_is_the_same_for_both_classes_and_of_a_logit_is_not():
    model, labels = smooth_model(), np.zeros(4, int)
    other = raw(model, "saliency", target="true", labels=labels)
    np.testing.assert_array_equal(other, raw(model, "saliency"))
    other = raw(model, "saliency", target="true", labels=labels, score="logit")
    assert not np.allclose(other, raw(model, "saliency", score="logit"))
    # of signed methods, the negative
    for name in ("input_x_gradient", "integrated_gradients"):
        other = raw(model, name, target="true", labels=labels)
        np.testing.assert_array_equal(other, -raw(model, name))


def test_input_x_gradient_shares_out_the_score_of_relu_layers_without_bias():
    model = relu_model()
    sums = raw(model, "input_x_gradient").sum(axis=(1, 2))
    normal, abnormal = model.predict(given(), verbose=0).T
    np.testing.assert_allclose(sums, abnormal - normal, rtol=1e-3)


@pytest.mark.parametrize("score", ["margin", "logit", "softmax"])
def test_integrated_gradients_share_out_the_score_less_the_baselines(score):
    model, images = smooth_model(), given()
    model.layers[-1].set_weights([each / 20 for each in model.layers[-1].get_weights()])
    options = {"explanation": "integrated_gradients", "score": score, "target": "abnormal"}
    derivatives = explain.derive(model, images, "integrated_gradients")
    maps = explain.raw_maps(derivatives, **options)
    missed = explain.completeness(derivatives, maps, **options)
    assert (missed < 0.02).all()
    darkest = np.broadcast_to(images.min(axis=(1, 2), keepdims=True), images.shape)
    here, start = (model.predict(each, verbose=0).astype(np.float64) for each in (images, darkest))
    scores = {
        "margin": lambda logits: logits[:, 1] - logits[:, 0],
        "logit": lambda logits: logits[:, 1],
        "softmax": lambda logits: 1 / (1 + np.exp(logits[:, 0] - logits[:, 1])),
    }
    lacking = scores[score](here) - scores[score](start)
    expected = np.abs(maps.sum(axis=(1, 2)) - lacking) / np.abs(lacking)
    np.testing.assert_allclose(missed, expected, atol=1e-4)
    half = explain.completeness(derivatives, maps / 2, **options)
    np.testing.assert_allclose(half, 0.5, atol=0.02)


def test_completeness_is_of_methods_with_a_baseline():
    derivatives = explain.derive(relu_model(), given(), "saliency")
    options = {"explanation": "saliency", "score": "margin", "target": "abnormal"}
    assert explain.completeness(derivatives, given()[..., 0], **options) is None


def test_integrated_gradients_by_brute_force():
    """Of Y = sum x^3, whose way from b to x can be integrated: shares (x - b) (x^3 - b^3) / ..."""
    images = given().astype(np.float64)
    found = METHODS["integrated_gradients"].maps(images, lambda inputs: 3 * inputs**2)
    start = images.min(axis=(1, 2), keepdims=True)
    np.testing.assert_allclose(found, (images**3 - start**3).sum(axis=3), rtol=1e-2, atol=0.02)


def test_smooth_grad_is_the_mean_over_noise_that_is_the_same_for_every_image():
    """Of Y = sum x^2: twice the image and its mean noise."""
    images = given()
    found = METHODS["smooth_grad"].maps(images, lambda inputs: 2 * inputs)
    draws = [
        generator(0, "SmoothGrad", draw).standard_normal((SIDE, SIDE, 3), np.float32)
        for draw in range(32)
    ]
    noise = np.mean(draws, axis=0)
    for image, cells in zip(images, found, strict=True):
        spread = 0.15 * (image.max() - image.min())
        assert_close(cells, np.abs(2 * (image + spread * noise)).max(axis=2))


@pytest.mark.parametrize("name", OF_INPUT)
def test_a_map_does_not_depend_on_the_other_images(name):
    model, images = smooth_model(), given()
    maps = raw(model, name)
    assert maps.shape == (4, SIDE, SIDE)
    order = [2, 0, 3, 1]
    found = explain.explain(model, images[order], explanation=name)[1]
    assert_close(found, maps[order])
    assert_close(raw(model, name, batch_size=1), maps)
    np.testing.assert_array_equal(raw(model, name), maps)


@pytest.mark.parametrize(
    ("name", "passes"),
    [
        *(("saliency", 0), ("input_x_gradient", 0)),
        *(("smooth_grad", 32), ("var_grad", 32), ("integrated_gradients", 32)),
    ],
)
def test_how_often_the_network_is_asked(name, passes):
    """Besides once, for logits and the margin's gradient at the images."""
    once = at_input(smooth_model(), given())
    asked = []

    def ask(inputs, by_logits):
        asked.append(len(inputs))
        return once.ask(inputs, by_logits)

    counted = AtInput(once.images, once.logits, once.margin, ask)
    explain.raw_maps(counted, explanation=name, score="margin", target="abnormal")
    assert asked == passes * [4]


def test_var_grad_is_the_variance_over_the_noise_of_smooth_grad():
    """Of Y = sum x^2 / 2, whose gradient is the image: the noise's own variance."""
    images = given()
    found = METHODS["var_grad"].maps(images, lambda inputs: inputs)
    draws = [
        generator(0, "SmoothGrad", draw).standard_normal((SIDE, SIDE, 3), np.float32)
        for draw in range(32)
    ]
    variance = np.var(draws, axis=0).max(axis=2)
    spread = np.ptp(images, axis=(1, 2, 3))
    assert_close(found, variance * (0.15 * spread[:, None, None]) ** 2)
    # nothing varies in a linear network
    assert (METHODS["var_grad"].maps(images, np.ones_like) == 0).all()


def guided_by_hand(kernels: list[np.ndarray], image: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """What is propagated back through dense ReLU layers without bias, those of at most 6."""
    values, passed = [image.ravel()], []
    for kernel in kernels[:-1]:
        values.append(np.clip(values[-1] @ kernel, 0, 6))
        passed.append((values[-1] > 0) & (values[-1] < 6))
    back = kernels[-1] @ weight
    for kernel, is_open in zip(kernels[-2::-1], passed[::-1], strict=True):
        back = kernel @ np.where(is_open & (back > 0), back, 0)
    return np.abs(back.reshape(image.shape)).max(axis=2)


def test_guided_backpropagation_by_hand():
    """Where values stay below 6 in the first layer, both kinds of ReLU are the same to it."""
    images = keras.Input((SIDE, SIDE, 3))
    x = keras.layers.Dense(20, activation="relu", use_bias=False)(keras.layers.Flatten()(images))
    x = keras.layers.ReLU(6.0)(keras.layers.Dense(20, use_bias=False)(x))
    model = keras.Model(images, keras.layers.Dense(2, use_bias=False)(x))
    random = np.random.default_rng(2)
    kernels = [random.normal(size=each.shape) * [0.1, 2, 1][number]
               for number, each in enumerate(model.get_weights())]  # fmt: skip
    model.set_weights(kernels)
    second = np.maximum(given().reshape(4, -1) @ kernels[0], 0) @ kernels[1]
    assert (second > 6).any()
    assert ((second > 0) & (second < 6)).any()
    # saliency needs another pooling than of one position
    made = at_input(model, given(), guided=True)
    for label, weight in ((1, np.array([-1, 1])), (0, np.array([1, -1]))):
        expected = [guided_by_hand(kernels, image, weight) for image in given()]
        options = {"score": "margin", "target": "true", "labels": np.full(4, label)}
        found = explain.raw_maps(made, explanation="guided_backprop", **options)
        assert_close(found, np.array(expected))
    assert not np.allclose(
        found, explain.raw_maps(at_input(model, given()), explanation="saliency", **options)
    )


def test_guided_backpropagation_of_a_model_without_relu():
    with pytest.raises(CamsegError, match="has no ReLU"):
        at_input(smooth_model(), given(), guided=True)
    # gradients of the same model are as they were before it was guided
    model = relu_model()
    before = at_input(model, given()).margin
    guided = at_input(model, given(), guided=True)
    np.testing.assert_array_equal(at_input(model, given()).margin, before)
    np.testing.assert_array_equal(guided.logits, at_input(model, given()).logits)
    assert not np.allclose(guided.margin, before)


def others(draw: int) -> np.ndarray:
    """Another image for each, by the draw."""
    return np.random.default_rng(draw).normal(size=given().shape).astype(np.float32)


def test_expected_gradients_share_out_the_score_less_the_others():
    model = model_of()  # linear: exactly
    made = explain.derive(model, given(), "expected_gradients", other=others)
    options = {"explanation": "expected_gradients", "score": "margin", "target": "abnormal"}
    found = explain.raw_maps(made, **options)
    kernel = model.layers[-1].get_weights()[0].reshape(SIDE, SIDE, 3, 2)
    mean = np.mean([others(draw) for draw in range(32)], axis=0)
    assert_close(found, ((given() - mean) * (kernel[..., 1] - kernel[..., 0])).sum(axis=3))
    assert (made.runs.forward, made.runs.back) == (33, 33)


def test_expected_gradients_by_brute_force():
    """Of Y = sum x^3, whose ways from one and the same other image can be integrated."""
    images, other = given().astype(np.float64), others(1).astype(np.float64)
    found = METHOD.maps(images, lambda inputs: 3 * inputs**2, lambda draw: other)
    expected = (images**3 - other**3).sum(axis=3)
    np.testing.assert_allclose(found, expected, atol=0.02 * np.abs(expected).max())
    # each draw asks for its own other, and its own part of the way
    places = []

    def gradient_of(inputs: np.ndarray) -> np.ndarray:
        places.append(float(inputs.mean()))
        return inputs

    METHOD.maps(np.ones((1, 2, 2, 1), np.float32), gradient_of, lambda draw: np.zeros((1, 2, 2, 1)))
    np.testing.assert_array_equal(np.sort(np.floor(np.array(places) * 32)), np.arange(32))


def test_expected_gradients_need_others():
    with pytest.raises(CamsegError, match="compares with other images, and none are given"):
        explain.explain(smooth_model(), given(), explanation="expected_gradients")


def test_what_it_is_made_of():
    model, images = smooth_model(), given()
    found = at_input(model, images)
    np.testing.assert_allclose(found.logits, model.predict(images, verbose=0), rtol=1e-5)
    inputs = tf.constant(images)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        logits = model(inputs, training=False)
        margin = logits[:, 1] - logits[:, 0]
    assert_close(found.margin, tape.gradient(margin, inputs).numpy())


def test_unfit_images_and_models():
    with pytest.raises(CamsegError, match=r"images are of \(8, 8\), model"):
        at_input(smooth_model(), given()[..., 0])
    model = smooth_model()
    with pytest.raises(CamsegError, match="a heat map needs two logits"):
        at_input(keras.Model(model.inputs, model.layers[1].output), given())
