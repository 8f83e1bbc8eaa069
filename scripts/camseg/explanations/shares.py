"""What the layers of a network add to its score; needs no TensorFlow."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Share:
    """What a layer, or the input, adds to the scores of a batch."""

    sizes: np.ndarray  # (n, h, w) float32: of all channels' shares, summed
    low: np.ndarray  # (n,) float32: the smallest size of a share
    high: np.ndarray  # (n,) float32: the largest
    channels: int
