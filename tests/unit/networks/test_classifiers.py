import errno
import fcntl
import os
import subprocess
import sys
import urllib.error
from pathlib import Path

import keras
import numpy as np
import pytest
from keras.src.backend import config as keras_config
from keras.src.utils import file_utils

from camseg.errors import CamsegError
from camseg.io.locks import lock
from camseg.networks import classifiers
from camseg.networks.registry import NETWORKS
from camseg.training import loop
from project import ROOT

IMAGENET_MEAN = np.array([0.485, 0.456, 0.406])
IMAGENET_DEVIATION = np.array([0.229, 0.224, 0.225])
# networks that begin with their preprocessing
INSIDE = ("convnext", "efficientnet", "efficientnet_v2", "mobilenet_v3")


@pytest.fixture(scope="module")
def mobilenet():
    keras.utils.set_random_seed(1)
    return classifiers.build("MobileNetV2", size=64, batchnorm_momentum=0.8)


@pytest.fixture
def keras_home(tmp_path, monkeypatch):
    """An empty folder as the place of Keras' downloads."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setattr(keras_config, "_KERAS_DIR", str(tmp_path / "keras"))
    return tmp_path / "keras"


def images(n=3, size=64):
    return np.random.default_rng(2).uniform(-1, 1, (n, size, size, 3)).astype(np.float32)


def feature_map(model, images):
    layer = "flatten" if "flatten" in [layer.name for layer in model.layers] else "pool"
    return keras.Model(model.input, model.get_layer(layer).input)(images, training=False).numpy()


@pytest.mark.parametrize("network", NETWORKS)
def test_preprocessing(network):
    grey = np.random.default_rng(1).uniform(0, 255, (2, 5, 4)).astype(np.float32)
    before = grey.copy()
    images = classifiers.preprocess(network, grey)
    colour = np.stack([grey, grey, grey], axis=-1)
    if NETWORKS[network] in INSIDE:
        expected = colour
    elif NETWORKS[network] == "densenet":
        expected = (colour / 255 - IMAGENET_MEAN) / IMAGENET_DEVIATION
    elif NETWORKS[network] in ("resnet", "vgg16", "vgg19"):  # blue first, ImageNet's mean removed
        expected = colour - [103.939, 116.779, 123.68]
    else:
        expected = colour / 127.5 - 1
    assert images.dtype == np.float32
    np.testing.assert_allclose(images, expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(grey, before)


def test_a_plain_classifier_is_keras_own_network_with_a_dense_layer(mobilenet):
    keras.utils.set_random_seed(1)
    base = keras.applications.MobileNetV2(
        include_top=False, weights=None, input_shape=(64, 64, 3), pooling="avg"
    )
    expected = keras.Model(base.input, keras.layers.Dense(2)(base.output))
    assert mobilenet.name == "MobileNetV2"
    for one, other in zip(mobilenet.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(mobilenet(images()), expected(images()))


def test_outputs_are_logits_of_the_pooled_features(mobilenet):
    kernel, bias = mobilenet.get_layer("logits").get_weights()
    mobilenet.get_layer("logits").set_weights([1000 * kernel, np.array([5, -7])])
    logits = mobilenet(images(), training=False)
    mobilenet.get_layer("logits").set_weights([kernel, bias])
    expected = np.mean(feature_map(mobilenet, images()), axis=(1, 2)) @ (1000 * kernel) + [5, -7]
    np.testing.assert_allclose(logits, expected, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(("head", "inputs"), [("gap_dense", 1280), ("flatten_dense", 4 * 1280)])
def test_heads_with_hidden_layers(head, inputs):
    model = classifiers.build(
        "MobileNetV2", size=64, batchnorm_momentum=0.8, head=head, widths=[16, 8], name="V2.deep"
    )
    assert model.name == "V2.deep"
    names = [layer.name for layer in model.layers[-4:]]
    assert names == ["pool" if head == "gap_dense" else "flatten", "hidden_1", "hidden_2", "logits"]
    values = feature_map(model, images())
    values = values.mean(axis=(1, 2)) if head == "gap_dense" else values.reshape(3, -1)
    assert values.shape == (3, inputs)
    for layer, width in (("hidden_1", 16), ("hidden_2", 8), ("logits", 2)):
        kernel, bias = model.get_layer(layer).get_weights()
        assert bias.shape == (width,)
        values = values @ kernel + bias
        values = values if layer == "logits" else np.maximum(values, 0)
    np.testing.assert_allclose(model(images(), training=False), values, rtol=1e-4, atol=1e-6)


def test_momentum_reaches_every_batch_normalization(mobilenet):
    layers = [
        layer for layer in mobilenet.layers if isinstance(layer, keras.layers.BatchNormalization)
    ]
    assert len(layers) == 52
    assert {layer.momentum for layer in layers} == {0.8}
    restored = keras.Model.from_config(mobilenet.get_config())
    assert restored.get_layer(layers[0].name).momentum == 0.8


def test_momentum_reaches_nested_layers(monkeypatch):
    norm = keras.layers.BatchNormalization()

    def nested(input_shape, **_):
        images = keras.Input(input_shape)
        return keras.Model(images, keras.Sequential([norm])(images))

    monkeypatch.setattr(keras.applications, "MobileNetV2", nested)
    classifiers.build("MobileNetV2", size=8, batchnorm_momentum=0.7)
    assert norm.momentum == 0.7


def test_an_untrained_copy_has_random_weights_that_the_seed_says(mobilenet):
    before = mobilenet.get_weights()
    first, again, other = (classifiers.untrained(mobilenet, seed) for seed in (2**40, 2**40, 3))
    pairs = [*zip(before, mobilenet.get_weights(), strict=True)]
    pairs += zip(first.get_weights(), again.get_weights(), strict=True)
    for one, two in pairs:
        np.testing.assert_array_equal(one, two)
    assert first.name == mobilenet.name
    kernels = [model.get_layer("logits").kernel.numpy() for model in (mobilenet, first, other)]
    assert len({kernel.tobytes() for kernel in kernels}) == 3
    limit = (6 / sum(kernels[1].shape)) ** 0.5  # of Keras' uniform distribution
    assert 0.9 * limit < np.abs(kernels[1]).max() <= limit


def test_no_momentum_keeps_the_networks_own():
    model = classifiers.build("MobileNetV2", size=32, batchnorm_momentum=None)
    assert model.get_layer("bn_Conv1").momentum == 0.999


def without_head(model):
    return keras.Model(model.input, model.get_layer("pool").input)


@pytest.mark.parametrize("suffix", [".keras", ".weights.h5", ".h5"])
def test_weights_from_a_file(mobilenet, tmp_path, suffix):
    """Those of the network: a classifier as trained here will do, but the head starts anew."""
    path = tmp_path / f"mine{suffix}"
    if suffix == ".keras":
        mobilenet.save(path)
    else:
        save = keras.Model.save_weights if suffix == ".weights.h5" else keras.Model.save
        save(without_head(mobilenet), path)
    keras.utils.set_random_seed(7)
    model = classifiers.build("MobileNetV2", size=96, batchnorm_momentum=0.8, weights=str(path))
    for one, other in zip(model.get_weights()[:-2], mobilenet.get_weights()[:-2], strict=True):
        np.testing.assert_array_equal(one, other)
    assert (model.get_weights()[-2] != mobilenet.get_weights()[-2]).any()


@pytest.mark.filterwarnings("error::UserWarning")
def test_weights_that_cannot_be_loaded_are_one_line(mobilenet, tmp_path):
    mobilenet.save_weights(tmp_path / "other.weights.h5")
    mobilenet.save(tmp_path / "other.h5")
    (tmp_path / "broken.weights.h5").write_bytes(b"no HDF5")
    (tmp_path / "mine.pth").write_bytes(b"")
    for name, reason in {
        "missing.h5": "there is no weights file",
        "other.weights.h5": "expected 2 variables, but received 1",
        "other.h5": "Layer count mismatch",
        "broken.weights.h5": "file signature not found",
        "mine.pth": "format not supported",
    }.items():
        path = tmp_path / name
        with pytest.raises(CamsegError, match=reason) as error:
            classifiers.build("VGG16", size=64, batchnorm_momentum=0.8, weights=str(path))
        assert str(error.value).startswith("VGG16: ")
        assert str(path) in str(error.value)
        assert "\n" not in str(error.value)
        assert len(str(error.value)) < 600


def test_a_download_that_fails_is_one_line(keras_home, monkeypatch):
    def refuse(url, *_):
        raise urllib.error.URLError("Name or service not known")

    monkeypatch.setattr(file_utils, "urlretrieve", refuse)
    with pytest.raises(CamsegError) as error:
        classifiers.build("MobileNetV2", size=96, batchnorm_momentum=0.8, weights="imagenet")
    message = str(error.value)
    assert "\n" not in message
    assert "_1.0_96_no_top.h5: None -- Name or service not known" in message
    assert "keras.applications.MobileNetV2(include_top=False, input_shape=(96, 96, 3))" in message
    assert f"copy its ~/.keras/models to {keras_home}," in message


def test_downloads_wait_for_each_other_or_warn_where_they_cannot(keras_home, monkeypatch, capsys):
    with classifiers._one_at_a_time(), (keras_home / "camseg.lock").open() as file:
        assert not lock(file, wait=False)
    assert capsys.readouterr().err == ""

    def refuse(file, operation):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with classifiers._one_at_a_time():
        (warning,) = capsys.readouterr().err.splitlines()
    assert f"{keras_home}/camseg.lock: cannot be locked (No locks available)" in warning


def test_weights_are_looked_for_where_keras_does(tmp_path, monkeypatch):
    """Without a home that can be written: Keras' get_file takes this folder, then."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    assert classifiers._keras_home() == tmp_path / "keras"
    monkeypatch.setenv("KERAS_HOME", "/dev/null/keras")
    assert classifiers._keras_home() == Path("/tmp/.keras")
    monkeypatch.delenv("KERAS_HOME")
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)  # the user is unknown
    monkeypatch.chdir(tmp_path)
    assert classifiers._keras_home() == Path("/tmp/.keras")


