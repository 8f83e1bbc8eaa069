"""Networks that the user's own code builds: `FILE.py:FUNCTION` in place of a name of Keras.

The function takes the side of the images and returns an untrained Keras model of images (n, size,
size, 3) float32 to features (n, rows, columns, channels), to which a head is added. A function
`preprocess` of the file, if there is one, makes these images of grey ones. The code runs in the
jobs of its models alone: importing this module runs nothing.
"""

from __future__ import annotations

import sys
import tempfile
import textwrap
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from camseg.errors import CamsegError
from camseg.networks.registry import own_code

if TYPE_CHECKING:
    import keras

RESERVED = ("pool", "flatten", "logits")  # names of the head's layers, besides hidden_1, ...


def load(network: str) -> ModuleType | None:
    """Return the user's code for a network, run once in a process; None for a network of Keras.

    Classes that it registers with Keras can be read from a file from then on. Raises CamsegError,
    naming file and line, if the code does.
    """
    own = own_code(network)
    return None if own is None else _run(own[0])


@cache
def _run(file: str) -> ModuleType:
    module = ModuleType(f"own network {file}")
    module.__file__ = file
    sys.modules[module.__name__] = module  # where dataclasses look for their module
    with _told(file):
        exec(compile(Path(file).read_bytes(), file, "exec"), vars(module))
    return module


def base(network: str, size: int) -> keras.Model:
    """Return the model, images to features, that the user's function builds.

    Raises CamsegError, naming file and line, if the code does, or if it is no such model.
    """
    from camseg.networks.backend import check_settings

    file, function = _of(network)
    module = load(network)
    with _told(file):
        model = getattr(module, function)(size)
    check_settings()  # which the code may have changed
    if fault := _fault(model, size):
        raise CamsegError(f"{file}: {function}({size}) {fault}")
    return model


def preprocess(network: str, colour: np.ndarray) -> np.ndarray:
    """Return the network's input for grey images in three channels, (n, S, S, 3) float32, 0..255.

    By the file's function `preprocess`; without one, scaled to 0..1. Raises CamsegError if it
    fails, or changes the shape.
    """
    file, _ = _of(network)
    function = getattr(load(network), "preprocess", None)
    if function is None:
        return colour / np.float32(255)
    with _told(file):
        images = np.asarray(function(colour), dtype=np.float32)
    if images.shape != colour.shape:
        raise CamsegError(
            f"{file}: preprocess gives shape {images.shape} for images of shape {colour.shape}: "
            "must be the same"
        )
    return images


def check_kept(model: keras.Model, network: str) -> None:
    """Raise CamsegError if a classifier cannot be read again from a file, or draws no new weights.

    To be called before its training, not after hours of it.
    """
    from camseg.networks.backend import keras

    file, _ = _of(network)
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.keras"
            model.save(path)
            keras.models.load_model(path, compile=False, safe_mode=True)
        config = keras.saving.serialize_keras_object(model)
    except OSError:
        raise
    except Exception as error:  # what Keras raises depends on what it stumbles over
        reason = str(error).rpartition("Exception encountered:")[2]
        raise CamsegError(
            f"{file}: the model cannot be read again once it is saved: give classes of your own "
            "get_config and @keras.saving.register_keras_serializable(), and use no Lambda layer: "
            f"{textwrap.shorten(reason, 200)}"
        ) from error
    if any(_fixed_seeds(config)):
        raise CamsegError(
            f"{file}: an initializer has a seed, so every training would begin with the same "
            "weights: leave it out, the study's seed draws them"
        )


def _of(network: str) -> tuple[str, str]:
    own = own_code(network)
    if own is None:
        raise CamsegError(f"{network} is not written FILE.py:FUNCTION")
    return own


def _fault(model: Any, size: int) -> str:
    """Return what is wrong with what a user's function has returned; "" if nothing is."""
    from camseg.networks.backend import keras

    if not (isinstance(model, keras.Model) and getattr(model, "inputs", None)):
        return (
            f"returns {type(model).__name__}: must be a keras.Model(inputs, outputs), or a "
            "Sequential that begins with keras.Input"
        )
    inputs, outputs = ([tensor.shape for tensor in side] for side in (model.inputs, model.outputs))
    if inputs != [(None, size, size, 3)]:
        return f"takes {_told_shapes(inputs)}: must be images of shape (None, {size}, {size}, 3)"
    if len(outputs) != 1 or len(outputs[0]) != 4 or None in outputs[0][1:]:
        return (
            f"gives {_told_shapes(outputs)}: must be the last feature map, of shape (None, rows, "
            "columns, channels), to which the head is added"
        )
    if min(outputs[0][1:3]) < 2:
        return (
            f"gives a map of {outputs[0][1]} x {outputs[0][2]} cells, in which there is nothing "
            "to show: must be at least 2 x 2; take larger images, or fewer strides"
        )
    kinds = {variable.dtype for variable in model.trainable_variables} | {model.outputs[0].dtype}
    if kinds != {"float32"}:
        return f"computes in {' and '.join(sorted(kinds - {'float32'}))}: must be float32"
    names = [layer.name for layer in model.layers]
    taken = [name for name in names if name in RESERVED or name.startswith("hidden_")]
    if taken:
        return f"has a layer named {taken[0]}, as one of the head is: name it otherwise"
    return ""


def _told_shapes(shapes: list[tuple]) -> str:
    return " and ".join(map(str, shapes))


def _fixed_seeds(config: Any) -> Iterator[int]:
    """Yield the seeds that initializers in a model's configuration have."""
    if isinstance(config, dict):
        options = config.get("config") or {}
        if config.get("module") == "keras.initializers" and options.get("seed") is not None:
            yield options["seed"]
        for value in config.values():
            yield from _fixed_seeds(value)
    elif isinstance(config, list | tuple):
        for value in config:
            yield from _fixed_seeds(value)


@contextmanager
def _told(file: str) -> Iterator[None]:
    """Turn what the user's code raises into a CamsegError of one line that names the file's."""
    try:
        yield
    except (Exception, SystemExit) as error:
        frames = traceback.extract_tb(error.__traceback__)
        lines = [frame.lineno for frame in frames if frame.filename == file]
        place = f"{file}:{lines[-1]}" if lines else file
        reason = textwrap.shorten(str(error), 300)
        raise CamsegError(f"{place}: {type(error).__name__}: {reason}") from error
