"""The heat maps of a network that has learned nothing, to be scored like a trained one's: floors.

Chance gives such a network a preference for bright or dark, centre or edge, and its map the same in
every ROI: one draw of weights may place its map far better, or worse, than random places do. What
a trained network's place is worth is seen beside several draws, not beside 0.
"""

from collections.abc import Callable, Iterator

import numpy as np

from camseg.explanations import explain
from camseg.explanations.background import Background
from camseg.explanations.options import MapOptions
from camseg.explanations.scaling import to_grey
from camseg.networks import classifiers
from camseg.networks.backend import keras
from camseg.seeds import derive_seed

DRAWS = 3


def untrained_maps(
    model: keras.Model,
    images: np.ndarray,
    *,
    preprocess: Callable[[np.ndarray], np.ndarray],
    seed: int,
    batch_size: int,
    explanation: str,
    options: MapOptions,
    background: Background | None = None,
) -> Iterator[np.ndarray]:
    """Yield, for each of DRAWS draws of weights, the maps of `images` (n, S, S) uint8, alike.

    `model` says of what kind the network is; its own weights are lost. `preprocess` makes its
    input of images; a `background` is for methods that compare ROIs. The maps are of the class
    abnormal.
    """

    def raw(batch: slice) -> np.ndarray:
        other = background.at(batch) if background else None
        made = explain.derive(model, preprocess(images[batch]), explanation, other=other)
        return explain.raw_maps(
            made, explanation=explanation, score=options.score, target="abnormal"
        )

    batches = [slice(start, start + batch_size) for start in range(0, len(images), batch_size)]
    for draw in range(DRAWS):
        drawn = classifiers.untrained(model, derive_seed(seed, "untrained", draw))
        model.set_weights(drawn.get_weights())  # tracing one model is enough
        found = np.concatenate([raw(batch) for batch in batches])
        yield to_grey(found, images.shape[1:], options)
