import gc
import json
import weakref
import zipfile
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest

from camseg.errors import CamsegError
from camseg.explanations.explain import differentiate, explain, raw_maps, read_model
from camseg.explanations.layers import LAYERS
from camseg.explanations.options import GreyRule
from camseg.explanations.scaling import degenerate, to_grey
from camseg.networks import classifiers

SIZE = 16
LABELS = np.array([0, 1, 1, 0, 1])


def backbone(images):
    """Two convolutions with BatchNorm, of which the second adds only some of the channels."""
    x = keras.layers.Conv2D(5, 3, strides=2, padding="same", name="first")(images)
    x = keras.layers.BatchNormalization(name="norm")(x)
    x = keras.layers.ReLU()(x)
    last = keras.layers.Conv2D(2, 3, padding="same", name="last_convolution")(x)
    return keras.layers.Concatenate(name="features")([x, last])


def gap_head(features):
    return keras.layers.GlobalAveragePooling2D(name="pool")(features)


def deep_head(features):
    hidden = keras.layers.Dense(6, activation="relu", name="hidden")
    return hidden(keras.layers.GlobalAveragePooling2D(name="pool")(features))


def flat_head(features):
    hidden = keras.layers.Dense(6, activation="relu", name="hidden")
    return hidden(keras.layers.Flatten(name="pool")(features))


def two_pools_head(features):
    largest = keras.layers.GlobalMaxPooling2D()(features)
    return keras.layers.Concatenate()([gap_head(features), largest])


def head_with_places(features):
    """Average pooling beside a head that knows places, as behind a flatten layer."""
    flat = keras.layers.Flatten(name="flat")(features)
    return keras.layers.Concatenate()([gap_head(features), flat])


def small_model(head=gap_head, seed: int = 0) -> keras.Model:
    """A model with every weight random, BatchNorm's moving averages too."""
    images = keras.Input((SIZE, SIZE, 3))
    model = keras.Model(images, keras.layers.Dense(2, name="logits")(head(backbone(images))))
    random = np.random.default_rng(seed)
    model.set_weights([random.normal(size=w.shape) for w in model.get_weights()])
    norm = model.get_layer("norm")
    gamma, beta, mean, variance = norm.get_weights()
    norm.set_weights([gamma, beta, mean, variance**2 + 0.1])
    return model


def random_images(n: int = 5, size: int = SIZE) -> np.ndarray:
    return np.random.default_rng(1).normal(size=(n, size, size, 3)).astype(np.float32)


def features_of(model: keras.Model, images: np.ndarray) -> np.ndarray:
    """What the pooling layer receives, by the layer's name and Keras' own predict."""
    tensor = model.get_layer("pool").input
    features = keras.Model(model.inputs, tensor).predict(images, verbose=0)
    return features.astype(np.float64)


def head_weights(model: keras.Model) -> np.ndarray:
    return model.get_layer("logits").get_weights()[0].astype(np.float64)


def assert_close(raw: np.ndarray, expected: np.ndarray, relative: float = 1e-5) -> None:
    """Equal to `relative` of each map's largest value."""
    assert raw.dtype == np.float32
    error = np.abs(raw - expected).max(axis=(1, 2))
    assert (error <= relative * np.abs(expected).max(axis=(1, 2))).all(), error


def test_margin_is_the_head_weighted_feature_sum():
    model, images = small_model(), random_images()
    cam, raw = explain(model, images)
    weights = head_weights(model)
    assert_close(raw, features_of(model, images) @ (weights[:, 1] - weights[:, 0]))
    assert raw.shape == (5, 8, 8)
    assert cam.shape == (5, SIZE, SIZE)
    np.testing.assert_array_equal(cam, to_grey(raw, (SIZE, SIZE)))


OTHERS = ["NASNetMobile", "DenseNet121", "ResNet50V2", "Xception", "InceptionV3"]


