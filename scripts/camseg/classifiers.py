"""The paper's six networks of keras.applications: built, fed, and what grid their CAMs have.

Importing this module does not import TensorFlow (seconds); building a network does.
"""

from __future__ import annotations

from importlib import import_module
from itertools import count
from typing import TYPE_CHECKING

import numpy as np

from camseg.errors import CamsegError

if TYPE_CHECKING:
    import keras

# Each network and its module in keras.applications, where its preprocess_input is.
NETWORKS = {
    "NASNetMobile": "nasnet",
    "MobileNetV2": "mobilenet_v2",
    "DenseNet121": "densenet",
    "ResNet50V2": "resnet_v2",
    "Xception": "xception",
    "InceptionV3": "inception_v3",
}

# The layers that change the size of the feature map, as (window, stride): a side of n becomes
# (n - window) // stride + 1. (1, 2) stands for a padded layer of stride 2, ceil(n / 2).
_WINDOWS = {
    "NASNetMobile": [(3, 2)] + 4 * [(1, 2)],
    "MobileNetV2": 5 * [(1, 2)],
    "DenseNet121": 2 * [(1, 2)] + 3 * [(2, 2)],
    "ResNet50V2": 5 * [(1, 2)],
    "Xception": [(3, 2), (3, 1)] + 4 * [(1, 2)],
    "InceptionV3": [(3, 2), (3, 1), (3, 2), (3, 1), (3, 2), (3, 2), (3, 2)],
}


def build(network: str, *, size: int, batchnorm_momentum: float | None) -> keras.Model:
    """Return `network` with random weights: images (n, size, size, 3) to logits (n, 2).

    Images are float32 as `preprocess` returns them; column 1 of the logits is "abnormal". The
    head is global average pooling (layer "pool") and a dense layer (layer "logits"), no softmax.
    `batchnorm_momentum` is set in every BatchNormalization layer; None keeps each network's own,
    0.99 to 0.9997: too slow for short trainings. Weights follow Keras' global seed.
    """
    import keras

    application = getattr(keras.applications, network)
    base = application(include_top=False, weights=None, input_shape=(size, size, 3))
    features = keras.layers.GlobalAveragePooling2D(name="pool")(base.output)
    logits = keras.layers.Dense(2, name="logits")(features)
    model = keras.Model(base.input, logits, name=network)
    if batchnorm_momentum is not None:
        for layer in model.layers:
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.momentum = batchnorm_momentum
    return model


def preprocess(network: str, images: np.ndarray) -> np.ndarray:
    """Return grey `images` (n, S, S), 0..255, as the network's input: (n, S, S, 3) float32.

    Grey is repeated to three channels, then put through the network's own preprocess_input:
    ImageNet mean and deviation for DenseNet121, [-1, 1] for the others. Filter before this.
    """
    module = import_module(f"keras.applications.{NETWORKS[network]}")
    colour = np.repeat(images.astype(np.float32)[..., np.newaxis], 3, axis=-1)
    return module.preprocess_input(colour)


def pooling_layer(model: keras.Model) -> keras.layers.Layer:
    """Return the layer whose input is the last feature map, the one that CAMs are taken from."""
    try:
        return model.get_layer("pool")
    except ValueError as error:
        raise CamsegError(
            f"model {model.name} has no layer 'pool': it was not built by camseg"
        ) from error


def cam_grid(network: str, size: int) -> tuple[int, int]:
    """Return (height, width) of the last feature map of `network` for images of side `size`.

    Raises CamsegError if it is not larger than 1 x 1: a CAM of a single value is flat.
    """
    if _side(network, size) < 2:
        fit = next(larger for larger in count(size) if _side(network, larger) > 1)
        raise CamsegError(
            f"{network} has a CAM of a single value at {size} px: it needs at least {fit} px"
        )
    return _side(network, size), _side(network, size)


def _side(network: str, size: int) -> int:
    """Return the side of the last feature map, 0 or less if the network does not fit."""
    for window, stride in _WINDOWS[network]:
        size = (size - window) // stride + 1
    return size
