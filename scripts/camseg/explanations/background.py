"""ROIs of other patients, with which some methods compare the ROI that they explain."""

from collections.abc import Callable

import numpy as np

from camseg.errors import CamsegError
from camseg.io.store import Rois
from camseg.seeds import generator

POOL = 64  # ROIs at most


class Background:
    """Training ROIs, normal and abnormal, to be compared with ROIs of other patients.

    `pool` are ROIs in memory, `patients` (n,) those of the ROIs that are explained, `preprocess`
    makes a network's input of images.
    """

    def __init__(
        self, pool: Rois, patients: np.ndarray, preprocess: Callable[[np.ndarray], np.ndarray]
    ):
        self.pool, self.patients, self.preprocess = pool, patients, preprocess

    def at(self, index: slice) -> Callable[[int], np.ndarray]:
        """Return what gives an image of another patient for each of the ROIs at `index`.

        By the number of the draw, (b, S, S, c) float32: the pool's ROIs in turn, without those of
        the ROI's own patient. What a ROI is compared with does not depend on the others. Raises
        CamsegError if the pool has no other patient.
        """
        others = [np.flatnonzero(self.pool.patient_id != each) for each in self.patients[index]]
        if not all(map(len, others)):
            raise CamsegError("there are no training ROIs of another patient to compare with")

        def other(draw: int) -> np.ndarray:
            chosen = [places[draw % len(places)] for places in others]
            return self.preprocess(self.pool.image[chosen])

        return other


def draw_pool(rois: Rois, sides: np.ndarray) -> Rois:
    """Return at most POOL of the ROIs for training, in memory: the same for all models and seeds.

    `sides` (n,) as of `rois.split.split_rois`.
    """
    training = np.flatnonzero(sides == "train")
    chosen = generator(0, "background").permutation(training)[:POOL]
    return rois.take(chosen).loaded()
