"""One training step and one inference of a network, each traced once, with fused kernels.

A short training on a CPU pays TensorFlow mostly for tracing and optimising its graph, in
proportion to the number of nodes. Hence the fused kernels of Adam and batch normalisation in
place of the dozens of nodes that Keras composes them of: the same numbers to float32 rounding.
They lean on how Keras' layers are made; Keras' own stay at hand (`training: kernels: stock`).

On a GPU the arithmetic counts. Hence steps in bfloat16, which has the range of float32: gradients
do not vanish in it, and the loss needs no scaling, as it would in float16. And steps by XLA.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import reduce
from itertools import product

import numpy as np

from camseg.errors import CamsegError
from camseg.networks.backend import keras, tf


@dataclass(frozen=True)
class Task:
    """What a network is to learn: of which shape its targets are, and what its outputs cost.

    `targets` is the signature of a batch's; `losses` gives the loss of each ROI, (n,), of a batch's
    targets and outputs.
    """

    targets: tf.TensorSpec
    losses: Callable[[tf.Tensor, tf.Tensor], tf.Tensor]


def classification(class_weights: np.ndarray | None = None) -> Task:
    """Return the task of labels (n,) int32 and logits (n, 2): softmax cross-entropy.

    `class_weights` (2,) float32 multiply the losses of normal and abnormal ROIs.
    """

    def losses(labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
        found = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
        return found if class_weights is None else found * tf.gather(class_weights, labels)

    return Task(tf.TensorSpec((None,), tf.int32), losses)


class Adam:
    """Adam (Kingma and Ba, 2015) by TensorFlow's fused kernel, the same as Keras' to rounding.

    Its state exists before the step is traced: created inside, it would cost a second tracing.
    `learning_rate` is a variable: assign to it to change it.
    """

    beta_1, beta_2, epsilon = 0.9, 0.999, 1e-7  # Keras' defaults

    def __init__(self, variables: list[keras.Variable], learning_rate: float):
        self.learning_rate = tf.Variable(learning_rate, dtype=tf.float32)
        self.variables = [variable.value for variable in variables]
        self.means = [tf.Variable(tf.zeros_like(variable)) for variable in self.variables]
        self.squares = [tf.Variable(tf.zeros_like(variable)) for variable in self.variables]
        self.powers = [tf.Variable(self.beta_1), tf.Variable(self.beta_2)]  # beta ** (next step)

    @property
    def state(self) -> list[tf.Variable]:
        """All that the next step depends on, apart from the learning rate and the variables."""
        return [*self.means, *self.squares, *self.powers]

    def apply(self, gradients: list[tf.Tensor]) -> None:
        """Take one step down `gradients`, one for each variable."""
        scalars = {
            "lr": self.learning_rate.read_value(),
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


class StockAdam:
    """Adam by Keras' own optimizer, to be used in the same way."""

    def __init__(self, variables: list[keras.Variable], learning_rate: float):
        self._keras, self._trained = keras.optimizers.Adam(learning_rate), variables
        self._keras.build(variables)
        self.learning_rate = self._keras.learning_rate
        self.variables = [variable.value for variable in variables]

    @property
    def state(self) -> list[tf.Variable]:
        """All that the next step depends on, apart from the learning rate and the variables."""
        rate = self.learning_rate
        return [variable.value for variable in self._keras.variables if variable is not rate]

    def apply(self, gradients: list[tf.Tensor]) -> None:
        """Take one step down `gradients`, one for each variable."""
        self._keras.apply(gradients, self._trained)


