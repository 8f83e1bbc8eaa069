"""The training loop: everything that happens to a network's weights, to be read in one sitting.

A short training on a CPU pays TensorFlow mostly for tracing and optimising its graph, in
proportion to the number of nodes. Hence one traced training step and one traced inference, with
the fused kernels of Adam and batch normalisation in place of the dozens of nodes that Keras
composes them of: the same numbers to float32 rounding.
"""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf
from sklearn.metrics import roc_auc_score

from camseg import filters
from camseg.errors import CamsegError
from camseg.seeds import derive_seed, generator
from camseg.store import Pictures


@dataclass(frozen=True)
class Settings:
    """What determines a training besides its network and its ROIs."""

    epochs: int  # at most
    patience: int  # epochs without a lower validation loss before an early stop
    batch_size: int  # ROIs a step, at most
    learning_rate: float
    batchnorm_momentum: float | None  # of every BatchNormalization layer; None: the network's own
    seed: int
    threads: int  # inside an operation: they order its float sums


@dataclass(frozen=True)
class Examples:
    """ROIs of one side of the split: `images` (n, S, S) uint8, `labels` (n,) 0 normal, 1 abnormal.

    `weights` are those of the regime's filter (see `filters.weights`), None for all kept; they are
    applied batch by batch. `preprocess` makes the network's input (n, S, S, 3) float32 from
    filtered pictures, (n, S, S) float32 grey 0..255.
    """

    images: Pictures
    labels: np.ndarray
    weights: filters.Weights | None
    preprocess: Callable[[np.ndarray], np.ndarray]

    def __len__(self) -> int:
        """Return the number of ROIs."""
        return len(self.labels)

    def inputs(self, index: np.ndarray) -> np.ndarray:
        """Return the network's input for the ROIs at `index`."""
        weights = None if self.weights is None else self.weights(index)
        return self.preprocess(filters.apply(self.images[index], weights))


@dataclass(frozen=True)
class Training:
    """The course of a training: a row an epoch, the best epoch (from 1), and the trained logits.

    `logits` gives the (n, 2) float32 logits of Examples in inference mode, with the weights of the
    best epoch as long as the model keeps them.
    """

    history: list[dict]
    best_epoch: int
    logits: Callable[[Examples], np.ndarray]


def make_repeatable(seed: int, threads: int) -> None:
    """Make TensorFlow's results the same to the bit from run to run; call it before any operation.

    They depend on `threads`, and with more than one thread between operations also on chance.
    The weights of networks built afterwards follow `seed`.
    """
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.experimental.enable_op_determinism()
    keras.utils.set_random_seed(derive_seed(seed, "weights") % 2**32)


def train(
    model: keras.Model, training: Examples, validation: Examples, settings: Settings
) -> Training:
    """Train `model`, images to logits (n, 2), and leave it with the weights of its best epoch.

    Loss: softmax cross-entropy. Optimizer: Adam. An epoch shows every ROI once, in an order that
    follows the seed and the epoch. See `best_epoch` and `stops_early` for what ends it.
    Raises CamsegError if a side has ROIs of one class only, or if the loss is not finite.
    """
    for side, examples in (("training", training), ("validation", validation)):
        if len(np.unique(examples.labels)) < 2:
            raise CamsegError(f"all {len(examples)} {side} ROIs are of one class: nothing to learn")
    step = trace_step(model, Adam(model.trainable_variables, settings.learning_rate))
    infer = trace_inference(model)

    def logits(examples: Examples) -> np.ndarray:
        parts = batches(np.arange(len(examples)), settings.batch_size)
        return np.concatenate([infer(examples.inputs(part)) for part in parts])

    history, started = [], time.monotonic()
    for epoch in range(1, settings.epochs + 1):
        order = generator(settings.seed, "order", epoch).permutation(len(training))
        loss, correct = 0.0, 0
        for number, part in enumerate(batches(order, settings.batch_size), start=1):
            labels = training.labels[part].astype(np.int32)
            batch_loss, batch_logits = step(training.inputs(part), labels)
            _check_finite(float(batch_loss), model, f"epoch {epoch}, batch {number}")
            loss += float(batch_loss) * len(part) / len(order)
            correct += int(np.sum(np.argmax(batch_logits, axis=1) == labels))
        row = {"epoch": epoch, "loss": loss, "accuracy": correct / len(order)}
        row["val_loss"], row["val_accuracy"] = loss_and_accuracy(
            logits(validation), validation.labels
        )
        _check_finite(row["val_loss"], model, f"epoch {epoch}, validation")
        history.append(row)
        if best_epoch(history) == epoch:
            best_weights = model.get_weights()
        _report(row, settings.epochs, time.monotonic() - started)
        if stops_early(history, settings.patience):
            break
    model.set_weights(best_weights)
    return Training(history, best_epoch(history), logits)


