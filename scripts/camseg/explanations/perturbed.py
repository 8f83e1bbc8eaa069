"""What maps by perturbing are made of: a classifier's answers to images, or features, changed."""

import weakref
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import ModuleType

import numpy as np

from camseg.explanations.layers import check_images, check_model, pooled_tensor
from camseg.explanations.runs import Runs
from camseg.networks.backend import keras, tf


@dataclass(frozen=True)
class Perturbed:
    """A batch of images, and what the network says of them as a method has changed them."""

    images: np.ndarray  # (n, H, W, c) float32
    features: np.ndarray | None  # (n, h, w, k) float32, what is pooled last, if the method asks
    logits: np.ndarray  # (n, 2) float32: normal, abnormal
    answers: np.ndarray  # (changes, n, 2) float32: the logits of each change
    runs: Runs  # of the whole network


def perturb(model: keras.Model, images: np.ndarray, method: ModuleType) -> Perturbed:
    """Return a batch with the network's answers to all changes that a method makes.

    `method.ASKS` says what it changes: "images", "masks" (images, by their features) or "features",
    which only the layers behind them are asked about. In memory are one change of the batch at a
    time and its answers. `images` as for `explain.explain`; raises CamsegError for unfit ones, and
    models.
    """
    check_model(model)
    check_images(model, images)
    traced = _TRACED.setdefault(model, {})
    what = "images" if method.ASKS == "images" else "features"
    if what not in traced:
        outputs = [model.outputs[0], *([] if what == "images" else [pooled_tensor(model)])]
        traced[what] = _trace(model.inputs, outputs)
    logits, *features = (tensor.numpy() for tensor in traced[what](images))
    ask, given = traced[what], [images, *features]
    if method.ASKS == "features":
        if "head" not in traced:
            traced["head"] = _trace([pooled_tensor(model)], [model.outputs[0]])
        ask, given = traced["head"], features
    answers = _answers(ask, method.inputs(*given))
    runs = Runs(1 if method.ASKS == "features" else 1 + len(answers))
    return Perturbed(images, features[0] if features else None, logits, answers, runs)


def _answers(ask: Callable, changes: Iterable[np.ndarray]) -> np.ndarray:
    return np.stack([ask(change)[0].numpy() for change in changes])


# kept as long as the model
_TRACED: weakref.WeakKeyDictionary[keras.Model, dict[str, Callable]] = weakref.WeakKeyDictionary()


def _trace(inputs: list[keras.KerasTensor], outputs: list[keras.KerasTensor]) -> Callable:
    """Return the traced function of one input that gives outputs, as float32."""
    part = keras.Model(inputs, outputs)

    @tf.function(input_signature=[tf.TensorSpec(inputs[0].shape, tf.float32)], autograph=False)
    def run(values: tf.Tensor) -> list[tf.Tensor]:
        return [tf.cast(each, tf.float32) for each in tf.nest.flatten(part(values, training=False))]

    return run
