"""What a U-Net is trained on: ROIs, of one or two channels, and masks to find in them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from camseg.errors import CamsegError
from camseg.io.store import Images
from camseg.networks.backend import tf
from camseg.training.augmentation import Augmentation
from camseg.training.options import Settings
from camseg.training.step import Task

At = Callable[[np.ndarray], np.ndarray]  # index (b,) of ROIs -> what each has, (b, S, S) uint8


@dataclass(frozen=True)
class Outlined:
    """ROIs to segment: `images` (n, S, S) uint8, `masks` gives those of any of them, {0, 1}.

    `channel` gives a second input of each ROI, as its CAM, (b, S, S) uint8; None for none.
    """

    images: Images
    masks: At
    channel: At | None = None

    def __len__(self) -> int:
        """Return the number of ROIs."""
        return self.images.shape[0]

    def inputs(self, index: np.ndarray, augment: Augmentation | None = None) -> np.ndarray:
        """Return the U-Net's input for the ROIs at `index`: (b, S, S, 1 or 2) float32, -1 to 1."""
        given = [self.images[index], *([self.channel(index)] if self.channel else [])]
        layers = [_augmented(each, index, augment) for each in given]
        return np.stack(layers, axis=-1) / np.float32(127.5) - np.float32(1)

    def targets(self, index: np.ndarray, augment: Augmentation | None = None) -> np.ndarray:
        """Return their masks, (b, S, S) float32, 0 or 1, turned as the input is."""
        return (_augmented(self.masks(index), index, augment) >= 0.5).astype(np.float32)

    def task(self, settings: Settings) -> Task:
        """Return the segmentation: cross-entropy and soft Dice, ROI by ROI."""
        return Task(tf.TensorSpec((None, *self.images.shape[1:]), tf.float32), losses)

    def score(self, outputs: np.ndarray, targets: np.ndarray) -> dict[str, np.ndarray]:
        """Return the Dice of what logits (b, S, S) call lesion: `dice`; nothing in nothing is 1."""
        found, wanted = outputs > 0, targets > 0
        pixels = found.sum(axis=(1, 2)) + wanted.sum(axis=(1, 2))
        both = 2 * (found & wanted).sum(axis=(1, 2))
        return {"dice": np.divide(both, pixels, out=np.ones(len(pixels)), where=pixels > 0)}

    def check(self, side: str) -> None:
        """Raise CamsegError if no ROI has a mask, or there are not two ROIs for a batch."""
        if len(self) < 2:
            raise CamsegError(f"{len(self)} {side} ROI to segment: at least 2 are needed")
        if not any(self.masks(np.array([each])).any() for each in range(len(self))):
            raise CamsegError(f"all masks of {len(self)} {side} ROIs are empty: nothing to learn")


def losses(masks: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """Return the loss of each ROI, (n,): mean cross-entropy of its pixels, plus 1 - soft Dice.

    Soft Dice is 2 sum(p m) / (sum(p) + sum(m)) of probabilities p and mask m, both (n, S, S);
    Milletari, Navab and Ahmadi, "V-Net" (2016); the sum as in Isensee et al., "nnU-Net" (2021). A
    ROI with an empty mask has cross-entropy alone: its Dice is 0 however little is called lesion.
    """
    entropy = tf.nn.sigmoid_cross_entropy_with_logits(masks, logits)
    probability = tf.sigmoid(logits)
    both = tf.reduce_sum(probability * masks, axis=(1, 2))
    lesion = tf.reduce_sum(masks, axis=(1, 2))
    dice = 2 * both / (tf.reduce_sum(probability, axis=(1, 2)) + lesion)
    return tf.reduce_mean(entropy, axis=(1, 2)) + tf.where(lesion > 0, 1 - dice, 0)


def _augmented(images: np.ndarray, index: np.ndarray, augment: Augmentation | None) -> np.ndarray:
    """Return images (b, S, S) as float32, changed as the training ROIs at `index` are."""
    images = images.astype(np.float32)
    return augment.apply(images, index) if augment else images