@pytest.mark.parametrize(
    "network",
    ["MobileNetV2", *(pytest.param(name, marks=pytest.mark.slow) for name in OTHERS)],
)
def test_networks_of_the_paper(network):
    keras.utils.set_random_seed(0)
    model = classifiers.build(network, size=128, batchnorm_momentum=None)
    images = random_images(4, 128) * np.float32([0.1, 1, 0.5, 2])[:, None, None, None]
    _, raw = explain(model, images)
    weights = head_weights(model)
    assert_close(raw, features_of(model, images) @ (weights[:, 1] - weights[:, 0]))
    assert_close(explain(model, images, explanation="hires_cam")[1], raw)


def test_a_head_that_is_not_linear_has_weights_per_example():
    model, images = small_model(deep_head), random_images()
    _, raw = explain(model, images)
    features = features_of(model, images)
    kernel, bias = model.get_layer("hidden").get_weights()
    active = features.mean(axis=(1, 2)) @ kernel + bias > 0
    assert len(np.unique(active, axis=0)) > 1
    margin = head_weights(model) @ [-1, 1]
    assert_close(raw, np.einsum("nhwk,nk->nhw", features, active * margin @ kernel.T))


def test_a_flattened_head_has_weights_summed_over_positions():
    model, images = small_model(flat_head), random_images()
    _, raw = explain(model, images)
    features = features_of(model, images)
    kernel, bias = model.get_layer("hidden").get_weights()
    active = features.reshape(len(images), -1) @ kernel + bias > 0
    gradients = active * (head_weights(model) @ [-1, 1]) @ kernel.T
    weights = gradients.reshape(features.shape).sum(axis=(1, 2))
    assert_close(raw, np.einsum("nhwk,nk->nhw", features, weights))
    own = 64 * (features * gradients.reshape(features.shape)).sum(axis=-1)
    assert_close(explain(model, images, explanation="hires_cam")[1], own)


def test_a_gradient_that_varies_over_positions_is_summed():
    model, images = small_model(two_pools_head), random_images()
    _, raw = explain(model, images)
    average, largest = np.split(head_weights(model) @ [-1, 1], 2)
    features = features_of(model, images)
    # the gradient of the largest value is 1 at its place and 0 elsewhere
    assert_close(raw, features @ (average + largest))


@pytest.mark.parametrize("head", [gap_head, deep_head])
def test_both_methods_are_equal_behind_global_average_pooling(head):
    model, images = small_model(head), random_images()
    hires = explain(model, images, explanation="hires_cam")[1]
    assert_close(hires, explain(model, images, explanation="grad_cam")[1])


def test_both_methods_where_the_gradient_varies_over_positions():
    model, images = small_model(head_with_places), random_images()
    features = features_of(model, images)
    average, places = np.split(head_weights(model) @ [-1, 1], [7])
    places = places.reshape(8, 8, 7)
    pooled = features @ (average + places.sum(axis=(0, 1)))
    own = (features * (average + 64 * places)).sum(axis=-1)
    assert_close(explain(model, images, explanation="grad_cam")[1], pooled)
    assert_close(explain(model, images, explanation="hires_cam")[1], own)
    assert np.corrcoef(pooled.ravel(), own.ravel())[0, 1] < 0.9


def test_layers():
    model, images = small_model(), random_images()
    weights = head_weights(model)
    features, margin = features_of(model, images), weights[:, 1] - weights[:, 0]

    def raw(model: keras.Model, layer: str) -> np.ndarray:
        derivatives = differentiate(model, images, layer)
        return raw_maps(derivatives, explanation="grad_cam", score="margin", target="abnormal")

    assert_close(raw(model, "pooled"), features @ margin)
    # the last convolution gives two of the seven channels
    assert_close(raw(model, "last_conv"), features[..., 5:] @ margin[5:])

    inputs = keras.Input((SIZE, SIZE, 3))
    coarse = keras.layers.AveragePooling2D(2)(backbone(inputs))
    coarse = keras.layers.Cropping2D(3)(keras.layers.ZeroPadding2D(3)(coarse))
    logits = keras.layers.Dense(2, name="logits")(gap_head(coarse))
    halved = keras.Model(inputs, logits)
    halved.set_weights(model.get_weights())
    # a score that is linear in the finer features, too: the same map, four times as fine
    assert_close(raw(halved, "finer"), features @ margin)
    assert raw(halved, "pooled").shape == (5, 4, 4)


