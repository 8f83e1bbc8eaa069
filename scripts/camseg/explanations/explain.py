"""Heat maps of a Keras classifier by its gradients, exact per example.

Known traps, and what is done here: a softmax score saturates (in float32 the gradient of the
explained logit is 0 once the logits are about 17 apart, and of both about 90 apart), so the score
is the margin of the logits; the layer is the input of the pooling layer, not "the last
convolution", which in DenseNet121, InceptionV3 and NASNetMobile feeds only part of the pooled
channels; gradients are taken per example, never averaged over the batch; BatchNorm runs in
inference mode.
"""

import weakref
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import ModuleType

import numpy as np

from camseg import named
from camseg.errors import CamsegError
from camseg.explanations.at_input import AtInput, at_input
from camseg.explanations.full_gradient import FullGradient, full_gradient
from camseg.explanations.layers import LAYERS, check_images, check_model, head_weights
from camseg.explanations.options import CamOptions, GreyRule
from camseg.explanations.perturbed import Perturbed, perturb
from camseg.explanations.runs import Runs
from camseg.explanations.scaling import PLAIN, to_grey
from camseg.networks import arithmetic, own
from camseg.networks.backend import keras, tf
from camseg.networks.classifiers import read_model
from camseg.networks.devices import claim_gpu
from camseg.networks.registry import check_network

METHODS = "camseg.explanations.methods"
# what methods ask for (ASKS) whose maps are on the image's own grid
OF_INPUT = ("input", "guided", "background", "shares", "images")
PERTURBING = ("images", "masks", "features")


def explain(
    model: keras.Model,
    images: np.ndarray,
    *,
    explanation: str = "grad_cam",
    score: str = "margin",
    target: str = "abnormal",
    rule: GreyRule = PLAIN,
    labels: np.ndarray | None = None,
    others: np.ndarray | None = None,
    batch_size: int = 32,
) -> tuple[np.ndarray, np.ndarray]:
    """Return heat maps of `images`: (cam, raw), cam (n, H, W) uint8 and raw (n, h, w) float32.

    `model` maps images (n, H, W, channels) to two logits, normal and abnormal, without a softmax;
    `images` are float32, preprocessed as for its training. The features are what its global pooling
    (average or maximum) or flattening receives; `raw` is what `raw_maps` makes of them, for a head
    of average pooling and one dense layer the CAM of equation 2. It is then scaled by `to_grey`
    with `rule`.

    Maps of the methods that ask for gradients by the input, or change the input, are on the images'
    own grid instead. `others` (k, H, W, channels), images like `images`, are what every image is
    compared with by a method that compares.

    An image's map does not depend on the others, but for rounding when the batch size changes.
    The network runs once, the gradients go through the head only; those by the input through all
    of it; each as often as the method asks. Memory beyond the results is bounded by the batch.
    Raises CamsegError for unknown options, unfit images, labels or models.
    """
    if batch_size < 1:
        raise CamsegError(f"batch_size is {batch_size}: must be at least 1")
    images, labels = np.asarray(images), None if labels is None else np.asarray(labels)
    if images.ndim != 4 or len(images) == 0 or images.dtype != np.float32:
        raise CamsegError(
            f"images are {images.dtype} of shape {images.shape}: must be preprocessed float32 "
            "of shape (ROIs, height, width, channels), at least one ROI"
        )
    if labels is not None and len(labels) != len(images):
        raise CamsegError(f"{len(labels)} labels do not fit {len(images)} images")
    if others is not None and others.shape[1:] != images.shape[1:]:
        raise CamsegError(f"others are of {others.shape[1:]}, images of {images.shape[1:]}")
    other = None if others is None else partial(_in_turn, others)
    cams, raws = [], []
    for start in range(0, len(images), batch_size):
        batch = slice(start, start + batch_size)
        raw = raw_maps(
            derive(model, images[batch], explanation, other=other),
            explanation=explanation,
            score=score,
            target=target,
            labels=None if labels is None else labels[batch],
        )
        cams.append(to_grey(raw, images.shape[1:3], rule))
        raws.append(raw)
    return np.concatenate(cams), np.concatenate(raws)


