"""A plain network of one's own: four convolutions, each followed by BatchNorm and ReLU."""

import keras
from keras import layers


def network(size: int) -> keras.Model:
    """Return the untrained network, images (size, size, 3) to 128 features of size / 16 cells."""
    images = keras.Input((size, size, 3))
    x = images
    for channels in (16, 32, 64, 128):
        x = layers.Conv2D(channels, 3, strides=2, padding="same", use_bias=False)(x)
        x = layers.Activation("relu")(layers.BatchNormalization()(x))
    return keras.Model(images, x)
