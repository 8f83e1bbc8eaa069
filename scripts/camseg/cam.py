"""Grad-CAM of a Keras classifier, exact per example.

Known traps, and what is done here: a softmax score saturates (its float32 gradient is 0 once the
logits are about 17 apart, and the map with it), so the score is the margin of the logits; the
layer is the input of the pooling layer, not "the last convolution", which in DenseNet121,
InceptionV3 and NASNetMobile feeds only part of the pooled channels; gradients are taken per
example, never averaged over the batch; BatchNorm runs in inference mode.
"""

import weakref
from collections.abc import Callable, Collection
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

from camseg.errors import CamsegError
from camseg.heatmaps import RESIZES, to_grey

SCORES = ("margin", "logit", "softmax")
TARGETS = ("abnormal", "predicted", "true")


def grad_cam(
    model: keras.Model,
    images: np.ndarray,
    *,
    score: str = "margin",
    target: str = "abnormal",
    relu: bool = False,
    resize: str = "bilinear",
    labels: np.ndarray | None = None,
    batch_size: int = 32,
) -> tuple[np.ndarray, np.ndarray]:
    """Return Grad-CAMs of `images`: (cam, raw), cam (n, H, W) uint8 and raw (n, h, w) float32.

    `model` maps images (n, H, W, 3) to two logits, normal and abnormal; `images` are float32,
    preprocessed as for its training. `target` is the class c explained: "abnormal" for every ROI,
    the "predicted" class (a tie is normal), or the "true" one (`labels`, (n,) of 0 normal and
    1 abnormal, used by this target only). `score` is Y: "margin" = logit of c minus the other
    logit, "logit" of c (equation 3 to the letter), or "softmax" of c (which saturates).

    With f the features that the pooling layer receives (grid h x w, channels k), the weight of
    channel k is w_k = sum over the positions of dY/df_k, and raw = sum over k of w_k f_k, without
    ReLU. Behind a global average pooling the gradient is the same at every position, so that
    w_k = xy dY/df_k is equation 7, raw is equation 8, and for a dense head the CAM of equation 2.
    For heads whose gradient varies over positions this is Selvaraju's pooled weight times xy (the
    mean of equation 7), where equation 8 to the letter would weigh each position by its own
    gradient. The features cost one forward pass; the gradient goes through the head only.

    `raw` is then scaled by `to_grey`, with `relu` and `resize`. An image's map does not depend on
    the others, but for rounding when the batch size changes. Memory beyond the results is bounded
    by the batch. Raises CamsegError for unknown options, unfit images, labels or models.
    """
    _check_option("score", score, SCORES)
    _check_option("target", target, TARGETS)
    _check_option("resize", resize, RESIZES)
    if images.ndim != 4 or len(images) == 0 or images.dtype != np.float32:
        raise CamsegError(
            f"images are {images.dtype} of shape {images.shape}: must be preprocessed float32 "
            "of shape (ROIs, height, width, channels), at least one ROI"
        )
    if target == "true" and (
        np.shape(labels) != (len(images),) or not np.isin(labels, (0, 1)).all()
    ):
        raise CamsegError("target 'true' needs a label, 0 or 1, for every image")
    split = _split(model)
    cams, raws = [], []
    for start in range(0, len(images), batch_size):
        batch = slice(start, start + batch_size)
        features = split.features(images[batch])
        classes = labels[batch] if target == "true" else None
        raw = _weighted_features(split.head, features, score, target, classes).numpy()
        cams.append(to_grey(raw, images.shape[1:3], relu=relu, resize=resize))
        raws.append(raw)
    return np.concatenate(cams), np.concatenate(raws)


@dataclass(frozen=True)
class _Split:
    """A model cut at the input of its pooling layer."""

    features: Callable[[np.ndarray], tf.Tensor]
    head: keras.Model


# Tracing the features takes a second or more: done once for a model, kept as long as the model.
_SPLITS: weakref.WeakKeyDictionary[keras.Model, _Split] = weakref.WeakKeyDictionary()


def _split(model: keras.Model) -> _Split:
    if model not in _SPLITS:
        if model.output_shape != (None, 2):
            raise CamsegError(
                f"model {model.name} has outputs of shape {model.output_shape}: "
                "Grad-CAM needs two logits, normal and abnormal"
            )
        pooled = _pooled_tensor(model)
        extractor = keras.Model(model.inputs, pooled)
        signature = [tf.TensorSpec(model.input_shape, tf.float32)]
        features = tf.function(lambda images: extractor(images, training=False), signature)
        _SPLITS[model] = _Split(features, keras.Model(pooled, model.outputs[0]))
    return _SPLITS[model]


def _pooled_tensor(model: keras.Model) -> keras.KerasTensor:
    """Return what the last global average pooling or flattening receives.

    Earlier poolings may weigh channels, as in squeeze-and-excitation.
    """
    kinds = (keras.layers.GlobalAveragePooling2D, keras.layers.Flatten)
    pools = [layer for layer in model.layers if isinstance(layer, kinds)]
    if not pools:
        raise CamsegError(
            f"model {model.name} has no GlobalAveragePooling2D or Flatten layer to explain"
        )
    return pools[-1].input


def _weighted_features(
    head: keras.Model, features: tf.Tensor, score: str, target: str, labels: np.ndarray | None
) -> tf.Tensor:
    """Return sum over k of w_k f_k of each example, (n, h, w)."""
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(features)
        logits = head(features, training=False)
        if target == "abnormal":
            classes = tf.ones_like(logits[:, 0], tf.int32)
        elif target == "predicted":
            classes = tf.argmax(logits, axis=1, output_type=tf.int32)
        else:
            classes = tf.cast(labels, tf.int32)
        chosen = tf.one_hot(classes, 2)
        if score == "margin":
            values = tf.reduce_sum(logits * (2 * chosen - 1), axis=1)
        elif score == "logit":
            values = tf.reduce_sum(logits * chosen, axis=1)
        else:
            values = tf.reduce_sum(tf.nn.softmax(logits) * chosen, axis=1)
    # an example's score depends on its own features only: the gradient of the summed scores
    # holds each example's own gradient
    weights = tf.reduce_sum(tape.gradient(values, features), axis=(1, 2))
    return tf.einsum("nhwk,nk->nhw", features, weights)


def _check_option(name: str, value: str, known: Collection[str]) -> None:
    if value not in known:
        raise CamsegError(f"{name} is {value!r}: must be one of {', '.join(known)}")
