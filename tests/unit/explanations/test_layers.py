"""Models as people build them: explained right, or refused with what to do, which then works."""

import keras
import numpy as np
import pytest

from camseg.errors import CamsegError
from camseg.explanations.explain import differentiate, explain
from camseg.explanations.layers import (
    cell_pixels,
    check_model,
    finer_tensor,
    head_layers,
    last_convolution,
    layers_of,
    pooled_tensor,
)
from camseg.networks import classifiers

SIZE = 16
GAP, Dense = keras.layers.GlobalAveragePooling2D, keras.layers.Dense


def images(channels=3, n=3):
    return np.random.default_rng(1).normal(size=(n, SIZE, SIZE, channels)).astype(np.float32)


def built(end, channels=3, pool=None, name="mine"):
    """A model of one convolution (layer "features"), a pooling, and `end` of what it pools."""
    inputs = keras.Input((SIZE, SIZE, channels))
    features = keras.layers.Conv2D(4, 3, strides=4, name="features")(inputs)
    return keras.Model(inputs, end((pool or GAP())(features)), name=name)


def features_of(model, batch, layer="features"):
    tensor = model.get_layer(layer).output
    return keras.Model(model.inputs, tensor).predict(batch, verbose=0).astype(np.float64)


def margins(model, layer="logits"):
    """The weights that a dense layer gives features for the margin: abnormal less normal."""
    kernel = model.get_layer(layer).get_weights()[0].astype(np.float64)
    return kernel[:, 1] - kernel[:, 0]


def assert_close(raw, expected, relative=1e-5):
    """Equal to `relative` of the largest value."""
    np.testing.assert_allclose(raw, expected, atol=relative * np.abs(expected).max())


def assert_cam(raw, model, batch):
    """Equation 2: the features, weighed by the head."""
    assert_close(raw, features_of(model, batch) @ margins(model))


def refusal(model, batch=None):
    with pytest.raises(CamsegError) as caught:
        explain(model, images() if batch is None else batch)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def head(activation):
    inputs = keras.Input((4,))
    return keras.Model(inputs, Dense(2, activation, name="logits")(inputs), name="head")


SATURATES = "which saturates where it is sure; a heat map needs the logits before it: "


@pytest.mark.parametrize(
    ("end", "what", "remedy"),
    [
        (
            Dense(2, "softmax", name="logits"),
            "softmax (layer logits)",
            "set model.get_layer('logits').activation = None",
        ),
        (
            Dense(2, "sigmoid", name="logits"),
            "sigmoid (layer logits)",
            "set model.get_layer('logits').activation = None",
        ),
        (
            Dense(2, keras.layers.Softmax(), name="logits"),
            "Softmax (layer logits)",
            "set model.get_layer('logits').activation = None",
        ),
        (
            lambda x: keras.layers.Softmax(name="end")(Dense(2, name="logits")(x)),
            "softmax (layer end)",
            "explain keras.Model(model.input, model.get_layer('end').input)",
        ),
        (
            lambda x: keras.layers.Activation("softmax", name="end")(Dense(2, name="logits")(x)),
            "softmax (layer end)",
            "explain keras.Model(model.input, model.get_layer('end').input)",
        ),
        (
            lambda x: keras.layers.LeakyReLU(name="end")(Dense(2, name="logits")(x)),
            "leakyrelu (layer end)",
            "explain keras.Model(model.input, model.get_layer('end').input)",
        ),
        (
            lambda x: keras.layers.Reshape((2,))(Dense(2, "softmax", name="logits")(x)),
            "softmax (layer logits)",
            "set model.get_layer('logits').activation = None",
        ),
        (
            lambda x: keras.ops.softmax(Dense(2, name="logits")(x)),
            "softmax (layer softmax",
            "build it of the same layers up to the logits",
        ),
    ],
)
def test_a_model_that_ends_in_an_activation_is_refused_and_the_remedy_works(end, what, remedy):
    keras.backend.clear_session()
    model = built(end)
    said = refusal(model)
    assert said.startswith(f"model mine ends in {what}")
    assert said.endswith(f", {SATURATES}{remedy}")
    if remedy.startswith("set "):
        model.get_layer("logits").activation = None
    elif remedy.startswith("explain "):
        model = keras.Model(model.input, model.get_layer("end").input)
    else:
        model = keras.Model(model.input, model.get_layer("logits").output)
    assert_cam(explain(model, images())[1], model, images())


