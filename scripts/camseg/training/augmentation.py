"""Augmentation of training ROIs: flips and small rotations, drawn again for every epoch."""

from dataclasses import dataclass

import cv2
import numpy as np

from camseg.seeds import generator


@dataclass(frozen=True)
class Augmentation:
    """What happens to each of n ROIs.

    `flips` (n, 2) bool, up-down and left-right, then rotations about the centre by `degrees` (n,),
    counter-clockwise.
    """

    flips: np.ndarray
    degrees: np.ndarray

    def apply(self, images: np.ndarray, index: np.ndarray) -> np.ndarray:
        """Return `images` (b, S, S) float32, those of the ROIs at `index` (b,), changed.

        Rotation is bilinear; what it brings in from outside is the image's mirror image.
        """
        changed = np.empty_like(images)
        centre = (np.array(images.shape[:0:-1]) - 1) / 2  # x, y
        for number, roi in enumerate(index):
            vertical, horizontal = self.flips[roi]
            image = images[number, :: -1 if vertical else 1, :: -1 if horizontal else 1]
            if self.degrees[roi]:
                turn = cv2.getRotationMatrix2D(centre.tolist(), self.degrees[roi], 1)
                size = image.shape[::-1]
                image = cv2.warpAffine(image, turn, size, borderMode=cv2.BORDER_REFLECT_101)
            changed[number] = image
        return changed


def draw(n: int, *, flips: bool, rotation: float, seed: int, epoch: int) -> Augmentation | None:
    """Draw the augmentation of n ROIs for an epoch; None if nothing would change.

    With `flips`, each of the two has a chance of one half; angles are uniform between -`rotation`
    and +`rotation` degrees.
    """
    if not flips and not rotation:
        return None
    random = generator(seed, "augmentation", epoch)
    return Augmentation(
        flips=random.random((n, 2)) < (0.5 if flips else 0),
        degrees=random.uniform(-rotation, rotation, n),
    )
