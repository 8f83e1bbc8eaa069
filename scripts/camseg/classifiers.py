"""The paper's six networks of keras.applications: built and fed.

Importing this module does not import TensorFlow (seconds); building a network does.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

import numpy as np

from camseg.networks import NETWORKS

if TYPE_CHECKING:
    import keras


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