def _in_turn(images: np.ndarray, draw: int) -> np.ndarray:
    """Return the image (1, H, W, c) of a draw."""
    return images[[draw % len(images)]]


def load(path: str | Path, *, network: str, threads: int, instructions: str = "any") -> keras.Model:
    """Return a trained model, and have TensorFlow repeat its results to the bit.

    To be called before any other operation of TensorFlow; `threads` and `instructions` as for
    `arithmetic.repeat`. The user's own code for `network`, if that is none of Keras, is run. Raises
    CamsegError as `check_network`, `own.load` and `read_model` do.
    """
    check_network(network)
    claim_gpu()
    arithmetic.repeat(threads, instructions)
    own.load(network)
    return read_model(path)


@dataclass(frozen=True)
class Derivatives:
    """What the maps of a batch are made of, whatever the score and the class explained."""

    features: np.ndarray  # (n, h, w, k) float32, the output of the layer
    logits: np.ndarray  # (n, 2) float32: normal, abnormal
    gradients: np.ndarray  # (2, n, h, w, k) float32: of each logit, by the features
    head: np.ndarray | None = None  # (k, 2) float32: `layers.head_weights`, of the layer "pooled"
    runs: Runs = field(default_factory=lambda: Runs(1))  # back through the head alone


Made = Derivatives | AtInput | FullGradient | Perturbed  # what maps are made of


def derive(
    model: keras.Model,
    images: np.ndarray,
    explanation: str,
    layer: str = "pooled",
    other: Callable[[int], np.ndarray] | None = None,
) -> Made:
    """Return what `raw_maps` needs for maps of `images` by a method.

    By what the method asks for: `differentiate` at the layer, `at_input`, `full_gradient`, or
    `perturb`. `other` gives an image of another patient for each image, by the number of the draw,
    to methods that compare with such. Raises CamsegError where one is needed and none is given.
    """
    method = named.load(METHODS, explanation, "explanation")
    if asks(explanation) in PERTURBING:
        return perturb(model, images, method)
    if asks(explanation) == "shares":
        return full_gradient(model, images)
    if asks(explanation) in OF_INPUT:
        if asks(explanation) == "background" and other is None:
            raise CamsegError(f"{explanation} compares with other images, and none are given")
        return at_input(model, images, guided=asks(explanation) == "guided", other=other)
    return differentiate(model, images, layer)


def differentiate(model: keras.Model, images: np.ndarray, layer: str = "pooled") -> Derivatives:
    """Return features at a layer of `model` and each logit's gradient, example by example.

    `layer` is "pooled" (what the last pooling layer receives), "last_conv" (the last convolution,
    which may see part of the channels, and those before BatchNorm) or "finer" (the last one whose
    grid is finer than that of the pooled features and that all paths go through), by Keras' order
    of the layers. `images` as for `explain`.
    """
    _check_option("layer", layer, LAYERS)
    check_model(model)
    check_images(model, images)
    traced = _TRACED.setdefault(model, {})
    if layer not in traced:
        traced[layer] = _trace(model, LAYERS[layer](model))
    head = head_weights(model) if layer == "pooled" else None
    features, logits, gradients = (tensor.numpy() for tensor in traced[layer](images))
    return Derivatives(features, logits, gradients, head)


def raw_maps(
    derivatives: Made,
    *,
    explanation: str,
    score: str,
    target: str,
    labels: np.ndarray | None = None,
) -> np.ndarray:
    """Return the maps (n, h, w) float32 of a batch by the method `explanation`, before scaling.

    `derivatives` are what `derive` gives for it, or `differentiate` at a layer that it fits.

    `target` is the class c explained: "abnormal" for every ROI, the "predicted" class (a tie is
    normal), or the "true" one (`labels`, (n,) of 0 normal and 1 abnormal, used by this target
    only). `score` is Y: "margin" = logit of c minus the other logit, "logit" of c (equation 3 to
    the letter), or "softmax" of c (which saturates). Raises CamsegError for unknown options, and
    for a head that the method does not fit.
    """
    method = named.load(METHODS, explanation, "explanation")
    classes = _classes(derivatives.logits, score, target, labels)
    if isinstance(derivatives, AtInput):
        weigh = partial(_score_gradient, classes=classes, score=score)
        gradient_of = partial(derivatives.gradient, weigh=weigh)
        others = (derivatives.other,) if method.ASKS == "background" else ()
        return method.maps(derivatives.images, gradient_of, *others)
    if isinstance(derivatives, FullGradient):
        shares, _ = derivatives.ask(_score_gradient(derivatives.logits, classes, score))
        return method.maps(derivatives.images, shares)
    return method.maps(*_given(method, derivatives, classes, score))


