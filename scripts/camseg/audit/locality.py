"""Where in the image the cells of a heat map look, by the gradient of each cell.

A heat map is drawn as if each cell showed its own part of the image. Whether it does is up to the
network: behind many layers, or a pooling of everything, a cell may see the whole image.
"""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import pandas as pd

from camseg.explanations import explain
from camseg.explanations.layers import pooled_tensor
from camseg.networks.backend import keras, tf

ROIS = 4  # at most: a network's cells look at much the same places whatever the image shows
CELLS = 4  # rows and columns of the grid at most, spread evenly from edge to edge


def centres(
    model: keras.Model,
    images: np.ndarray,
    *,
    preprocess: Callable[[np.ndarray], np.ndarray],
    explanations: Sequence[str],
    score: str,
) -> dict[str, pd.DataFrame]:
    """Return where the cells of the maps of at most ROIS images are drawn and where they look.

    `images` (n, S, S) uint8; `preprocess` makes the model's input of them; `explanations` and
    `score` as for `explain.raw_maps`, of the class abnormal. A cell's value is the sum of its
    features times what they count there (`explain.raw_weights`), which is held fixed: behind a
    pooling and a dense layer it is the same for all images. The cell looks at the centre of mass
    of the absolute gradient of its value by the input, summed over the channels.

    A table by explanation, with a row per image and cell: `roi` (place in `images`), `row`,
    `column` (of the cell), `place_row`, `place_column` (its middle) and `centre_row`,
    `centre_column`, shares of the image's height and width from its upper left corner; centres are
    NaN where nothing in the image changes the cell. The cells of methods of the input are pixels,
    and look where they are drawn by definition.
    """
    inputs = preprocess(images[:ROIS])
    gradient_of = None
    made: dict[str, explain.Made] = {}
    found = {}
    for each in explanations:
        if explain.is_of_input(each):  # a pixel looks at itself
            found[each] = _cells(np.ones_like(inputs), lambda cell: cell)
            continue
        kind = explain.kind(each)
        if kind not in made:
            made[kind] = explain.derive(model, inputs, each)
        weights = explain.raw_weights(made[kind], explanation=each, score=score)
        gradient_of = gradient_of or _trace(model)
        found[each] = _cells(weights, partial(gradient_of, inputs))
    return found


def _cells(weights: np.ndarray, seen_by: Callable[[np.ndarray], np.ndarray]) -> pd.DataFrame:
    """Return the table of `centres` of maps whose features count by `weights` (n, h, w, k).

    `seen_by` gives what one cell's weights, the others 0, see in the images: (n, H, W, c).
    """
    height, width = weights.shape[1:3]
    rows = []
    for row in _spread(height):
        for column in _spread(width):
            cell = np.zeros_like(weights)
            cell[:, row, column] = weights[:, row, column]
            strength = np.abs(seen_by(cell)).sum(axis=3)
            for roi, (down, right) in enumerate(centre_of_mass(strength)):
                place = (row + 0.5) / height, (column + 0.5) / width
                rows.append((roi, row, column, *place, down, right))
    names = ["roi", "row", "column", "place_row", "place_column", "centre_row", "centre_column"]
    return pd.DataFrame(rows, columns=names)


def centre_of_mass(values: np.ndarray) -> np.ndarray:
    """Return the centres of mass of `values` (n, H, W), none negative: (n, 2), row and column.

    As shares of H and W from the upper left corner; NaN where all values are 0.
    """
    values = values.astype(np.float64)
    total = values.sum(axis=(1, 2))
    sums = [
        values.sum(axis=3 - axis) @ ((np.arange(side) + 0.5) / side)
        for axis, side in enumerate(values.shape[1:], start=1)
    ]
    with np.errstate(invalid="ignore"):
        return np.stack(sums, axis=1) / total[:, np.newaxis]


def _spread(length: int) -> list[int]:
    """Return at most CELLS places of `length`, from the first to the last, evenly spread."""
    return sorted({round(place) for place in np.linspace(0, length - 1, min(CELLS, length))})


def _trace(model: keras.Model) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """Return the traced function of images and weights (n, h, w, k) of the pooled features.

    It gives the gradient of each image's weighted sum by that image.
    """
    tensor = pooled_tensor(model)
    upto = keras.Model(model.inputs, tensor)
    specs = [tf.TensorSpec(each, tf.float32) for each in (model.input_shape, tensor.shape)]

    @tf.function(input_signature=specs, autograph=False)
    def gradient_of(images: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        features = tf.cast(upto(images, training=False), tf.float32)
        return tf.gradients(tf.reduce_sum(features * weights), images)[0]

    return lambda images, weights: gradient_of(images, weights).numpy()