def test_an_activation_is_found_in_a_model_within_and_in_a_sequential():
    model = built(head("softmax"))
    assert refusal(model).startswith("model head ends in softmax (layer logits), ")
    assert refusal(model).endswith(
        ": set model.get_layer('head').get_layer('logits').activation = None"
    )
    model.get_layer("head").get_layer("logits").activation = None
    weights = margins(model.get_layer("head"))
    raw = explain(model, images())[1]
    assert_close(raw, features_of(model, images()) @ weights)

    layers = [keras.Input((SIZE, SIZE, 3)), keras.layers.Conv2D(4, 3), GAP(), Dense(2, "softmax")]
    model = keras.Sequential(layers)
    assert f"ends in softmax (layer {layers[-1].name})" in refusal(model)
    layers[-1].activation = None
    assert explain(model, images())[1].shape == (3, 14, 14)


@pytest.mark.parametrize(
    "end",
    [
        Dense(2, "linear"),
        Dense(2, None),
        head(None),
        lambda x: keras.layers.Activation("linear")(Dense(2)(x)),
        lambda x: keras.layers.Dropout(0.5)(Dense(2)(x)),
        lambda x: Dense(2)(Dense(3, "softmax")(x)),  # in the middle, it is the model's own affair
        lambda x: Dense(2)(keras.ops.softmax(x)) + 1,
    ],
)
def test_logits_are_taken(end):
    check_model(built(end))


def test_images_of_one_channel_are_explained():
    model = built(Dense(2, name="logits"), channels=1)
    cam, raw = explain(model, images(1))
    assert cam.shape == (3, SIZE, SIZE)
    assert_cam(raw, model, images(1))


@pytest.mark.parametrize(
    ("channels", "batch"),
    [(1, images(3)), (3, images(1)), (3, images(3)[:, :8]), (3, images(3)[:, :, 1:])],
)
def test_images_of_another_shape_than_the_models_are_refused(channels, batch):
    shape, takes = batch.shape[1:], (SIZE, SIZE, channels)
    assert refusal(built(Dense(2), channels), batch) == (
        f"images are of {shape}, model mine takes {takes}: rows, columns, channels"
    )


def test_images_of_any_size_are_explained_where_the_model_takes_them():
    inputs = keras.Input((None, None, 3))
    features = keras.layers.Conv2D(4, 3, name="features")(inputs)
    model = keras.Model(inputs, Dense(2, name="logits")(GAP()(features)))
    for batch in (images(), images()[:, :8]):
        assert_cam(explain(model, batch)[1], model, batch)
    for layer in ("finer", "last_conv"):
        with pytest.raises(CamsegError, match="takes images of any size: only what it pools can"):
            differentiate(model, images(), layer)


def test_behind_a_maximum_every_channel_weighs_as_its_largest_value_does():
    model = built(Dense(2, name="logits"), pool=keras.layers.GlobalMaxPooling2D())
    assert_cam(explain(model, images())[1], model, images())
    # its own gradient is 1 where a channel is largest, and 0 elsewhere
    features = features_of(model, images())
    largest = features == features.max(axis=(1, 2), keepdims=True)
    own = features.shape[1] * features.shape[2] * (features * largest) @ margins(model)
    raw = explain(model, images(), explanation="hires_cam")[1]
    assert_close(raw, own)


def test_a_flattening_of_what_a_pooling_has_left_is_passed_over():
    for pool in (GAP(), GAP(keepdims=True)):
        model = built(lambda x: Dense(2, name="logits")(keras.layers.Flatten()(x)), pool=pool)
        assert_cam(explain(model, images())[1], model, images())

    def convolved(pooled):
        return keras.layers.Flatten()(keras.layers.Conv2D(2, 1, name="logits")(pooled))

    model = built(convolved, pool=GAP(keepdims=True))
    weights = model.get_layer("logits").get_weights()[0][0, 0].astype(np.float64)
    expected = features_of(model, images()) @ (weights[:, 1] - weights[:, 0])
    assert_close(explain(model, images())[1], expected)


def test_a_map_of_one_position_shows_nothing_and_no_earlier_pooling_is_taken_for_it():
    inputs = keras.Input((SIZE, SIZE, 3))
    x = keras.layers.Conv2D(4, 3, strides=4)(inputs)
    squeezed = Dense(4, "sigmoid")(GAP(keepdims=True)(x))  # a weight per channel
    x = keras.layers.Conv2D(4, 4)(keras.layers.Multiply()([x, squeezed]))
    model = keras.Model(inputs, Dense(2)(keras.layers.Flatten(name="flat")(x)), name="mine")
    assert refusal(model) == (
        "model mine: layer flat receives a map of one position, in which there is nothing to "
        "show: take larger images, or pool a larger map by a global pooling"
    )
    assert differentiate(model, images(), "finer").features.shape == (3, 4, 4, 4)


