"""Which Keras models can be explained, and at which of their layers a heat map is made."""

from collections.abc import Callable, Iterator
from itertools import takewhile
from typing import Any

import numpy as np

from camseg.errors import CamsegError
from camseg.networks.backend import keras

POOLINGS = ("GlobalAveragePooling2D", "GlobalMaxPooling2D", "Flatten")
PASSING = ("Dropout", "Flatten", "Identity", "Reshape")  # in inference, of one position
TRANSPARENT = ("Activation", "Dropout", "Flatten", "Identity", "Reshape")  # keep logits logits
ACTIVATIONS = {name.replace("_", "") for name in dir(keras.activations)} - {"linear"}


def check_model(model: keras.Model) -> None:
    """Raise CamsegError, with the way out, if a model has not one image in and two logits out."""
    if not (isinstance(model, keras.Model) and getattr(model, "inputs", None)):
        raise CamsegError(
            f"{getattr(model, 'name', model)!r} is no Keras model that knows its layers' inputs: "
            "build it by keras.Model(inputs, outputs), or as a Sequential that begins with "
            "keras.Input"
        )
    if len(model.inputs) != 1 or len(model.inputs[0].shape) != 4:
        shapes = ", ".join(str(each.shape) for each in model.inputs)
        raise CamsegError(
            f"model {model.name} has inputs of shapes {shapes}: must be one of images"
        )
    if model.output_shape != (None, 2):
        raise CamsegError(
            f"model {model.name} has outputs of shape {model.output_shape}: "
            "a heat map needs two logits, normal and abnormal"
        )
    _check_logits(model, [])


def check_images(model: keras.Model, images: np.ndarray) -> None:
    """Raise CamsegError if images are not (n, rows, columns, channels) as a model takes them."""
    size = model.input_shape[1:]
    fits = (each in (None, given) for given, each in zip(images.shape[1:], size, strict=False))
    if images.ndim != 4 or not all(fits):
        raise CamsegError(
            f"images are of {images.shape[1:]}, model {model.name} takes {size}: rows, columns, "
            "channels"
        )


def _check_logits(model: keras.Model, within: list[str]) -> None:
    """Raise CamsegError if a model, of that name within others, ends in an activation."""
    for last in reversed(getattr(model, "operations", model.layers)):
        if isinstance(last, keras.Model):
            return _check_logits(last, [*within, last.name])
        kind, function = type(last).__name__, getattr(last, "activation", None)
        applied = (
            "linear" if function is None else getattr(function, "__name__", type(function).__name__)
        )
        applied = kind.lower() if kind.lower() in ACTIVATIONS else applied
        if applied != "linear":
            place = "".join(f".get_layer({name!r})" for name in [*within, last.name])
            remedy = "build it of the same layers up to the logits"
            if kind != "Activation" and kind.lower() != applied:
                remedy = f"set model{place}.activation = None"
            elif not within and isinstance(last, keras.Layer):
                remedy = f"explain keras.Model(model.input, model{place}.input)"
            raise CamsegError(
                f"model {model.name} ends in {applied} (layer {last.name}), which saturates where "
                f"it is sure; a heat map needs the logits before it: {remedy}"
            )
        if kind not in TRANSPARENT:
            return None
    return None


def pooled_tensor(model: keras.Model) -> keras.KerasTensor:
    """Return what the last global pooling or flattening of a feature map receives.

    Earlier poolings may weigh channels, as in squeeze-and-excitation. A flattening of what such a
    pooling has left, of one position, is passed over.
    """
    pool = _pool(model)
    if _is_point(pool.input):
        raise CamsegError(
            f"model {model.name}: layer {pool.name} receives a map of one position, in which there "
            "is nothing to show: take larger images, or pool a larger map by a global pooling"
        )
    return pool.input


def head_weights(model: keras.Model) -> np.ndarray | None:
    """Return the weights (k, 2) float32 of a head of global average pooling and one dense layer.

    Its columns are of the logits. What passes on what it gets may stand before and behind the
    dense layer. None for any other head, whose logits are no weighted sums of channels' means.
    """
    dense = _maker(model.outputs[0])
    if type(dense) is not keras.layers.Dense or dense.activation is not keras.activations.linear:
        return None
    pool = _maker(dense.input)
    if not isinstance(pool, keras.layers.GlobalAveragePooling2D) or pool is not _pool(model):
        return None
    found = dense.kernel.numpy().astype(np.float32)
    return found if found.shape == (pool.input.shape[3], 2) else None


def _maker(tensor: keras.KerasTensor) -> Any:
    """Return the layer that has made a tensor, before those that pass on what they get."""
    layer = tensor._keras_history.operation
    while type(layer).__name__ in PASSING:
        layer = layer.input._keras_history.operation
    return layer


def _pool(model: keras.Model) -> keras.Layer:
    pools = list(_pools(model))
    if not pools:
        raise CamsegError(f"model {model.name} {_without_pool(model)}")
    before = reversed(model.layers[: model.layers.index(pools[-1]) + 1])
    tail = takewhile(lambda layer: _is_point(layer.output) or layer is pools[-1], before)
    pool = next((each for each in tail if each in pools and not _is_point(each.input)), pools[-1])
    if getattr(pool, "data_format", "") == "channels_first":
        raise CamsegError(
            f"model {model.name}: layer {pool.name} takes channels first: build the model with "
            "channels last"
        )
    return pool


