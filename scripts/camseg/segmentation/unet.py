"""U-Net (Ronneberger, Fischer and Brox, 2015), small enough to be trained in minutes on a CPU.

As published, but for what has become usual: convolutions keep the image's size, each is followed by
batch normalisation, and a network that is to learn from dozens of ROIs has fewer channels.
"""

from camseg.networks.backend import keras

LEVELS = 4  # halvings


def build(size: int, channels: int, *, width: int, batchnorm_momentum: float | None) -> keras.Model:
    """Return a U-Net with random weights: images (n, S, S, channels) to logits (n, S, S), S `size`.

    A logit above 0 says lesion. The first level has `width` channels, each below twice as many. A
    `size` that is no multiple of 16 is padded with 0 to the next, and what comes out cut again.
    """
    layers = keras.layers
    inputs = keras.Input((size, size, channels))
    missing = -size % 2**LEVELS
    margins = (missing // 2, missing - missing // 2)
    x = layers.ZeroPadding2D((margins, margins))(inputs) if missing else inputs
    above = []
    for level in range(LEVELS):
        x = _convolved(x, width * 2**level, batchnorm_momentum)
        above.append(x)
        x = layers.MaxPooling2D()(x)
    x = _convolved(x, width * 2**LEVELS, batchnorm_momentum)
    for level in reversed(range(LEVELS)):
        x = layers.Conv2DTranspose(width * 2**level, 2, strides=2)(x)
        x = layers.Concatenate()([above[level], x])
        x = _convolved(x, width * 2**level, batchnorm_momentum)
    x = layers.Conv2D(1, 1, name="logits")(x)
    x = layers.Cropping2D((margins, margins))(x) if missing else x
    return keras.Model(inputs, layers.Reshape((size, size))(x), name="unet")


def _convolved(x: keras.KerasTensor, channels: int, momentum: float | None) -> keras.KerasTensor:
    """Return what two convolutions make of a feature map."""
    options = {} if momentum is None else {"momentum": momentum}
    for _ in range(2):
        x = keras.layers.Conv2D(channels, 3, padding="same", use_bias=False)(x)
        x = keras.layers.BatchNormalization(**options)(x)
        x = keras.layers.ReLU()(x)
    return x