def test_a_model_that_pools_inside_another_is_refused_and_the_remedy_works():
    base = keras.applications.MobileNetV2(
        include_top=False, weights=None, pooling="avg", input_shape=(96, 96, 3), name="base"
    )
    batch = np.random.default_rng(1).normal(size=(2, 96, 96, 3)).astype(np.float32)
    inputs, logits = keras.Input((96, 96, 3)), Dense(2, name="logits")
    for model in (
        keras.Model(inputs, logits(base(inputs)), name="mine"),
        keras.Sequential([keras.Input((96, 96, 3)), base, logits], name="mine"),
    ):
        assert refusal(model, batch) == (
            "model mine pools inside its layer base, a model itself: explain one model of the same "
            "layers, keras.Model(base.input, x), where base is model.get_layer('base') and x "
            "base.output put through the layers after it"
        )
        flat = keras.Model(base.input, model.get_layer("logits")(base.output))
        np.testing.assert_allclose(flat(batch), model(batch), rtol=1e-5)
        raw = explain(flat, batch)[1]
        expected = features_of(flat, batch, "out_relu") @ margins(flat)
        assert_close(raw, expected)


def test_features_of_a_model_within_are_explained_where_they_are_pooled_outside():
    base = classifiers._base("MobileNetV2", 96, None)
    inputs = keras.Input((96, 96, 3))
    model = keras.Model(inputs, Dense(2, name="logits")(GAP()(base(inputs))))
    batch = np.random.default_rng(1).normal(size=(2, 96, 96, 3)).astype(np.float32)
    raw = explain(model, batch)[1]
    expected = base.predict(batch, verbose=0).astype(np.float64) @ margins(model)
    assert_close(raw, expected)
    for layer in ("finer", "last_conv"):
        with pytest.raises(CamsegError, match=r"holds the model mobilenetv2.*: only what it pools"):
            differentiate(model, batch, layer)


def test_a_model_of_another_ones_layers_is_refused_and_the_remedy_works():
    layers = [keras.layers.Conv2D(4, 3, name="features"), GAP(), Dense(2, name="logits")]
    first, inputs = (keras.Input((SIZE, SIZE, 3)) for _ in "ab")
    keras.Sequential([first, *layers])
    for model in (
        keras.Sequential([inputs, *layers], name="mine"),
        keras.Model(first, layers[2](layers[1](layers[0](-first))), name="mine"),
    ):
        said = refusal(model)
        assert said.startswith("model mine shares layers with another model, and their first use")
        copy = keras.models.clone_model(model)
        copy.set_weights(model.get_weights())
        assert_cam(explain(copy, images())[1], copy, images())


class Own(keras.Model):
    """A model whose layers know no inputs."""

    def __init__(self):
        super().__init__()
        self.logits = Dense(2)

    def call(self, x):
        return self.logits(keras.ops.mean(x, (1, 2)))


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (
            "mine",
            "'mine' is no Keras model that knows its layers' inputs: build it by keras.Model",
        ),
        (Own(), "'own.*' is no Keras model that knows its layers' inputs"),
        (keras.Sequential([Dense(2)]), "'sequential.*' is no Keras model that knows its layers'"),
        (
            built(Dense(1)),
            r"model mine has outputs of shape \(None, 1\): a heat map needs two logi",
        ),
        (built(lambda x: [Dense(2)(x)] * 2), r"has outputs of shape \[\(None, 2\), \(None, 2\)\]"),
        (head(None), r"model head has inputs of shapes \(None, 4\): must be one of images"),
        (
            built(Dense(2), pool=keras.layers.Conv2D(2, 4)),
            r"model mine has outputs of shape \(None, 1, 1, 2\): a heat map needs two logits",
        ),
        (
            built(keras.layers.Reshape((2,)), pool=keras.layers.Conv2D(2, 4)),
            "model mine has none of GlobalAveragePooling2D, GlobalMaxPooling2D, Flatten of a "
            "feature map to explain",
        ),
        (
            built(Dense(2), pool=GAP(data_format="channels_first")),
            "model mine: layer .* takes channels first: build the model with channels last",
        ),
    ],
)
def test_other_models_are_refused_in_one_line(model, reason):
    with pytest.raises(CamsegError, match=f"^.*{reason}"):
        explain(model, images())