def test_the_finer_layer_is_none_inside_a_branch():
    inputs = keras.Input((SIZE, SIZE, 3))
    whole = keras.layers.Conv2D(4, 3, padding="same")(inputs)
    branch = keras.layers.Conv2D(4, 3, padding="same")(whole)
    halves = [keras.layers.AveragePooling2D(2)(branch), keras.layers.Conv2D(4, 1, strides=2)(whole)]
    model = keras.Model(inputs, keras.layers.Dense(2)(gap_head(keras.layers.Add()(halves))))
    features = keras.Model(inputs, whole)(random_images()).numpy()
    np.testing.assert_array_equal(differentiate(model, random_images(), "finer").features, features)


@pytest.mark.parametrize(
    ("network", "layer"),
    [("Xception", "add_10"), ("InceptionV3", "mixed7"), ("NASNetMobile", "stem_bn1")],
)
def test_the_finer_layers_of_networks(network, layer):
    keras.backend.clear_session()  # Keras numbers layers without names
    model = classifiers.build(network, size=96, batchnorm_momentum=None)
    assert LAYERS["finer"](model) is model.get_layer(layer).output


def test_scores():
    model, images = small_model(), random_images()
    model.get_layer("logits").set_weights([0.1 * w for w in model.get_layer("logits").weights])
    features, weights = features_of(model, images), head_weights(model)
    margin = features @ (weights[:, 1] - weights[:, 0])
    assert_close(explain(model, images, score="logit")[1], features @ weights[:, 1])
    logits = model.predict(images, verbose=0).astype(np.float64)
    p = 1 / (1 + np.exp(logits[:, 0] - logits[:, 1]))
    softmax = explain(model, images, score="softmax")[1]
    assert_close(softmax, margin * (p * (1 - p))[:, None, None], 1e-4)


def test_softmax_saturates_and_the_margin_does_not():
    model, images = small_model(), random_images()
    kernel, bias = model.get_layer("logits").get_weights()
    model.get_layer("logits").set_weights([kernel, bias + np.float32([0, 200])])
    cam, raw = explain(model, images, score="softmax")
    assert not raw.any()
    assert not cam.any()
    assert degenerate(raw).all()
    cam, raw = explain(model, images)
    assert not degenerate(raw).any()
    assert (cam.max(axis=(1, 2)) == 255).all()


def test_softmax_half_saturated_explains_the_other_logit_alone():
    model, images = small_model(), random_images()
    kernel, bias = model.get_layer("logits").get_weights()
    margins = np.diff(model.predict(images, verbose=0), axis=1)
    model.get_layer("logits").set_weights([kernel, bias + np.float32([0, 30]) - margins.min()])
    logits = model.predict(images, verbose=0).astype(np.float64)
    p_normal = np.exp(logits[:, 0] - logits[:, 1])
    assert ((p_normal > 1e-37) & (p_normal < 1e-7)).all()
    normal = features_of(model, images) @ kernel[:, 0].astype(np.float64)
    expected = -p_normal[:, None, None] * normal
    assert_close(explain(model, images, score="softmax")[1], expected, 1e-4)


def test_a_model_of_nan_weights_gives_degenerate_maps():
    model, images = small_model(), random_images()
    weights = model.get_layer("last_convolution").get_weights()
    model.get_layer("last_convolution").set_weights([np.nan * w for w in weights])
    grey, raw = explain(model, images)
    assert degenerate(raw).all()
    assert not grey.any()


def test_targets():
    model, images = small_model(), random_images()
    kernel, bias = model.get_layer("logits").get_weights()
    margins = np.diff(model.predict(images, verbose=0), axis=1)
    model.get_layer("logits").set_weights([kernel, bias + np.array([np.median(margins), 0])])
    _, abnormal = explain(model, images)
    predicted = model.predict(images, verbose=0).argmax(axis=1)
    assert set(predicted) == {0, 1}
    sign = np.where(predicted == 1, 1, -1)[:, None, None]
    np.testing.assert_array_equal(explain(model, images, target="predicted")[1], sign * abnormal)
    sign = np.where(LABELS == 1, 1, -1)[:, None, None]
    _, true = explain(model, images, target="true", labels=LABELS, batch_size=2)
    assert_close(true, sign * abnormal)
    _, logit = explain(model, images, target="true", score="logit", labels=np.zeros(5, np.uint8))
    assert_close(logit, features_of(model, images) @ head_weights(model)[:, 0])


