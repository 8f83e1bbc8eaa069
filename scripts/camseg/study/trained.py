"""What of a classifier that was trained elsewhere can be told from its file without TensorFlow."""

import json
import zipfile
from collections.abc import Mapping
from typing import Any

from camseg.errors import CamsegError

LINEAR = (None, "linear")


def check_trained(path: str, size: int) -> None:
    """Raise CamsegError if a .keras file holds no model of ROIs of side `size` to two logits.

    Inputs are told where an input layer says them, outputs where the last layer is dense, or an
    activation; the rest shows when the model is read.
    """
    model = _configuration(path)
    layers = [each for each in model.get("layers", []) if isinstance(each, Mapping)]
    for layer in layers:
        shape = layer.get("config", {}).get("batch_shape")
        if layer.get("class_name") != "InputLayer" or not shape:
            continue
        if len(shape) != 4 or not {*shape[1:3]} <= {size, None} or shape[3] != 3:
            raise CamsegError(
                f"{path}: takes images of shape {tuple(shape[1:])}: must be ({size}, {size}, 3), "
                "the size that rois: size says and grey in three channels"
            )
    outputs = model.get("output_layers") or [layers[-1].get("config", {}).get("name")]
    while isinstance(outputs[0], list):
        outputs = outputs[0]
    for layer in layers:
        kind, options = layer.get("class_name"), layer.get("config", {})
        if options.get("name") != outputs[0]:
            continue
        activation = "softmax" if kind == "Softmax" else options.get("activation")
        if kind == "Dense" and options.get("units") != 2:
            raise CamsegError(
                f"{path}: gives {options.get('units')} outputs: must be two logits, normal and "
                "abnormal, in this order"
            )
        if activation not in LINEAR:
            raise CamsegError(
                f"{path}: ends in {activation} (layer {outputs[0]}): must give the logits before "
                "it; set its activation to None, or leave that layer out, and save it again"
            )


def _configuration(path: str) -> Mapping[str, Any]:
    """Return the configuration of the model in a .keras file."""
    try:
        with zipfile.ZipFile(path) as archive:
            model = json.loads(archive.read("config.json"))["config"]
    except FileNotFoundError as error:
        raise CamsegError(f"there is no file {path}") from error
    except (OSError, zipfile.BadZipFile, KeyError, TypeError, ValueError) as error:
        raise CamsegError(f"{path}: is no model as Keras 3 saves it, .keras") from error
    if not isinstance(model, Mapping) or not model.get("layers"):
        raise CamsegError(f"{path}: holds no model of layers: build it by keras.Model")
    return model