def test_a_model_of_two_images_is_refused():
    inputs = [keras.Input((SIZE, SIZE, 3)) for _ in "ab"]
    model = keras.Model(inputs, Dense(2)(GAP()(keras.layers.Add()(inputs))))
    assert refusal(model).endswith(
        "has inputs of shapes (None, 16, 16, 3), (None, 16, 16, 3): must be one of images"
    )


def test_a_model_of_16_bits_gives_maps_of_32():
    policy = keras.mixed_precision.dtype_policy()
    keras.mixed_precision.set_dtype_policy("mixed_float16")
    try:
        model = built(Dense(2, name="logits"))
    finally:
        keras.mixed_precision.set_dtype_policy(policy)
    raw = explain(model, images())[1]
    assert raw.dtype == np.float32
    expected = features_of(model, images()) @ margins(model)
    assert_close(raw, expected, 0.01)


def test_what_is_pooled_is_the_tensor_itself():
    model = built(Dense(2))
    assert pooled_tensor(model) is model.get_layer("features").output


def of_strides(*layers, size=32):
    images = keras.Input((size, size, 3))
    x = images
    for layer in layers:
        x = layer(x)
    return keras.Model(images, Dense(2)(GAP()(x)))


def test_a_cell_is_as_many_pixels_as_the_strides_make_it():
    """Also where padding makes the grid another share of the image than its stride is."""
    kinds = keras.layers
    convolution = kinds.Conv2D(3, 3, strides=2)
    assert cell_pixels(of_strides(convolution)) == 2
    assert cell_pixels(of_strides(kinds.Conv2D(3, 5), kinds.MaxPooling2D(4))) == 4
    assert cell_pixels(of_strides(kinds.Conv2D(3, 1))) == 1
    twice = [kinds.DepthwiseConv2D(3, strides=2), kinds.AveragePooling2D(3, strides=4)]
    assert cell_pixels(of_strides(*twice)) == 8
    assert cell_pixels(of_strides(*twice, kinds.UpSampling2D(4))) == 2
    back = kinds.Conv2DTranspose(3, 2, strides=2)
    assert cell_pixels(of_strides(kinds.MaxPooling2D(8), back)) == 4
    inner = keras.Sequential([keras.Input((32, 32, 3)), kinds.Conv2D(3, 4, strides=4)])
    assert cell_pixels(of_strides(inner, kinds.MaxPooling2D(2))) == 8


@pytest.mark.parametrize("network", ["MobileNetV2", "InceptionV3", "NASNetMobile"])
def test_a_cell_of_keras_own_networks_is_32_pixels(network):
    assert cell_pixels(classifiers.build(network, size=128, batchnorm_momentum=None)) == 32


def test_the_head_is_what_follows_the_last_pooling():
    images = keras.Input((8, 8, 3))
    squeezed = Dense(4, name="squeezed")(GAP()(keras.layers.Conv2D(4, 3, name="features")(images)))
    x = images[:, :6, :6, :1] * keras.layers.Reshape((1, 1, 4))(squeezed)
    x = Dense(3, name="hidden")(GAP(name="last")(Dense(4, name="by_pixel")(x)))
    model = keras.Model(images, Dense(2, name="logits")(x))
    assert [layer.name for layer in head_layers(model)] == ["last", "hidden", "logits"]


def test_the_finer_grid_is_found_behind_sums_too():
    images = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(3, 3, padding="same")(images)
    summed = x + images
    pooled = keras.layers.Conv2D(4, 2, strides=2)(2 * summed)
    model = keras.Model(images, Dense(2)(GAP()(pooled)))
    assert layers_of(model) == ["pooled", "last_conv", "finer"]
    assert finer_tensor(model).shape == (None, 8, 8, 3)
    scaled = next(each for each in model.operations if type(each).__name__ == "Multiply")
    assert finer_tensor(model) is scaled.output


def test_a_model_has_the_layers_that_it_has():
    kinds = keras.layers
    assert layers_of(of_strides(kinds.Conv2D(3, 3))) == ["pooled", "last_conv", "finer"]
    assert layers_of(of_strides(kinds.Dense(3))) == ["pooled"]
    assert layers_of(of_strides(kinds.Conv2D(3, 1))) == ["pooled", "last_conv"]
    shared = kinds.Conv2D(3, 3)
    assert layers_of(of_strides(shared, shared)) == ["pooled"]
    with pytest.raises(CamsegError, match=r"uses its layer conv2d.* more than once: only what it"):
        last_convolution(of_strides(shared, shared))
