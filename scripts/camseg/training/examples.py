"""What a network is trained on: the ROIs' inputs, batch by batch, and what they are to give."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from camseg.errors import CamsegError
from camseg.io.store import Images
from camseg.training import augmentation, filtering
from camseg.training.options import Settings
from camseg.training.step import Task, classification


class Set(Protocol):
    """ROIs to train a network on, or to have it run on: its inputs, and what they are to give."""

    def __len__(self) -> int:
        """Return the number of ROIs."""

    def inputs(
        self, index: np.ndarray, augment: augmentation.Augmentation | None = None
    ) -> np.ndarray:
        """Return the network's input for the ROIs at `index`, float32."""

    def targets(
        self, index: np.ndarray, augment: augmentation.Augmentation | None = None
    ) -> np.ndarray:
        """Return what the network is to give for them."""

    def task(self, settings: Settings) -> Task:
        """Return what of a step depends on the kind of targets."""

    def score(self, outputs: np.ndarray, targets: np.ndarray) -> dict[str, np.ndarray]:
        """Return what outputs are worth, (b,) each, by the columns of a history."""

    def check(self, side: str) -> None:
        """Raise CamsegError if there is nothing to learn; `side` is that of the split."""


@dataclass(frozen=True)
class Examples:
    """ROIs of one side of the split, to classify: `images` (n, S, S) uint8, `labels` (n,) 0 or 1.

    Label 0 is normal, 1 abnormal. `weights` are those of the regime (see `filtering.weights`), None
    for all kept; they are applied batch by batch. `preprocess` makes the network's input
    (n, S, S, 3) float32 from filtered images, (n, S, S) float32 grey 0..255.
    """

    images: Images
    labels: np.ndarray
    weights: filtering.Weights | None
    preprocess: Callable[[np.ndarray], np.ndarray]

    def __len__(self) -> int:
        """Return the number of ROIs."""
        return len(self.labels)

    def inputs(
        self, index: np.ndarray, augment: augmentation.Augmentation | None = None
    ) -> np.ndarray:
        """Return the network's input for the ROIs at `index`."""
        weights = None if self.weights is None else self.weights(index)
        filtered = filtering.apply(self.images[index], weights)
        return self.preprocess(augment.apply(filtered, index) if augment else filtered)

    def targets(
        self, index: np.ndarray, augment: augmentation.Augmentation | None = None
    ) -> np.ndarray:
        """Return the labels of the ROIs at `index`, int32."""
        return self.labels[index].astype(np.int32)

    def task(self, settings: Settings) -> Task:
        """Return the classification, classes weighed by the settings."""
        return classification(class_weights(self.labels, settings.class_weights))

    def score(self, outputs: np.ndarray, targets: np.ndarray) -> dict[str, np.ndarray]:
        """Return whether logits (b, 2) are right: `accuracy`, of each."""
        return {"accuracy": np.argmax(outputs, axis=1) == targets}

    def check(self, side: str) -> None:
        """Raise CamsegError if the ROIs are of one class only."""
        if len(np.unique(self.labels)) < 2:
            raise CamsegError(f"all {len(self)} {side} ROIs are of one class: nothing to learn")


def class_weights(labels: np.ndarray, rule: str | None) -> np.ndarray | None:
    """Return the weights (2,) float32 of normal and abnormal losses; None: all are 1.

    "balanced": n / (2 n_class), so that both classes weigh the same and their mean over ROIs is 1.
    """
    if rule is None:
        return None
    return (len(labels) / (2 * np.bincount(labels, minlength=2))).astype(np.float32)
