"""Which ROIs a U-Net learns from, which masks it is to find there, and what it sees beside the ROI.

Nothing of a validation ROI but its image, and its CAM, is used anywhere.
"""

from dataclasses import dataclass

import numpy as np

from camseg.errors import CamsegError
from camseg.io.store import Images, Rois
from camseg.seeds import generator
from camseg.segmentation.examples import At
from camseg.segmentation.outlines import draw_outlines
from camseg.segmentation.pseudo_masks import pseudo_masks
from camseg.segmentation.registry import METHODS, parts
from camseg.training.filtering import draw, needed, other_patients


@dataclass(frozen=True)
class Given:
    """What a U-Net may take besides ROIs, in their order: None where it takes none."""

    cams: Images | None = None  # (n, S, S) uint8, a classifier's CAMs
    maps: Images | None = None  # (n, S, S) uint8, the maps of an earlier U-Net


def choose(
    segmenter: str, labels: np.ndarray, training: np.ndarray, *, normal: bool, seed: int
) -> np.ndarray:
    """Return the places of the ROIs to learn from, sorted: all for training, or `few_outlines`.

    `labels` (n,) are 0 for normal; `training` (n,) bool. The few are drawn, and as many normal ROIs
    with them; `normal` is whether there are any. Raises CamsegError if there are fewer outlines.
    """
    method, detail = parts(segmenter)
    abnormal, others = (np.flatnonzero(training & (labels == label)) for label in (1, 0))
    if method == "few_outlines":
        count = int(detail)
        if count > len(abnormal):
            raise CamsegError(
                f"config: segmentation.outlines: {count}: there are {len(abnormal)} abnormal "
                "training ROIs: ask for no more"
            )
        abnormal = draw_outlines(abnormal, count, seed)
        others = generator(seed, "normal ROIs beside outlines").permutation(others)[:count]
    return np.sort(np.concatenate([abnormal, others if normal else others[:0]]))


def masks(segmenter: str, rois: Rois, given: Given) -> At:
    """Return what gives the masks to learn of any of `rois`: outlines, or what stands for them.

    Pseudo-masks of CAMs (see `pseudo_masks`), or what an earlier U-Net called lesion (above half of
    255). A normal ROI has an empty one, whatever its map shows: its label says so. Raises
    CamsegError if a map is missing.
    """
    targets = METHODS[parts(segmenter)[0]].targets
    if targets == "masks":
        return lambda index: rois.mask[index]
    maps = needed(given.cams, rois) if targets == "pseudo" else needed(given.maps, rois, "a map")

    def instead(index: np.ndarray) -> np.ndarray:
        cut = pseudo_masks(maps[index]) if targets == "pseudo" else maps[index] > 127
        return (cut * rois.label[index, np.newaxis, np.newaxis]).astype(np.uint8)

    return instead


def channel(segmenter: str, rois: Rois, sides: np.ndarray, given: Given, *, seed: int) -> At | None:
    """Return what gives the second input of any of `rois`: its CAM, another's, or None for none.

    `fused_shuffled` has the CAM of a ROI of another patient on the same of the `sides` (n,) of the
    split, drawn with the seed whatever the labels. Raises CamsegError if there is no other patient,
    or a map is missing.
    """
    method = parts(segmenter)[0]
    if not method.startswith("fused"):
        return None
    cams = needed(given.cams, rois)
    owners = np.arange(len(rois))
    if method == "fused_shuffled":
        by_id = np.argsort(rois.roi_id.astype(str))
        of_side = {side: by_id[sides[by_id] == side] for side in set(sides)}
        for roi in range(len(rois)):
            others = other_patients(rois, roi, of_side[sides[roi]], " whose CAM it could take")
            owners[roi] = draw(others, rois, roi, seed=seed, purpose="shuffled CAM")
    return lambda index: cams[owners[index]]
