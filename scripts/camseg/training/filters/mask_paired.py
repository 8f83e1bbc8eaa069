"""Keep the lesion; of a normal ROI, the outline of the lesion opposite: a control of `mask`."""

import numpy as np

from camseg.errors import CamsegError
from camseg.io.store import Rois
from camseg.training.filtering import Given, Weights


def weights(rois: Rois, given: Given, seed: int) -> Weights:
    """Keep the lesion; of a normal ROI, the mirror image of the outline of the lesion opposite.

    So no outline is of one class alone, but for lesions without a normal ROI. Raises CamsegError if
    the abnormal ROI of a pair is not in `rois`.
    """
    places = {name: place for place, name in enumerate(rois.roi_id)}
    normal = rois.label == 0
    owners = np.arange(len(rois))
    for roi in np.flatnonzero(normal).tolist():
        name = f"{rois.roi_id[roi].removesuffix('.normal')}.abnormal"
        if name not in places:
            raise CamsegError(
                f"ROI {rois.roi_id[roi]}: the abnormal ROI opposite is not on its side of the "
                "split: split by patient, or leave this regime out"
            )
        owners[roi] = places[name]

    def kept(index: np.ndarray) -> np.ndarray:
        masks = 255 * rois.mask[owners[index]]
        return np.where(normal[index, np.newaxis, np.newaxis], masks[:, :, ::-1], masks)

    return kept