def _is_point(tensor: keras.KerasTensor) -> bool:
    """Return whether a tensor is a feature map of one position."""
    return tuple(getattr(tensor, "shape", ()))[1:-1] == (1, 1)


def _pools(model: keras.Model) -> Iterator[keras.Layer]:
    kinds = tuple(getattr(keras.layers, name) for name in POOLINGS)
    for layer in model.layers:
        if isinstance(layer, kinds) and len(layer.input.shape) == 4:
            yield layer


def _without_pool(model: keras.Model) -> str:
    """Return what is wrong with a model none of whose own layers pools a feature map."""
    for inner in model.layers:
        if isinstance(inner, keras.Model) and any(_pools(inner)):
            return (
                f"pools inside its layer {inner.name}, a model itself: explain one model of the "
                f"same layers, keras.Model(base.input, x), where base is "
                f"model.get_layer({inner.name!r}) and x base.output put through the layers after it"
            )
    return f"has none of {', '.join(POOLINGS)} of a feature map to explain"


def head_layers(model: keras.Model) -> list[keras.Layer]:
    """Return a model's layers from the last pooling of a feature map on, by Keras' order."""
    return model.layers[model.layers.index(_pool(model)) :]


def cell_pixels(model: keras.Model) -> int:
    """Return by how many pixels an image moves for what is pooled last to move by one cell.

    The product of the strides on one of the ways to it: ways that meet again agree.
    """
    return max(1, round(_strides(_pool(model).input)))


def _strides(tensor: keras.KerasTensor) -> float:
    """Return the product of the strides on one of the ways from a model's images to a tensor."""
    product = 1.0
    layer, node, place = tensor._keras_history
    while not isinstance(layer, keras.layers.InputLayer):
        if isinstance(layer, keras.Model):
            product *= _strides(layer.outputs[place])
        elif isinstance(layer, keras.layers.UpSampling2D):
            product /= layer.size[0]
        elif isinstance(layer, keras.layers.Conv2DTranspose):
            product /= layer.strides[0]
        else:
            product *= getattr(layer, "strides", (1,))[0]
        layer, node, place = layer._inbound_nodes[node].input_tensors[0]._keras_history
    return product


def last_convolution(model: keras.Model) -> keras.KerasTensor:
    """Return the output of the last convolution, as Keras orders the layers."""
    check_flat(model)
    kinds = (keras.layers.Conv2D, keras.layers.SeparableConv2D, keras.layers.DepthwiseConv2D)
    found = [layer for layer in model.layers if isinstance(layer, kinds)]
    if not found:
        raise CamsegError(f"model {model.name} has no convolution")
    return found[-1].output


def finer_tensor(model: keras.Model) -> keras.KerasTensor:
    """Return the last output with a finer grid than the pooled features that all paths go through.

    One inside a branch would show a part of what the score depends on. In NASNetMobile, whose
    cells read the two before them, it is the stem's. Padding makes a grid larger, not finer.
    """
    check_flat(model)
    rows = _pool(model).input.shape[1]
    numbered = [*enumerate(model.operations)]  # its layers, and sums and the like between them
    places = {id(each): place for place, layer in numbered for each in _tensors(layer.output)}
    earliest = len(numbered)  # of the layers whose outputs are read after the one in hand
    for place, layer in reversed(numbered):
        shape: tuple = getattr(layer.output, "shape", ())  # several outputs have none
        finer = len(shape) == 4 and shape[1] > rows
        if finer and earliest >= place and not isinstance(layer, keras.layers.ZeroPadding2D):
            return layer.output
        read = [places[id(tensor)] for tensor in _tensors(layer.input)]
        earliest = min([earliest, *read])
    raise CamsegError(f"model {model.name} has no layer with a finer grid than what it pools")


def check_flat(model: keras.Model) -> None:
    """Raise CamsegError if layers are models, or used twice, or a model's images of any size."""
    inner = [layer.name for layer in model.layers if isinstance(layer, keras.Model)]
    if inner or None in model.input_shape[1:]:
        fault = f"holds the model {inner[0]}" if inner else "takes images of any size"
        raise CamsegError(f"model {model.name} {fault}: only what it pools can be explained")
    for layer in model.operations:
        if len(layer._inbound_nodes) > 1:
            raise CamsegError(
                f"model {model.name} uses its layer {layer.name} more than once: only what it "
                "pools can be explained"
            )


def _tensors(found: Any) -> list[keras.KerasTensor]:
    """Return the tensors that a layer's `input` or `output` is."""
    return keras.tree.flatten(found)


LAYERS: dict[str, Callable[[keras.Model], keras.KerasTensor]] = {
    "pooled": pooled_tensor,
    "last_conv": last_convolution,
    "finer": finer_tensor,
}


def layers_of(model: keras.Model) -> list[str]:
    """Return which of LAYERS a model has: "pooled" every one that can be explained, others some."""
    found = ["pooled"]
    for name in ("last_conv", "finer"):
        try:
            LAYERS[name](model)
        except CamsegError:  # there is none
            continue
        found.append(name)
    return found