def test_the_last_pooling_is_the_one_explained():
    images = keras.Input((SIZE, SIZE, 3))
    x = backbone(images)
    excitation = keras.layers.GlobalAveragePooling2D(keepdims=True)(x)
    x = keras.layers.Multiply()([x, keras.layers.Dense(7, activation="sigmoid")(excitation)])
    x = keras.layers.Conv2D(4, 1)(x)
    model = keras.Model(images, keras.layers.Dense(2, name="logits")(gap_head(x)))
    weights = head_weights(model)
    expected = features_of(model, random_images()) @ (weights[:, 1] - weights[:, 0])
    assert_close(explain(model, random_images())[1], expected)


def test_a_map_does_not_depend_on_the_other_images():
    model, images = small_model(deep_head), random_images()
    together, raw = explain(model, images)
    for batch_size in (1, 2, 4):
        assert_close(explain(model, images, batch_size=batch_size)[1], raw)
    others = images.copy()
    others[1:] = 50 * others[:0:-1] + 3
    cam, alone = explain(model, others)
    assert_close(alone[:1], raw[:1])
    assert np.abs(cam[0].astype(int) - together[0]).max() <= 1


def blob_model(bright: int) -> keras.Model:
    """A model that calls an image `bright` (1 abnormal, 0 normal) if it is bright somewhere.

    Features: brightness above 0.5, through a BatchNorm that is the identity in inference mode.
    """
    images = keras.Input((32, 32, 3))
    x = keras.layers.AveragePooling2D(4)(images)
    x = keras.layers.Conv2D(1, 1, name="brightness")(x)
    x = keras.layers.BatchNormalization(epsilon=0.0, name="norm")(x)
    x = keras.layers.GlobalAveragePooling2D()(keras.layers.ReLU()(x))
    model = keras.Model(images, keras.layers.Dense(2, name="logits")(x))
    third = np.full((1, 1, 3, 1), 1 / 3, np.float32)
    model.get_layer("brightness").set_weights([third, np.float32([-0.5])])
    kernel = np.float32([[-40, 40]])
    logits = [kernel, np.float32([0.1, -0.1])]
    model.get_layer("logits").set_weights(logits if bright == 1 else [-w for w in logits])
    return model


def blob_images() -> tuple[np.ndarray, list[tuple[int, int]]]:
    """Three dark images with a bright square, and its centre (row, column)."""
    centres = [(6, 10), (18, 26), (26, 6)]
    images = np.zeros((3, 32, 32, 3), np.float32)
    for image, (row, column) in zip(images, centres, strict=True):
        image[row - 2 : row + 2, column - 2 : column + 2] = 1
    return images, centres


def test_the_map_of_the_abnormal_class_peaks_at_what_makes_it_abnormal():
    images, centres = blob_images()
    model = blob_model(bright=1)
    assert (model.predict(images, verbose=0).argmax(axis=1) == 1).all()
    for score in ("margin", "logit", "softmax"):
        cam, raw = explain(model, images, score=score)
        for grey, (row, column) in zip(cam, centres, strict=True):
            bright = np.argwhere(grey == 255)
            np.testing.assert_allclose(bright.mean(axis=0), (row - 0.5, column - 0.5), atol=0.1)
            assert grey[(row + 16) % 32, (column + 16) % 32] == 0
        assert raw.max() > 0
        assert raw.min() == 0


def test_the_map_is_dark_there_if_it_makes_the_image_normal():
    images, centres = blob_images()
    cam, _ = explain(blob_model(bright=0), images)
    for grey, (row, column) in zip(cam, centres, strict=True):
        assert grey[row, column] == 0
        assert grey[(row + 16) % 32, (column + 16) % 32] == 255