def raw_weights(derivatives: Made, *, explanation: str, score: str) -> np.ndarray:
    """Return what each feature counts in its cell of the raw maps of the class abnormal.

    (n, h, w, k): summed over the channels, features times these are `raw_maps`. Options as there.
    """
    method = named.load(METHODS, explanation, "explanation")
    classes = _classes(derivatives.logits, score, "abnormal", None)
    return method.weights(*_given(method, derivatives, classes, score))


def completeness(
    derivatives: Made,
    raw: np.ndarray,
    *,
    explanation: str,
    score: str,
    target: str,
    labels: np.ndarray | None = None,
) -> np.ndarray | None:
    """Return how far maps are from adding up to what they share out, (n,): 0 for exactly.

    For a method with a baseline: |sum of the map - d| / |d|, where d is the image's score less that
    of its baseline, at one run of the network; None for any other. Arguments as for `raw_maps`,
    whose maps are `raw`.
    """
    baseline = getattr(named.load(METHODS, explanation, "explanation"), "baseline", None)
    if baseline is None or not isinstance(derivatives, AtInput):
        return None
    classes = _classes(derivatives.logits, score, target, labels)
    start, _ = derivatives.ask(baseline(derivatives.images), np.zeros_like(derivatives.logits))
    there, here = (_score(logits, classes, score) for logits in (start, derivatives.logits))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.abs(raw.sum(axis=(1, 2), dtype=np.float64) / (here - there) - 1)


def fits_layer(explanation: str, layer: str) -> bool:
    """Return whether a method can be used at a layer of `differentiate`."""
    return asks(explanation) == "gradient" or (layer == "pooled" and not is_of_input(explanation))


def is_of_input(explanation: str) -> bool:
    """Return whether a method's maps are on the grid of the image, not of the features."""
    return asks(explanation) in OF_INPUT


def is_costly(explanation: str) -> bool:
    """Return whether a method has the network run hundreds of times for a map."""
    return asks(explanation) in ("images", "masks")


def asks(explanation: str) -> str:
    """Return what a method asks for: `gradient`, by the features, if it says nothing else."""
    return getattr(named.load(METHODS, explanation, "explanation"), "ASKS", "gradient")


def kind(explanation: str) -> str:
    """Return which kind of thing `derive` gives for a method: methods of one kind can share it."""
    asked = asks(explanation)
    if asked in PERTURBING:
        return explanation
    return "gradient" if asked == "head" else asked


def is_additive(explanation: str) -> bool:
    """Return whether a method's maps add up to the margin where the margin is a sum over places.

    That is, whether behind global average pooling and one dense layer the mean of a map of the
    margin, plus the layer's bias, is the margin.
    """
    return named.load(METHODS, explanation, "explanation").ADDITIVE


def _given(
    method: ModuleType, made: Made, classes: np.ndarray, score: str
) -> tuple[np.ndarray, ...]:
    """Return what a method's `maps` and `weights` are given."""
    if isinstance(made, Perturbed):
        of = made.images if made.features is None else made.features
        scores = np.stack([_score(answers, classes, score) for answers in made.answers])
        return of, scores, _score(made.logits, classes, score)
    assert isinstance(made, Derivatives), "of methods with a map on the features' grid"
    return made.features, _gradient(method, made, classes, score)


