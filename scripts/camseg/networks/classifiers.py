"""Networks of keras.applications, or of the user's own code, with a head: built and fed.

Importing this module does not import TensorFlow (seconds); building a network does.
"""

from __future__ import annotations

import os
import sys
import textwrap
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from camseg.errors import CamsegError
from camseg.io import hdf5
from camseg.io.checked import REMEDY
from camseg.io.locks import NoLockError, lock
from camseg.networks import own
from camseg.networks.registry import NETWORKS, own_code

if TYPE_CHECKING:
    import keras


def build(
    network: str,
    *,
    size: int,
    batchnorm_momentum: float | None,
    head: str = "gap",
    widths: Sequence[int] = (),
    weights: str | None = None,
    name: str | None = None,
) -> keras.Model:
    """Return `network` with a head: images (n, size, size, 3) to logits (n, 2), no softmax.

    Images are float32 as `preprocess` returns them; column 1 of the logits is "abnormal". Heads:
    "gap" is global average pooling (layer "pool") and a dense layer (layer "logits"); "gap_dense"
    has dense ReLU layers "hidden_1", ... of `widths` units between them; "flatten_dense" has them
    on the flattened feature map (layer "flatten" instead of "pool"), so on every position.
    `batchnorm_momentum` is set in every BatchNormalization layer; None keeps each network's own,
    0.99 to 0.9997: too slow for short trainings. Random weights follow Keras' global seed.
    `network` is a name of keras.applications, or FILE.py:FUNCTION (see `networks.own`). `weights`
    are those that the network, without the head, starts with: None for random, "imagenet" for those
    that Keras publishes, or a file that Keras' load_weights takes. The model's name is `name`, or
    the network's. Raises CamsegError if the weights cannot be loaded, or the user's code does not
    build what it should.
    """
    from camseg.networks.backend import check_settings, keras

    check_settings()
    base, code = _base(network, size, weights), own_code(network)
    if head == "flatten_dense":
        features = keras.layers.Flatten(name="flatten")(base.output)
    else:
        features = keras.layers.GlobalAveragePooling2D(name="pool")(base.output)
    for number, width in enumerate(widths, start=1):
        hidden = keras.layers.Dense(width, activation="relu", name=f"hidden_{number}")
        features = hidden(features)
    logits = keras.layers.Dense(2, name="logits")(features)
    model = keras.Model(base.input, logits, name=name or (code[1] if code else network))
    if code:
        own.check_kept(model, network)
    if batchnorm_momentum is not None:
        for layer in model._flatten_layers():
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.momentum = batchnorm_momentum
    return model


def _base(network: str, size: int, weights: str | None) -> keras.Model:
    """Return the network without its top, with `weights` as in `build`."""
    from camseg.networks.backend import keras

    shape = (size, size, 3)

    def made(weights: str | None) -> keras.Model:
        if own_code(network):
            model = own.base(network, size)
            if weights is not None:
                model.load_weights(weights)
            return model
        application = getattr(keras.applications, network)
        return application(include_top=False, weights=weights, input_shape=shape)

    if weights is None:
        return made(None)
    published = weights == "imagenet"
    if not published and not Path(weights).is_file():
        raise CamsegError(f"{network}: there is no weights file {weights}")
    try:
        with _one_at_a_time() if published else nullcontext(), warnings.catch_warnings():
            # of a file that does not fit, hundreds of them come before the error
            warnings.filterwarnings("ignore", "Skipping nested container")
            return made(weights)
    except CamsegError:
        raise
    except Exception as error:  # Keras raises a bare Exception where a download fails
        reason = textwrap.shorten(str(error), 400)
        if hdf5.is_of_locks(error):
            reason += f"; {hdf5.WITHOUT_LOCKS}"
        elif published:
            reason += (
                f"; run keras.applications.{network}(include_top=False, input_shape={shape}) "
                f"where there is a network and copy its ~/.keras/models to {_keras_home()}, "
                "or set weights: null"
            )
        raise CamsegError(f"{network}: weights {weights} cannot be loaded: {reason}") from error


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Wait for other processes' downloads: Keras would read a file that is not whole yet."""
    path = _keras_home() / "camseg.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        try:
            lock(file, wait=True)
        except NoLockError as error:
            print(
                f"warning: {path}: cannot be locked ({error.strerror}), so two jobs may download "
                "the same weights at a time, and one of them fail: run it again then",
                file=sys.stderr,
            )
        yield


def _keras_home() -> Path:
    """Return the folder in which Keras keeps weights, by its own rules."""
    home = Path(os.environ.get("KERAS_HOME", "~/.keras"))
    with suppress(OSError, RuntimeError):  # it cannot be made; there is no home
        home = home.expanduser()
        home.mkdir(parents=True, exist_ok=True)
    return home if os.access(home, os.W_OK) else Path("/tmp/.keras")


def read_model(path: str | Path, remedy: str = REMEDY) -> keras.Model:
    """Return the model in a .keras file; CamsegError if it is not whole, or holds code to run.

    Such are Lambda layers and classes that Keras has not. Keras packs nothing: a file that unpacks
    to more than itself is not its own, and could cost any memory. `remedy` ends the error.
    """
    from camseg.networks.backend import keras

    try:
        with zipfile.ZipFile(path) as archive:
            if sum(part.file_size for part in archive.infolist()) > Path(path).stat().st_size:
                raise ValueError("it is packed, as Keras packs no model")
        return keras.models.load_model(path, compile=False, safe_mode=True)
    except OSError:
        raise
    except Exception as error:  # what Keras raises depends on what it stumbles over
        reason = str(error).rpartition("Exception encountered:")[2]
        raise CamsegError(
            f"{path}: is no model that can be loaded safely: {textwrap.shorten(reason, 130)}; "
            f"{remedy}"
        ) from error


def untrained(model: keras.Model, seed: int) -> keras.Model:
    """Return a copy of a model with random weights, drawn anew by `seed`; the model keeps its own.

    All weights are random, also those that its training began with.
    """
    from camseg.networks.backend import keras

    keras.utils.set_random_seed(seed % 2**32)
    return keras.models.clone_model(model)


def preprocess(network: str, images: np.ndarray) -> np.ndarray:
    """Return grey `images` (n, S, S), 0..255, as the network's input: (n, S, S, 3) float32.

    Grey is repeated to three channels, then put through the network's own preprocess_input:
    [-1, 1] or ImageNet's mean (and deviation) for some, 0..255 for those networks that begin with
    their preprocessing. One of the user's own code says itself. Filter before this.
    """
    from camseg.networks.backend import keras

    colour = np.repeat(images.astype(np.float32)[..., np.newaxis], 3, axis=-1)
    if own_code(network):
        return own.preprocess(network, colour)
    module = getattr(keras.applications, NETWORKS[network])
    return module.preprocess_input(colour, data_format="channels_last")
