import cv2
import keras
import numpy as np
import pytest

from camseg.errors import CamsegError
from camseg.explanations import explain
from camseg.explanations.full_gradient import full_gradient
from camseg.explanations.methods import full_grad
from camseg.explanations.shares import Share

SIDE = 8


def given(n: int = 3) -> np.ndarray:
    return np.random.default_rng(3).normal(size=(n, SIDE, SIDE, 3)).astype(np.float32)


def model_of(*layers: keras.layers.Layer) -> keras.Model:
    """The layers, average pooling and two logits; random weights, variances positive."""
    images = keras.Input((SIDE, SIDE, 3))
    x = images
    for layer in layers:
        x = layer(x)
    x = keras.layers.Dense(2)(keras.layers.GlobalAveragePooling2D()(x))
    model = keras.Model(images, x)
    random = np.random.default_rng(2)
    drawn = [random.normal(size=each.shape) for each in model.get_weights()]
    names = [weight.name for weight in model.weights]
    model.set_weights(
        [np.abs(w) if "variance" in name else w for w, name in zip(drawn, names, strict=True)]
    )
    return model


def with_operations() -> keras.Model:
    """Numbers added and multiplied, and two ways that meet: as MobileNetV3 is made."""
    images = keras.Input((SIDE, SIDE, 3))
    x = keras.layers.Conv2D(4, 3, padding="same")(images)
    gate = keras.layers.ReLU(6.0)(x + 3.0) * (1.0 / 6.0)
    x = keras.layers.Multiply()([x, gate]) - images[..., :1]
    model = keras.Model(images, keras.layers.Dense(2)(keras.layers.GlobalMaxPooling2D()(x)))
    random = np.random.default_rng(2)
    model.set_weights([random.normal(size=each.shape) for each in model.get_weights()])
    return model


L = keras.layers
MODELS = {
    "convolutions": lambda: model_of(
        L.Conv2D(5, 3, activation="relu"), L.Conv2D(4, 3, use_bias=False)
    ),
    "batchnorm": lambda: model_of(
        L.Conv2D(5, 3, use_bias=False), L.BatchNormalization(), L.Activation("relu")
    ),
    "relu6": lambda: model_of(L.DepthwiseConv2D(3, depth_multiplier=2), L.ReLU(6.0)),
    "smooth": lambda: model_of(L.SeparableConv2D(5, 3, activation="swish"), L.Activation("gelu")),
    "norm": lambda: model_of(L.Conv2D(5, 3), L.LayerNormalization(), L.LeakyReLU()),
    "pooled": lambda: model_of(L.ZeroPadding2D(1), L.Conv2D(4, 3), L.MaxPooling2D(2)),
    "operations": with_operations,
}
MARGIN = np.array([[-1, 1]], np.float32)


@pytest.mark.parametrize("name", MODELS)
def test_shares_add_up_to_the_score_exactly(name):
    model, images = MODELS[name](), given()
    logits = model.predict(images, verbose=0).astype(np.float64)
    made = full_gradient(model, images)
    np.testing.assert_allclose(made.logits, logits, rtol=1e-5)
    for by_logits, score in (
        (MARGIN, logits[:, 1] - logits[:, 0]),
        (np.array([[0, 1]], np.float32), logits[:, 1]),
    ):
        _, total = made.ask(np.repeat(by_logits, len(images), axis=0))
        np.testing.assert_allclose(total, score, rtol=1e-4, atol=1e-4 * np.abs(score).max())


def test_shares_of_a_convolution_by_hand():
    """Of ReLU(Wx + b): x dY/dx of the input, and b where the ReLU is open."""
    model, images = model_of(keras.layers.Conv2D(2, 1), keras.layers.ReLU()), given()
    kernel, bias, dense, _ = (each.astype(np.float64) for each in model.get_weights())
    weights = (dense[:, 1] - dense[:, 0]) / SIDE**2
    is_open = images @ kernel[0, 0] + bias > 0
    of_input = images * ((is_open * weights) @ kernel[0, 0].T)
    of_bias = is_open * weights * bias
    shares, _ = full_gradient(model, images).ask(np.repeat(MARGIN, 3, axis=0))
    assert [share.channels for share in shares] == [3, 2]
    for share, expected in zip(shares, (of_input, of_bias), strict=True):
        size = np.abs(expected)
        np.testing.assert_allclose(share.sizes, size.sum(axis=3), rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(share.low, size.min(axis=(1, 2, 3)), rtol=1e-3, atol=1e-6)
        np.testing.assert_allclose(share.high, size.max(axis=(1, 2, 3)), rtol=1e-4)


def test_maps_by_the_definition():
    random = np.random.default_rng(5)
    layers = [random.random((2, side, side, k), np.float32) for side, k in ((8, 3), (4, 5))]
    shares = [
        Share(x.sum(axis=3), x.min(axis=(1, 2, 3)), x.max(axis=(1, 2, 3)), x.shape[3])
        for x in layers
    ]
    expected = np.zeros((2, 8, 8))
    for layer in layers:
        for image, cells in zip(expected, layer, strict=True):
            scaled = (cells - cells.min()) / (cells.max() - cells.min())
            for channel in np.moveaxis(scaled, 2, 0):
                image += cv2.resize(channel, (8, 8), interpolation=cv2.INTER_LINEAR)
    found = full_grad.maps(np.zeros((2, 8, 8, 3), np.float32), shares)
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    # a layer that adds the same everywhere shows no place
    flat = Share(np.full((2, 4, 4), 6.0), np.full(2, 2.0), np.full(2, 2.0), 3)
    again = full_grad.maps(np.zeros((2, 8, 8, 3), np.float32), [*shares, flat])
    np.testing.assert_array_equal(again, found)


def test_a_map_does_not_depend_on_the_other_images():
    model, images = MODELS["batchnorm"](), given()
    _, maps = explain.explain(model, images, explanation="full_grad")
    assert maps.shape == (3, SIDE, SIDE)
    _, found = explain.explain(model, images[[2, 0, 1]], explanation="full_grad", batch_size=2)
    np.testing.assert_allclose(found, maps[[2, 0, 1]], rtol=1e-4)
    made = explain.derive(model, images, "full_grad")
    explain.raw_maps(made, explanation="full_grad", score="margin", target="abnormal")
    assert (made.runs.forward, made.runs.back) == (1, 1)
    other, _ = made.ask(np.repeat(-MARGIN, 3, axis=0))  # asked anew, of the same sizes
    assert (made.runs.forward, made.runs.back) == (2, 2)
    own, _ = made.ask(np.repeat(MARGIN, 3, axis=0))
    for one, of_other in zip(own, other, strict=True):
        np.testing.assert_allclose(one.sizes, of_other.sizes, rtol=1e-4, atol=1e-6)


def test_models_that_cannot_be_shared_out():
    inner = keras.Sequential([keras.Input((SIDE, SIDE, 3)), keras.layers.Conv2D(3, 1)])
    with pytest.raises(CamsegError, match="holds the model"):
        full_gradient(model_of(inner), given())
    twice = keras.layers.Conv2D(3, 1)
    with pytest.raises(CamsegError, match="uses its layer"):
        full_gradient(model_of(twice, twice), given())