def test_batchnorm_in_inference_mode():
    images, _ = blob_images()
    model = blob_model(bright=1)
    before = [w.copy() for w in model.get_layer("norm").get_weights()]
    _, raw = explain(model, images)
    brightness = images.reshape(3, 8, 4, 8, 4, 3).mean(axis=(2, 4, 5))
    # normalised by the batch's own mean and deviation, the blobs would be many times brighter
    assert_close(raw, 80 * np.maximum(brightness - 0.5, 0))
    for weight, old in zip(model.get_layer("norm").get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, old)


def test_new_weights_are_seen_and_the_model_stays_whole(tmp_path):
    model, images = small_model(), random_images()
    logits = model.predict(images, verbose=0)
    first = explain(model, images)
    again = explain(model, images)
    np.testing.assert_array_equal(first[0], again[0])
    np.testing.assert_array_equal(first[1], again[1])
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", compile=False, safe_mode=True)
    np.testing.assert_allclose(loaded.predict(images, verbose=0), logits, rtol=1e-6)
    assert_close(explain(loaded, images)[1], first[1])
    other = small_model(seed=5)
    model.set_weights(other.get_weights())
    assert_close(explain(model, images)[1], explain(other, images)[1])


def bilinear(small: np.ndarray, size: int) -> np.ndarray:
    """Bilinear interpolation with pixel centres at half-integers and a repeated edge."""
    rows, columns = small.shape

    def weights(cells: int) -> np.ndarray:
        place = np.clip((np.arange(size) + 0.5) * cells / size - 0.5, 0, cells - 1)
        return np.maximum(0, 1 - np.abs(place[:, None] - np.arange(cells)))

    return weights(rows) @ small @ weights(columns).T


@pytest.mark.parametrize(("rows", "columns"), [(7, 7), (4, 4), (2, 3), (1, 4)])
def test_scaling_is_bilinear_then_min_max(rows, columns):
    raw = np.random.default_rng(0).normal(size=(3, rows, columns)).astype(np.float32)
    grey = to_grey(raw, (50, 50))
    for small, result in zip(raw, grey, strict=True):
        large = bilinear(small.astype(np.float64), 50)
        exact = 255 * (large - large.min()) / (large.max() - large.min())
        assert np.abs(result - exact).max() <= 0.5 + 1e-3
        assert result.min() == 0
        assert result.max() == 255


def test_nearest():
    grey = to_grey(np.float32([[[0, 1], [2, 4]]]), (4, 6), GreyRule(resize="nearest"))
    expected = np.repeat(np.repeat([[0, 64], [128, 255]], 2, axis=0), 3, axis=1)
    np.testing.assert_array_equal(grey, [expected])


def test_maps_of_any_magnitude_are_scaled():
    shape = np.random.default_rng(0).normal(size=(1, 4, 4)).astype(np.float32)
    expected = to_grey(shape, (20, 20)).astype(int)
    for factor in (1e-30, 1e-6, 1e30, 1e37):
        grey = to_grey(shape * np.float32(factor), (20, 20))
        assert np.abs(grey - expected).max() <= 1


def test_degenerate_maps_become_zero():
    random = np.random.default_rng(0)
    noise = 1 + 1e-6 * random.uniform(-1, 1, (4, 4))
    maps = [np.zeros((4, 4)), np.full((4, 4), 0.1), 3.7 * noise, -1e-20 * noise]
    for bad in (np.nan, np.inf, -np.inf):
        spoiled = random.normal(size=(4, 4))
        spoiled[1, 2] = bad
        maps.append(spoiled)
    raw = np.float32([*maps, 1 + 1e-3 * random.normal(size=(4, 4))])
    assert degenerate(raw).tolist() == [True] * 7 + [False]
    grey = to_grey(raw, (33, 33))
    assert not grey[:7].any()
    assert grey[7].max() == 255
    assert degenerate(raw[:, :1, :1]).all()


