"""A network of a few weights and ROIs that it learns in a second, for tests of trainings."""

import keras
import numpy as np

from camseg.training.examples import Examples
from camseg.training.options import Settings


def tiny_model(batchnorm=True, **options):
    """Images (n, 8, 8, 3) to two logits."""
    keras.utils.set_random_seed(3)
    inputs = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(4, 3, use_bias=not batchnorm)(inputs)
    if batchnorm:
        x = keras.layers.BatchNormalization(momentum=0.9, **options)(x)
    x = keras.layers.GlobalAveragePooling2D(name="pool")(keras.layers.ReLU()(x))
    return keras.Model(inputs, keras.layers.Dense(2, name="logits")(x), name="tiny")


def to_input(grey):
    return np.repeat(grey[..., np.newaxis], 3, axis=-1) / np.float32(255)


def make_examples(n=20, seed=1, weights=None, preprocess=to_input):
    """Abnormal images are brighter."""
    random = np.random.default_rng(seed)
    labels = (np.arange(n) % 2).astype(np.uint8)
    images = random.integers(0, 156, (n, 8, 8)) + 60 * labels[:, np.newaxis, np.newaxis]
    return Examples(images.astype(np.uint8), labels, weights, preprocess)


def make_settings(**changes):
    defaults = {
        "epochs": 3,
        "patience": 50,
        "monitor": "val_loss",
        "keep": "best",
        "batch_size": 8,
        "learning_rate": 0.01,
        "schedule": "constant",
        "class_weights": None,
        "flips": False,
        "rotation": 0,
        "batchnorm_momentum": 0.9,
        "seed": 1,
        "threads": 1,
    }
    return Settings(**(defaults | changes))
