"""Keras as camseg needs it: on TensorFlow, channels last, float32.

All other modules have Keras, and TensorFlow, which loads it, from here. KERAS_BACKEND, or a file
~/.keras/keras.json, may choose what gives other networks, or none. They are overruled where Keras
is first loaded here, as in the programs of the workflow. A program of somebody else's that loaded
it before keeps its settings, as it may have models of its own; `check_settings` tells whether they
will do.
"""

import os
import sys

from camseg.errors import CamsegError

_FIRST = "keras" not in sys.modules
if _FIRST:
    os.environ["KERAS_BACKEND"] = "tensorflow"
try:
    import keras
    import tensorflow as tf
except ValueError as error:  # Keras', of a value that it does not know
    home = os.environ.get("KERAS_HOME", "~/.keras")
    raise CamsegError(f"{home}/keras.json: cannot be used by Keras: {error}") from error

__all__ = ["check_settings", "keras", "tf"]

SETTINGS = {"floatx": "float32", "epsilon": 1e-7, "image_data_format": "channels_last"}

if keras.config.backend() != "tensorflow":
    raise CamsegError(
        f"Keras has been loaded with the backend {keras.config.backend()}, camseg needs "
        "tensorflow: set KERAS_BACKEND=tensorflow, or import camseg.networks.backend before keras"
    )
if _FIRST:
    for name, value in SETTINGS.items():
        getattr(keras.config, f"set_{name}")(value)


def check_settings() -> None:
    """Raise CamsegError if Keras is set to build other networks than camseg's."""
    found = {name: getattr(keras.config, name)() for name in SETTINGS}
    found["dtype_policy"] = keras.config.dtype_policy().name
    for name, needed in (SETTINGS | {"dtype_policy": "float32"}).items():
        if found[name] != needed:
            raise CamsegError(
                f"Keras is set to {name} {found[name]}, the networks need {needed}: use "
                f"keras.config.set_{name}, or import camseg.networks.backend before keras"
            )
