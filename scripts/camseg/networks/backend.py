"""Keras as camseg needs it: on TensorFlow with oneDNN, channels last, float32.

All other modules have Keras, and TensorFlow, which loads it, from here. KERAS_BACKEND, or a file
~/.keras/keras.json, may choose what gives other networks, or none. They are overruled where Keras
is first loaded here, as in the programs of the workflow. A program of somebody else's that loaded
it before keeps its settings, as it may have models of its own; `check_settings` tells whether they
will do.

TensorFlow by itself computes by oneDNN on processors with AVX-512 and not on others, where it is
slower without: here it does on all, unless TF_ENABLE_ONEDNN_OPTS says otherwise.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from camseg.errors import CamsegError


@contextmanager
def _without(*names: str) -> Iterator[None]:
    """Have modules that are not loaded yet look as if they were not installed, meanwhile."""
    hidden = [name for name in names if name not in sys.modules]
    for name in hidden:
        sys.modules[name] = None  # type: ignore[assignment]  # Python's way to say so
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


_FIRST = "keras" not in sys.modules
if _FIRST:
    os.environ["KERAS_BACKEND"] = "tensorflow"
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
# Keras loads them, a quarter of its time and more, for drawing and wrappers that nothing here uses
_UNUSED = ("matplotlib", "sklearn") if _FIRST and "camseg.cli" in sys.modules else ()
try:
    with _without(*_UNUSED):
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
