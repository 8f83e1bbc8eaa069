"""What maps on the image's own grid are made of: a classifier's gradients by its input."""

import weakref
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from camseg.errors import CamsegError
from camseg.explanations.layers import check_images, check_model
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

    def gradient(self, inputs: np.ndarray, weigh: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        """Return the gradient of a score by `inputs`, example by example: (n, H, W, c).

        `weigh` makes the score's gradient by the logits, (n, 2), of the logits. The network runs
        once more, and back; not at all for the margin at the images, and twice where what is
        weighed depends on the logits.
        """
        by_logits = weigh(self.logits)
        if inputs is self.images:
            if (by_logits[:, 0] == -by_logits[:, 1]).all():
                return by_logits[:, 1, np.newaxis, np.newaxis, np.newaxis] * self.margin
            return self.ask(inputs, by_logits)[1]
        logits, found = self.ask(inputs, by_logits)
        there = weigh(logits)
        return found if np.array_equal(there, by_logits) else self.ask(inputs, there)[1]


def at_input(model: keras.Model, images: np.ndarray) -> AtInput:
    """Return a batch with its logits and the margin's gradient by the input, at one run and back.

    `images` as for `explain.explain`. Raises CamsegError for unfit images and models.
    """
    check_model(model)
    check_images(model, images)
    if model not in _TRACED:
        _TRACED[model] = _trace(model)
    traced = _TRACED[model]

    def ask(inputs: np.ndarray, by_logits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        logits, gradient = traced(inputs, by_logits)
        return logits.numpy(), gradient.numpy()

    logits, margin = ask(images, np.tile(np.array([-1, 1], np.float32), (len(images), 1)))
    return AtInput(images, logits, margin, ask)


# kept as long as the model
_TRACED: weakref.WeakKeyDictionary[keras.Model, Callable] = weakref.WeakKeyDictionary()


def _trace(model: keras.Model) -> Callable:
    """Return the traced function of inputs and the logits' weights that `AtInput.ask` calls."""
    same = keras.Model(model.inputs, model.outputs)  # must not keep the model itself alive
    specs = [tf.TensorSpec(shape, tf.float32) for shape in (model.input_shape, (None, 2))]

    @tf.function(input_signature=specs, autograph=False)
    def ask(inputs: tf.Tensor, by_logits: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        (logits,) = tf.nest.flatten(same(inputs, training=False))
        logits = tf.cast(logits, tf.float32)
        # an example's logits depend on its own input only
        gradient = tf.gradients(tf.reduce_sum(logits * by_logits), inputs)[0]
        if gradient is None:
            raise CamsegError(f"model {model.name} has logits without a gradient by its input")
        return logits, gradient

    return ask