LOAD_WEIGHTS = """
import sys
from camseg.cli import run
from camseg.networks import classifiers

options = {"size": 64, "batchnorm_momentum": None, "weights": sys.argv[1]}
run(lambda: classifiers.build("MobileNetV2", **options))
"""


@pytest.mark.slow
def test_weights_that_cannot_be_locked_are_no_damaged_ones(mobilenet, tmp_path, no_locks):
    """Keras opens them itself; HDF5's variable lets it do so without a lock."""
    without_head(mobilenet).save(tmp_path / "mine.h5")
    known = os.environ | {"PYTHONPATH": str(ROOT / "scripts")} | no_locks(errno.ENOLCK)
    known.pop("HDF5_USE_FILE_LOCKING", None)
    command = [sys.executable, "-c", LOAD_WEIGHTS, tmp_path / "mine.h5"]
    for variable, expected in (({}, 1), ({"HDF5_USE_FILE_LOCKING": "FALSE"}, 0)):
        done = subprocess.run(command, env=known | variable, text=True, capture_output=True)
        assert done.returncode == expected, done.stderr
        if expected:
            last = done.stderr.splitlines()[-1]
            assert last.startswith(f"error: MobileNetV2: weights {tmp_path / 'mine.h5'} cannot be")
            assert "No locks available" in last
            assert last.endswith("; set HDF5_USE_FILE_LOCKING=FALSE in the environment")