def test_unfit_arguments():
    model, images = small_model(), random_images()
    for name, value, allowed in (
        ("score", "logits", "must be one of margin, logit, softmax"),
        ("target", "normal", "must be one of abnormal, predicted, true"),
        ("explanation", "gradcam", r"did you mean grad_cam\?"),
        ("explanation", "x", "must be one of ablation_cam, cam, .*, xgrad_cam"),
    ):
        with pytest.raises(CamsegError, match=f"^{name} is '{value}': {allowed}$"):
            explain(model, images, **{name: value})
    with pytest.raises(CamsegError, match=r"^layer is 'last': must be one of pooled, last_conv, f"):
        differentiate(model, images, "last")
    for unfit in (images[..., 0], images[:0], images.astype(np.uint8)):
        with pytest.raises(CamsegError, match="must be preprocessed float32"):
            explain(model, unfit)
    for labels in (None, LABELS + 1):
        with pytest.raises(CamsegError, match="needs a label, 0 or 1, for every image"):
            explain(model, images, target="true", labels=labels)
    with pytest.raises(CamsegError, match="6 labels do not fit 5 images"):
        explain(model, images, target="true", labels=np.ones(6, int))
    tensor = model.get_layer("pool").output
    with pytest.raises(CamsegError, match="needs two logits"):
        explain(keras.Model(model.inputs, tensor), images)
    with pytest.raises(CamsegError, match="batch_size is 0: must be at least 1"):
        explain(model, images, batch_size=0)
    for unfit in (images[..., 0], images[:, :8]):
        with pytest.raises(CamsegError, match=r"images are of \(.*takes \(16, 16, 3\): rows, col"):
            differentiate(model, unfit)


def test_a_model_no_longer_used_is_freed():
    model = small_model()
    explain(model, random_images(1))
    alive = weakref.ref(model)
    del model
    gc.collect()
    assert alive() is None


def rewrite(path: Path, change: Callable[[dict], None], compression: int = zipfile.ZIP_STORED):
    """Write a .keras file anew with its configuration changed."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(parts["config.json"])
    change(config["config"])
    parts["config.json"] = json.dumps(config).encode()
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)


def with_lambda(path):
    inputs = keras.Input((8, 8, 3))
    keras.Model(inputs, keras.layers.Lambda(lambda x: x + 1)(inputs)).save(path)


def with_a_class_of_its_own(path):
    class Own(keras.layers.Layer):
        def call(self, inputs):
            return inputs

    inputs = keras.Input((8, 8, 3))
    keras.Model(inputs, Own()(inputs)).save(path)


def with_a_command(path):
    """What a layer starts from is a call of the system's shell."""
    call = {"module": "os", "class_name": "system", "config": f"touch {path.parent}/pwned"}

    def change(config):
        (layer,) = (each for each in config["layers"] if each["class_name"] == "Conv2D")
        layer["config"]["kernel_initializer"] = call | {"registered_name": None}

    rewrite(path, change)


def flipped(path):
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        weights = archive.getinfo("model.weights.h5")
    data[weights.header_offset + weights.file_size // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (with_lambda, "Requested the deserialization of a `Lambda` layer"),
        (with_a_class_of_its_own, "Could not locate class 'Own'"),
        (with_a_command, "Could not interpret initializer identifier"),
        (flipped, "Bad CRC-32 for file 'model.weights.h5'"),
        (lambda path: path.write_bytes(path.read_bytes()[:-100]), "File is not a zip file"),
        (lambda path: path.write_text("no model"), "File is not a zip file"),
        (lambda path: rewrite(path, lambda config: None, zipfile.ZIP_DEFLATED), "it is packed"),
        (lambda path: rewrite(path, lambda config: config.pop("layers")), "Unable to "),
    ],
    ids=["lambda", "class", "command", "flipped", "cut", "text", "packed", "without layers"],
)
def test_a_model_that_is_not_whole_or_holds_code_is_refused_in_one_line(tmp_path, spoil, fault):
    path = tmp_path / "model.keras"
    inputs = keras.Input((8, 8, 3))
    keras.Model(inputs, keras.layers.Conv2D(4, 3)(inputs)).save(path)
    assert read_model(path).output_shape == (None, 6, 6, 4)
    spoil(path)
    with pytest.raises(CamsegError) as error:
        read_model(path)
    assert str(error.value).startswith(f"{path}: is no model that can be loaded safely: {fault}")
    assert str(error.value).endswith("; remove the file and run the workflow again")
    assert "\n" not in str(error.value)
    assert not (tmp_path / "pwned").exists()
