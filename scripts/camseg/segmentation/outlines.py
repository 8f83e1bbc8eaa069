"""A few of the training ROIs' outlines."""

import numpy as np

from camseg.seeds import generator


def draw_outlines(places: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Return `count` of the `places` (n,), drawn with the seed; all, in another order, if fewer.

    More are the same ones and others.
    """
    return generator(seed, "outlines").permutation(places)[:count]