@pytest.mark.parametrize(
    ("network", "name"),
    [
        ("MobileNetV3Small", "weights_mobilenet_v3_small_224_1.0_float_no_top_v2.h5"),
        pytest.param("NASNetMobile", "nasnet_mobile_no_top.h5", marks=pytest.mark.slow),
        pytest.param("EfficientNetB0", "efficientnetb0_notop.h5", marks=pytest.mark.slow),
        pytest.param("ConvNeXtTiny", "convnext_tiny_notop.h5", marks=pytest.mark.slow),
    ],
)
def test_imagenet_at_another_size_than_its_own(keras_home, monkeypatch, network, name):
    """What Keras would download is made here: the same network at its own size, 224 px."""
    keras.utils.set_random_seed(3)
    application = getattr(keras.applications, network)
    published = application(include_top=False, weights=None, input_shape=(224, 224, 3))
    (keras_home / "models").mkdir(parents=True)
    published.save(keras_home / "models" / name)
    monkeypatch.setattr(file_utils, "validate_file", lambda *_, **__: True)
    keras.utils.set_random_seed(4)
    model = classifiers.build(network, size=96, batchnorm_momentum=0.8, weights="imagenet")
    assert model.input_shape == (None, 96, 96, 3)
    for one, other in zip(model.get_weights(), published.get_weights(), strict=False):
        np.testing.assert_array_equal(one, other)


LOAD = """
import sys
import keras
import numpy as np
for path in sys.argv[1:]:
    model = keras.models.load_model(path, compile=False, safe_mode=True)
    images = np.load(path + ".npy")
    np.save(path + ".logits.npy", model(images, training=False))
"""


@pytest.mark.slow
def test_other_networks_train_and_load_in_another_process(tmp_path):
    """ConvNeXt has layers of its own, EfficientNet random ones, VGG no BatchNormalization."""
    grey = np.random.default_rng(0).uniform(0, 255, (4, 64, 64)).astype(np.float32)
    labels = np.array([0, 1, 0, 1], np.int32)
    trained = {}
    for network in ("ConvNeXtTiny", "EfficientNetV2B0", "MobileNetV3Small", "VGG16"):
        keras.utils.set_random_seed(1)
        model = classifiers.build(network, size=64, batchnorm_momentum=0.8)
        step = loop.trace_step(model, loop.Adam(model.trainable_variables, 1e-4))
        images = classifiers.preprocess(network, grey)
        losses = [float(step(images, labels)[0]) for _ in range(3)]
        assert np.isfinite(losses).all()
        assert losses[-1] < losses[0]
        path = str(tmp_path / f"{network}.keras")
        model.save(path)
        np.save(f"{path}.npy", images)
        trained[path] = model(images, training=False)
    subprocess.run([sys.executable, "-c", LOAD, *trained], check=True)
    for path, logits in trained.items():
        loaded = np.load(f"{path}.logits.npy")
        np.testing.assert_allclose(loaded, logits, rtol=1e-4, atol=1e-5, err_msg=path)
        Path(path).unlink()
