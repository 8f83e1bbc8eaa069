import keras
import numpy as np
import pytest

from camseg import classifiers
from camseg.networks import NETWORKS


@pytest.fixture(scope="module")
def mobilenet():
    keras.utils.set_random_seed(1)
    return classifiers.build("MobileNetV2", size=64, batchnorm_momentum=0.8)


def test_names_are_those_of_keras():
    for network, module in NETWORKS.items():
        assert hasattr(getattr(keras.applications, module), network)
    assert len(NETWORKS) == 6


@pytest.mark.parametrize("network", NETWORKS)
def test_preprocessing(network):
    grey = np.random.default_rng(1).uniform(0, 255, (2, 5, 4)).astype(np.float32)
    before = grey.copy()
    images = classifiers.preprocess(network, grey)
    colour = np.stack([grey, grey, grey], axis=-1)
    if network == "DenseNet121":
        mean, deviation = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
        expected = (colour / 255 - mean) / deviation
    else:
        expected = colour / 127.5 - 1
    assert images.dtype == np.float32
    np.testing.assert_allclose(images, expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(grey, before)


def test_outputs_are_logits_of_the_pooled_features(mobilenet):
    images = np.random.default_rng(2).uniform(-1, 1, (3, 64, 64, 3)).astype(np.float32)
    pool = mobilenet.get_layer("pool")
    features = keras.Model(mobilenet.input, pool.input)(images, training=False)
    kernel, _ = mobilenet.get_layer("logits").get_weights()
    mobilenet.get_layer("logits").set_weights([1000 * kernel, np.array([5, -7])])
    logits = mobilenet(images, training=False)
    expected = np.mean(features, axis=(1, 2)) @ (1000 * kernel) + [5, -7]
    np.testing.assert_allclose(logits, expected, rtol=1e-3, atol=1e-3)


def test_momentum_reaches_every_batch_normalization(mobilenet):
    layers = [
        layer for layer in mobilenet.layers if isinstance(layer, keras.layers.BatchNormalization)
    ]
    assert len(layers) == 52
    assert {layer.momentum for layer in layers} == {0.8}
    restored = keras.Model.from_config(mobilenet.get_config())
    assert restored.get_layer(layers[0].name).momentum == 0.8


def test_no_momentum_keeps_the_networks_own():
    model = classifiers.build("MobileNetV2", size=32, batchnorm_momentum=None)
    assert model.get_layer("bn_Conv1").momentum == 0.999