def trace_step(
    model: keras.Model,
    optimizer: Adam | StockAdam,
    task: Task | None = None,
    *,
    fused: bool = True,
    precision: str = "float32",
    xla: bool = False,
) -> Callable:
    """Return the traced training step: (images, targets) to (mean loss, outputs), both float32.

    The `task` is `classification` unless another one is given. Batch normalisation is `fused`, or
    Keras' own. In a `precision` other than float32 the step alone is computed: the model is left
    as it was. XLA compiles it if asked, for each size of a batch when it first comes. Raises
    CamsegError if nothing depends on some of the weights.
    """
    task = task or classification()
    signature = [_images(model), task.targets]

    @tf.function(input_signature=signature, autograph=False, jit_compile=xla or None)
    def step(images: tf.Tensor, targets: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(optimizer.variables)
            outputs = model(images, training=True)
            loss = tf.reduce_mean(task.losses(targets, outputs))
        gradients = tape.gradient(loss, optimizer.variables)
        for variable, gradient in zip(model.trainable_variables, gradients, strict=True):
            if gradient is None:
                raise CamsegError(
                    f"{model.name}: the weights {variable.path} do not take part in what it gives: "
                    "leave them out, or set trainable=False"
                )
        optimizer.apply(gradients)
        return loss, outputs

    with (
        _in_place_of(keras.layers.BatchNormalization, _fused_call, fused),
        _in_place_of(keras.layers.MaxPooling2D, _maximum_call, xla),
        _computing_in(precision, model),
    ):
        traced = step.get_concrete_function()
    return _told(traced, model.name) if xla else traced


def trace_inference(model: keras.Model, *, fused: bool = True) -> Callable:
    """Return the traced inference: images to outputs; `fused` as in `trace_step`."""
    signature = [_images(model)]
    infer = tf.function(lambda images: model(images, training=False), signature, autograph=False)
    with _in_place_of(keras.layers.BatchNormalization, _fused_call, fused):
        return infer.get_concrete_function()


@contextmanager
def _computing_in(precision: str, model: keras.Model) -> Iterator[None]:
    """Trace a model's layers by Keras' mixed policy of a `precision` while this is open.

    They compute in it with float32 weights, which are cast where they are used; batch statistics
    are float32 all the same. So is the last layer that has weights, and what follows it: the head.
    """
    body = list(model.layers) if precision != "float32" else []
    while body and not body.pop().weights:
        pass
    layers = [each for layer in body for each in layer._flatten_layers()]
    own = [layer.dtype_policy for layer in layers]
    try:
        for layer in layers:
            layer.dtype_policy = f"mixed_{precision}"
        yield
    finally:
        for layer, policy in zip(layers, own, strict=True):
            layer.dtype_policy = policy


def _told(step: Callable, name: str) -> Callable:
    """Return a step that tells in a line what of it XLA, which compiles it late, cannot compile."""

    def told(images: np.ndarray, targets: np.ndarray) -> tuple[tf.Tensor, tf.Tensor]:
        try:
            return step(images, targets)
        except (tf.errors.InvalidArgumentError, tf.errors.UnimplementedError) as error:
            reason = re.sub(r"\[.*?\]", "", str(error).strip().splitlines()[0])
            raise CamsegError(
                f"{name}: its training step cannot be compiled by XLA: {reason.rstrip('.')}; set "
                "training: xla: false"
            ) from error

    return told


def _images(model: keras.Model) -> tf.TensorSpec:
    """Return the signature of a batch of any size: batches differ by one, and trace only once."""
    return tf.TensorSpec((None, *model.input_shape[1:]), tf.float32)


@contextmanager
def _in_place_of(kind: type[keras.Layer], call: Callable, asked: bool) -> Iterator[None]:
    """Trace a `kind` of Keras' layers by `call` while this is open, if that is `asked` for.

    The layers themselves, and so the model as saved, stay Keras' own.
    """
    stock = kind.call
    if asked:
        kind.call = call
    try:
        yield
    finally:
        kind.call = stock


def _maximum_call(layer: keras.layers.MaxPooling2D, inputs: tf.Tensor) -> tf.Tensor:
    """Stand in for MaxPooling2D.call: the maximum of shifted images, which is the same to the bit.

    XLA compiles no gradient of TensorFlow's own kernel that repeats to the bit.
    """
    sides = list(zip(inputs.shape[1:3], layer.pool_size, layer.strides, strict=True))
    if layer.padding == "same":
        missing = [max(0, (-(-n // step) - 1) * step + window - n) for n, window, step in sides]
        margins = [(each // 2, each - each // 2) for each in missing]
        inputs = tf.pad(inputs, [(0, 0), *margins, (0, 0)], constant_values=inputs.dtype.min)
    starts = [
        [slice(first, n - window + first + 1, step) for first in range(window)]
        for n, (_, window, step) in zip(inputs.shape[1:3], sides, strict=True)
    ]
    return reduce(tf.maximum, (inputs[:, down, across] for down, across in product(*starts)))


_STOCK = keras.layers.BatchNormalization.call


def _fused_call(
    layer: keras.layers.BatchNormalization,
    inputs: tf.Tensor,
    training: bool | None = None,
    mask: None = None,
) -> tf.Tensor:
    """Stand in for BatchNormalization.call, where it is given images with their channels last."""
    if len(inputs.shape) != 4 or layer.axis not in (-1, 3):
        return _STOCK(layer, inputs, training=training, mask=mask)
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
