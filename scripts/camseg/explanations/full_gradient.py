"""A classifier's score, shared out exactly among its input and all biases of its layers.

Y = sum of x dY/dx + sum over layers of b dY/dy, where y is a layer's output and b its bias: y less
what its own derivatives make of its input (Srinivas and Fleuret, 2019). That is a bias as Keras
has it, what BatchNorm adds, and what a function that is not proportional to its input, as ReLU6
where it is cut off, adds there ("implicit bias"). It holds for any layers, of any activation.
"""

import weakref
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from camseg.explanations.layers import check_flat, check_images, check_model
from camseg.explanations.runs import Runs
from camseg.explanations.shares import Share
from camseg.networks.backend import keras, tf

# layers proportional to their input, so that they add nothing; an operation may add a number
PROPORTIONAL = (
    *("InputLayer", "ZeroPadding2D", "Cropping2D", "UpSampling2D", "Reshape", "Flatten"),
    *("MaxPooling2D", "AveragePooling2D", "GlobalMaxPooling2D", "GlobalAveragePooling2D"),
    *("Add", "Subtract", "Average", "Concatenate", "Dropout", "SpatialDropout2D", "Identity"),
)
# a sum of products and a bias, which is what they make of 0
AFFINE = (
    *("Conv2D", "DepthwiseConv2D", "SeparableConv2D", "Conv2DTranspose", "Dense"),
    "BatchNormalization",
)


@dataclass(frozen=True)
class FullGradient:
    """A batch of images and the network, which can be asked for the shares of a score."""

    images: np.ndarray  # (n, H, W, c) float32
    logits: np.ndarray  # (n, 2) float32: normal, abnormal
    # of a weight for each logit (n, 2) float32: the shares that have places, and the sum of all
    # shares, (n,), which is the weighted sum of the logits but for rounding
    ask: Callable[[np.ndarray], tuple[list[Share], np.ndarray]]
    runs: Runs  # so far


def full_gradient(model: keras.Model, images: np.ndarray) -> FullGradient:
    """Return a batch and what its scores are made of, at one run and back for the margin.

    `images` as for `explain.explain`. Raises CamsegError for unfit images, and for models that
    hold models or use a layer twice.
    """
    check_model(model)
    check_images(model, images)
    check_flat(model)
    if model not in _TRACED:
        _TRACED[model] = _trace(model)
    traced = _TRACED[model]

    runs = Runs()

    def run(by_logits: np.ndarray) -> list[np.ndarray]:
        runs.forward += 1
        runs.back += 1
        return [tensor.numpy() for tensor in traced(images, by_logits)]

    margin = np.tile(np.array([-1, 1], np.float32), (len(images), 1))
    logits, *of_margin = run(margin)

    def ask(by_logits: np.ndarray) -> tuple[list[Share], np.ndarray]:
        total, *parts = of_margin if np.array_equal(by_logits, margin) else run(by_logits)[1:]
        placed = zip(parts[::4], parts[1::4], parts[2::4], parts[3::4], strict=True)
        return [Share(*part[:3], int(part[3])) for part in placed], total

    return FullGradient(images, logits, ask, runs)


# kept as long as the model
_TRACED: weakref.WeakKeyDictionary[keras.Model, Callable] = weakref.WeakKeyDictionary()


def _trace(model: keras.Model) -> Callable:
    """Return the traced function of images and the logits' weights that `ask` calls.

    It gives the logits, the sum of all shares, and what `Share` holds, of one after the other.
    """
    layers = [each for each in model.operations if _adds(each)]
    tensors = [[*each._inbound_nodes[0].input_tensors, each.output] for each in layers]
    known = keras.Model(model.inputs, [model.outputs[0], *keras.tree.flatten(tensors)])
    specs = [tf.TensorSpec(shape, tf.float32) for shape in (model.input_shape, (None, 2))]

    @tf.function(input_signature=specs, autograph=False)
    def ask(images: tf.Tensor, by_logits: tf.Tensor) -> list[tf.Tensor]:
        logits, *values = known(images, training=False)
        values = keras.tree.pack_sequence_as(tensors, values)
        outputs = [output for *_, output in values]
        gradients = tf.gradients(tf.reduce_sum(logits * by_logits), [images, *outputs])
        shares = [images * gradients[0]]
        for layer, (*inputs, output), gradient in zip(layers, values, gradients[1:], strict=True):
            shares.append(_bias(layer, inputs, output) * gradient)
        total = tf.add_n([tf.reduce_sum(each, range(1, each.shape.rank)) for each in shares])
        found = [logits, total]
        for share in (each for each in shares if each.shape.rank == 4):
            sizes = tf.abs(share)
            found += [tf.reduce_sum(sizes, 3)]
            found += [reduce(sizes, (1, 2, 3)) for reduce in (tf.reduce_min, tf.reduce_max)]
            found += [tf.constant(share.shape[3])]
        return found

    return ask


def _adds(layer: keras.Layer) -> bool:
    """Return whether a layer adds something of its own, as far as its kind and options tell."""
    if isinstance(layer, keras.Layer) and type(layer).__name__ in PROPORTIONAL:
        return False
    if _is_affine(layer):
        return getattr(layer, "use_bias", True)
    if isinstance(layer, keras.layers.ReLU):
        return layer.max_value is not None or layer.threshold != 0
    is_activation = isinstance(layer, keras.layers.Activation)
    return not (is_activation and layer.activation is keras.activations.relu)


def _is_affine(layer: keras.Layer) -> bool:
    linear = getattr(layer, "activation", keras.activations.linear) is keras.activations.linear
    return type(layer).__name__ in AFFINE and linear


def _bias(layer: keras.Layer, inputs: list[tf.Tensor], output: tf.Tensor) -> tf.Tensor:
    """Return a layer's output less what its derivatives make of its inputs; may be of one image."""
    if _is_affine(layer):
        return layer(tf.zeros_like(inputs[0][:1]))
    node = layer._inbound_nodes[0]  # which knows how its inputs, and numbers, are given
    places = {id(known): given for known, given in zip(node.input_tensors, inputs, strict=True)}
    arguments, named = node.arguments.fill_in(places)
    with tf.autodiff.ForwardAccumulator(inputs, inputs) as forward:
        again = layer(*arguments, **named)
    return output - forward.jvp(again)