def _check_finite(loss: float, model: keras.Model, place: str) -> None:
    if not np.isfinite(loss):
        raise CamsegError(f"{model.name}: the loss is {loss} in {place}: lower the learning rate")


def batches(order: np.ndarray, batch_size: int) -> list[np.ndarray]:
    """Cut `order` into batches as equal as possible, of at most `batch_size`, leaving nothing out.

    No batch is of a single ROI, whose batch statistics would mean nothing: rather than that, one
    batch is of `batch_size` + 1.
    """
    number = -(-len(order) // batch_size)
    return np.array_split(order, max(1, min(number, len(order) // 2)))


def best_epoch(history: list[dict]) -> int:
    """Return the epoch of highest val_accuracy; of equals, of lower val_loss, then the earliest."""
    best = min(history, key=lambda row: (-row["val_accuracy"], row["val_loss"], row["epoch"]))
    return best["epoch"]


def stops_early(history: list[dict], patience: int) -> bool:
    """Return whether the last `patience` epochs brought no val_loss lower than all before them."""
    losses = [row["val_loss"] for row in history]
    return len(losses) - 1 - losses.index(min(losses)) >= patience


def loss_and_accuracy(logits: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    """Return mean softmax cross-entropy and accuracy of `logits` (n, 2); a tie is called normal."""
    scores = logits.astype(np.float64)
    own = np.where(labels == 1, scores[:, 1], scores[:, 0])
    loss = np.mean(np.logaddexp(scores[:, 0], scores[:, 1]) - own)
    return float(loss), float(np.mean(np.argmax(scores, axis=1) == labels))


def probability_abnormal(logits: np.ndarray) -> np.ndarray:
    """Return the softmax of `logits` (n, 2) for column 1, (n,) float64."""
    scores = logits.astype(np.float64)
    return np.exp(scores[:, 1] - np.logaddexp(scores[:, 0], scores[:, 1]))


def discrimination(probability: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """Return area under the ROC curve, sensitivity and specificity of calling p > 0.5 abnormal."""
    called = probability > 0.5
    return {
        "auc": float(roc_auc_score(labels, probability)),
        "sensitivity": float(np.mean(called[labels == 1])),
        "specificity": float(np.mean(~called[labels == 0])),
    }


class Adam:
    """Adam (Kingma and Ba, 2015) by TensorFlow's fused kernel, the same as Keras' to rounding.

    Its state exists before the step is traced: created inside, it would cost a second tracing.
    """

    beta_1, beta_2, epsilon = 0.9, 0.999, 1e-7  # Keras' defaults

    def __init__(self, variables: list[keras.Variable], learning_rate: float):
        self.learning_rate = learning_rate
        self.variables = [variable.value for variable in variables]
        self.means = [tf.Variable(tf.zeros_like(variable)) for variable in self.variables]
        self.squares = [tf.Variable(tf.zeros_like(variable)) for variable in self.variables]
        self.powers = [tf.Variable(self.beta_1), tf.Variable(self.beta_2)]  # beta ** (next step)

    def apply(self, gradients: list[tf.Tensor]) -> None:
        """Take one step down `gradients`, one for each variable."""
        scalars = {
            "lr": tf.constant(self.learning_rate),
            "beta1": tf.constant(self.beta_1),
            "beta2": tf.constant(self.beta_2),
            "epsilon": tf.constant(self.epsilon),
            "beta1_power": self.powers[0].read_value(),
            "beta2_power": self.powers[1].read_value(),
        }
        slots = zip(self.variables, self.means, self.squares, gradients, strict=True)
        for variable, mean, square, gradient in slots:
            tf.raw_ops.ResourceApplyAdam(
                var=variable.handle, m=mean.handle, v=square.handle, grad=gradient, **scalars
            )
        self.powers[0].assign(scalars["beta1_power"] * self.beta_1)
        self.powers[1].assign(scalars["beta2_power"] * self.beta_2)


def trace_step(model: keras.Model, optimizer: Adam) -> Callable:
    """Return the traced training step: (images, labels int32) to (mean loss, logits (n, 2))."""
    signature = [_images(model), tf.TensorSpec((None,), tf.int32)]

    @tf.function(input_signature=signature, autograph=False)
    def step(images: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(optimizer.variables)
            logits = model(images, training=True)
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
            loss = tf.reduce_mean(losses)
        optimizer.apply(tape.gradient(loss, optimizer.variables))
        return loss, logits

    with _fused_batch_normalization():
        return step.get_concrete_function()


def trace_inference(model: keras.Model) -> Callable:
    """Return the traced inference: images to logits (n, 2)."""
    signature = [_images(model)]
    infer = tf.function(lambda images: model(images, training=False), signature, autograph=False)
    with _fused_batch_normalization():
        return infer.get_concrete_function()


def _images(model: keras.Model) -> tf.TensorSpec:
    """Return the signature of a batch of any size: batches differ by one, and trace only once."""
    return tf.TensorSpec((None, *model.input_shape[1:]), tf.float32)


@contextmanager
def _fused_batch_normalization() -> Iterator[None]:
    """Trace Keras' BatchNormalization layers as TensorFlow's fused kernel while this is open.

    Keras composes them of elementary operations: twice the nodes of the whole step, and up to a
    third of its time. The layers themselves, and so the model as saved, stay Keras' own.
    """
    stock = keras.layers.BatchNormalization.call
    keras.layers.BatchNormalization.call = _fused_call
    try:
        yield
    finally:
        keras.layers.BatchNormalization.call = stock


def _fused_call(
    layer: keras.layers.BatchNormalization,
    inputs: tf.Tensor,
    training: bool | None = None,
    mask: None = None,
) -> tf.Tensor:
    """Stand in for BatchNormalization.call, on pictures with their channels last."""
    training = bool(training and layer.trainable)
    channels = inputs.shape[-1]
    scale = layer.gamma.value if layer.scale else tf.ones(channels)
    offset = layer.beta.value if layer.center else tf.zeros(channels)
    outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
        x=inputs,
        scale=scale,
        offset=offset,
        mean=[] if training else layer.moving_mean.value,
        variance=[] if training else layer.moving_variance.value,
        epsilon=layer.epsilon,
        is_training=training,
    )
    if training:
        # the kernel gives the sample variance, over count - 1; Keras keeps the one over count
        count = tf.cast(tf.size(inputs), tf.float32) / channels
        variance *= (count - 1) / count
        for moving, batch in ((layer.moving_mean, mean), (layer.moving_variance, variance)):
            moving.assign(moving * layer.momentum + batch * (1 - layer.momentum))
    return outputs


def _report(row: dict, epochs: int, elapsed: float) -> None:
    """Print an epoch's line; the time left is that of all epochs."""
    left = elapsed / row["epoch"] * (epochs - row["epoch"])
    print(
        f"epoch {row['epoch']:{len(str(epochs))}}/{epochs}  loss {row['loss']:.4f}  "
        f"accuracy {row['accuracy']:.3f}  val_loss {row['val_loss']:.4f}  "
        f"val_accuracy {row['val_accuracy']:.3f}  {elapsed:.0f} s, at most {left:.0f} s left",
        file=sys.stderr,
        flush=True,
    )