def _gradient(
    method: ModuleType, derivatives: Derivatives, classes: np.ndarray, score: str
) -> np.ndarray:
    """Return the gradient of each example's score by its features, (n, h, w, k).

    For a method of the head that by the pooled features, (n, 1, 1, k), as the head has it.
    """
    by_logits = _score_gradient(derivatives.logits, classes, score)
    normal, abnormal = by_logits.T[:, :, np.newaxis, np.newaxis, np.newaxis]
    gradients = derivatives.gradients
    if getattr(method, "ASKS", None) == "head":
        if derivatives.head is None:
            raise CamsegError(
                f"{method.__name__.rpartition('.')[2]} explains what global average pooling and "
                "one dense layer receive, and this model ends otherwise: use grad_cam, which is "
                "the same map there and fits any head"
            )
        gradients = derivatives.head.T[:, np.newaxis, np.newaxis, np.newaxis]
    return normal * gradients[0] + abnormal * gradients[1]


def _classes(logits: np.ndarray, score: str, target: str, labels: np.ndarray | None) -> np.ndarray:
    """Return the class explained of each example, (n,): 0 normal, 1 abnormal."""
    CamOptions(score=score, target=target)  # refuses what is unknown
    if target == "abnormal":
        return np.ones(len(logits), int)
    if target == "predicted":
        return logits.argmax(axis=1)
    if labels is not None and labels.shape == logits.shape[:1] and np.isin(labels, (0, 1)).all():
        return labels
    raise CamsegError("target 'true' needs a label, 0 or 1, for every image")


# Tracing a network takes seconds: done once for a model and a layer, kept as long as the model.
_TRACED: weakref.WeakKeyDictionary[keras.Model, dict[str, Callable]] = weakref.WeakKeyDictionary()


def _trace(model: keras.Model, tensor: keras.KerasTensor) -> Callable:
    """Return the traced function of images that gives what `Derivatives` holds."""
    shared = CamsegError(
        f"model {model.name} shares layers with another model, and their first use is not this "
        "one's: explain a copy, keras.models.clone_model(model), with its weights"
    )
    try:
        both = keras.Model(model.inputs, [tensor, model.outputs[0]])
    except ValueError as error:  # they are not connected
        raise shared from error

    @tf.function(input_signature=[tf.TensorSpec(model.input_shape, tf.float32)], autograph=False)
    def derivatives(images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        features, logits = both(images, training=False)
        # an example's logits depend on its own features only: the gradient of a logit's sum over
        # the batch, which this is, holds each example's own gradient
        gradients = [tf.gradients(logits[:, column], features)[0] for column in (0, 1)]
        if any(gradient is None for gradient in gradients):
            raise shared
        # which are of 16 bits where a model computes with them
        return tuple(tf.cast(each, tf.float32) for each in (features, logits, tf.stack(gradients)))

    return derivatives


def _score_gradient(logits: np.ndarray, classes: np.ndarray, score: str) -> np.ndarray:
    """Return the gradient of each example's score by its logits, (n, 2)."""
    chosen = tf.one_hot(classes, 2)
    values = tf.constant(logits)
    with tf.GradientTape() as tape:
        tape.watch(values)
        if score == "margin":
            scores = tf.reduce_sum(values * (2 * chosen - 1), axis=1)
        elif score == "logit":
            scores = tf.reduce_sum(values * chosen, axis=1)
        else:
            scores = tf.reduce_sum(tf.nn.softmax(values) * chosen, axis=1)
    return tape.gradient(scores, values).numpy()


def _score(logits: np.ndarray, classes: np.ndarray, score: str) -> np.ndarray:
    """Return each example's score, (n,) float64."""
    chosen = logits[np.arange(len(logits)), classes].astype(np.float64)
    if score == "logit":
        return chosen
    margin = 2 * chosen - logits.sum(axis=1, dtype=np.float64)
    return margin if score == "margin" else 0.5 + 0.5 * np.tanh(margin / 2)


def _check_option(name: str, value: str, known: Collection[str]) -> None:
    if value not in known:
        raise CamsegError(f"{name} is {value!r}: must be one of {', '.join(known)}")
