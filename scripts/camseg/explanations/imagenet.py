"""Any image through ImageNet's Xception and its 1000 classes: what Figure 1 shows."""

import textwrap
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from camseg.errors import CamsegError
from camseg.explanations import explain, scaling
from camseg.io import hdf5
from camseg.networks.backend import check_settings, keras
from camseg.rois.boxes import resize

SIDE = 299  # pixels, of what Xception sees
LARGEST = 1500  # pixels per side: more cannot be printed


@dataclass(frozen=True)
class Prediction:
    """The most probable class of an image, and the CAM of its logit: (H, W) uint8."""

    index: int  # 0 to 999
    probability: float
    cam: np.ndarray


def read_image(path: str | Path) -> np.ndarray:
    """Return a JPEG, PNG or TIFF as colours, (H, W, 3) uint8 RGB, reduced to what can be printed.

    The proportions are kept. Raises CamsegError if it cannot be read.
    """
    try:
        image = cv2.imread(str(path), cv2.IMREAD_COLOR_RGB)
    except cv2.error as error:
        raise CamsegError(f"{path}: cannot be read as an image: {error.err}") from error
    if image is None:
        raise CamsegError(f"{path}: cannot be read as an image (JPEG, PNG or TIFF)")
    scale = min(1.0, LARGEST / max(image.shape))
    size = [max(1, round(side * scale)) for side in image.shape[1::-1]]
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)


def load_xception(weights: str) -> keras.Model:
    """Return Xception with its head of 1000 logits: images (n, 299, 299, 3) as `predict` feeds it.

    `weights` are "imagenet", for those that Keras downloads once and keeps, or a file of the same.
    Raises CamsegError, with the way out, if they cannot be had.
    """
    check_settings()
    try:
        return keras.applications.Xception(weights=weights, classifier_activation=None)
    except Exception as error:  # Keras raises a bare Exception where a download fails
        reason = textwrap.shorten(str(error), 300)
        locks = hdf5.is_of_locks(error)
    if locks:
        raise CamsegError(f"Xception's weights cannot be read: {reason}; {hdf5.WITHOUT_LOCKS}")
    if weights == "imagenet":
        raise CamsegError(
            f"Xception's ImageNet weights cannot be downloaded: {reason}; download that file "
            "elsewhere and set figure1: weights to its path"
        )
    raise CamsegError(f"{weights}: cannot be read as weights of Xception: {reason}")


def predict(model: keras.Model, image: np.ndarray) -> Prediction:
    """Return what `load_xception`'s model sees in an image (H, W, 3) uint8, and where.

    The image is resized to the network's square, the CAM to the image. The score explained is
    the logit of the most probable class.
    """
    square = np.stack([resize(channel, SIDE) for channel in np.moveaxis(image, -1, 0)], axis=-1)
    images = keras.applications.xception.preprocess_input(
        square[np.newaxis], data_format="channels_last"
    )
    probabilities = keras.ops.softmax(model(images, training=False))[0]
    index = int(np.argmax(probabilities))
    _, raw = explain.explain(_one_class(model, index), images, score="logit")
    grey = scaling.to_grey(raw, image.shape[:2])[0]
    return Prediction(index, float(probabilities[index]), grey)


def class_name(index: int) -> str:
    """Return the name of an ImageNet class, or its index where the list cannot be downloaded."""
    try:
        decode = keras.applications.xception.decode_predictions
        ((_, name, _),) = decode(np.eye(1000)[[index]], top=1)[0]
    except Exception as error:  # as in `load_xception`
        print(f"The names of the classes cannot be downloaded: {error}")
        return f"class {index}"
    return name


def _one_class(model: keras.Model, index: int) -> keras.Model:
    """Return the model with two logits, 0 and that of a class: what `cam` explains."""
    kernel, bias = model.get_layer("predictions").get_weights()
    logits = keras.layers.Dense(2, name="logits")
    model = keras.Model(model.input, logits(model.get_layer("avg_pool").output))
    none = np.zeros_like(kernel[:, 0])
    logits.set_weights([np.stack([none, kernel[:, index]], axis=1), np.array([0, bias[index]])])
    return model
