"""What maps on the image's own grid are made of: a classifier's gradients by its input."""

import weakref
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

import numpy as np

from camseg.errors import CamsegError
from camseg.explanations.layers import check_images, check_model
from camseg.explanations.runs import Runs
from camseg.networks.backend import keras, tf


@dataclass(frozen=True)
class AtInput:
    """A batch of images and the network, which can be asked at them and at other inputs.

    Whoever changes the network's weights must have made the maps before.
    """

    images: np.ndarray  # (n, H, W, c) float32
    logits: np.ndarray  # (n, 2) float32: normal, abnormal
    margin: np.ndarray  # (n, H, W, c) float32: the gradient of abnormal minus normal, at the images
    # of inputs like the images and a weight for each logit (n, 2), both float32: the logits, and
    # the gradient of their weighted sum by the inputs
    ask: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]
    guided: bool = False  # whether gradients are those of guided backpropagation
    # an image of another patient for each of the images, by the number of the draw
    other: Callable[[int], np.ndarray] | None = None
    runs: Runs = field(default_factory=Runs)  # so far

    def gradient(self, inputs: np.ndarray, weigh: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        """Return the gradient of a score by `inputs`, example by example: (n, H, W, c).

        `weigh` makes the score's gradient by the logits, (n, 2), of the logits. The network runs
        once more, and back; not at all for the margin at the images, and twice where what is
        weighed depends on the logits.
        """
        by_logits = weigh(self.logits)
        if inputs is self.images:
            opposite = (by_logits[:, 0] == -by_logits[:, 1]).all()
            # what is guided turns into something else with the sign
            if opposite and not (self.guided and (by_logits[:, 1] < 0).any()):
                return by_logits[:, 1, np.newaxis, np.newaxis, np.newaxis] * self.margin
            return self.ask(inputs, by_logits)[1]
        logits, found = self.ask(inputs, by_logits)
        there = weigh(logits)
        return found if np.array_equal(there, by_logits) else self.ask(inputs, there)[1]


def at_input(
    model: keras.Model,
    images: np.ndarray,
    *,
    guided: bool = False,
    other: Callable[[int], np.ndarray] | None = None,
) -> AtInput:
    """Return a batch with its logits and the margin's gradient by the input, at one run and back.

    `images` as for `explain.explain`. `guided`: the gradient as guided backpropagation has it, in
    which a ReLU, also one that is cut off at 6, passes positive values to positive inputs only
    (Springenberg et al., 2015); other activations pass all. Raises CamsegError for unfit images and
    models, and for models without a ReLU that are to be guided.
    """
    check_model(model)
    check_images(model, images)
    traced_of = _TRACED.setdefault(model, {})
    if guided not in traced_of:
        traced_of[guided] = _trace(model, guided=guided)
    traced = traced_of[guided]

    runs = Runs()

    def ask(inputs: np.ndarray, by_logits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        runs.forward += 1
        runs.back += 1
        logits, gradient = traced(inputs, by_logits)
        return logits.numpy(), gradient.numpy()

    logits, margin = ask(images, np.tile(np.array([-1, 1], np.float32), (len(images), 1)))
    return AtInput(images, logits, margin, ask, guided, other, runs)


# kept as long as the model
_TRACED: weakref.WeakKeyDictionary[keras.Model, dict[bool, Callable]] = weakref.WeakKeyDictionary()


def _trace(model: keras.Model, *, guided: bool) -> Callable:
    """Return the traced function of inputs and the logits' weights that `AtInput.ask` calls."""
    same = keras.Model(model.inputs, model.outputs)  # must not keep the model itself alive
    specs = [tf.TensorSpec(shape, tf.float32) for shape in (model.input_shape, (None, 2))]

    @tf.function(input_signature=specs, autograph=False)
    def ask(inputs: tf.Tensor, by_logits: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        graph = tf.compat.v1.get_default_graph()
        with graph.gradient_override_map(_GUIDED if guided else {}):
            (logits,) = tf.nest.flatten(same(inputs, training=False))
        if guided and not any(each.type in _GUIDED for each in graph.get_operations()):
            raise CamsegError(f"model {model.name} has no ReLU, which guided backpropagation is of")
        logits = tf.cast(logits, tf.float32)
        # an example's logits depend on its own input only
        gradient = tf.gradients(tf.reduce_sum(logits * by_logits), inputs)[0]
        if gradient is None:
            raise CamsegError(f"model {model.name} has logits without a gradient by its input")
        return logits, gradient

    return ask


# kinds of operations, and the name of the gradient that guided backpropagation has for each
_GUIDED = {"Relu": "GuidedRelu", "Relu6": "GuidedRelu6"}


def _guided_relu(operation: tf.Operation, gradient: tf.Tensor) -> tf.Tensor:
    return tf.where((operation.outputs[0] > 0) & (gradient > 0), gradient, 0)


def _guided_relu6(operation: tf.Operation, gradient: tf.Tensor) -> tf.Tensor:
    output = operation.outputs[0]
    return tf.where((output > 0) & (output < 6) & (gradient > 0), gradient, 0)


with suppress(KeyError):  # TensorFlow keeps them, also from this module loaded before
    tf.RegisterGradient("GuidedRelu")(_guided_relu)
    tf.RegisterGradient("GuidedRelu6")(_guided_relu6)
