"""The reader of folders of images with masks, as sets of other organs and methods come.

Two arrangements, also mixed: a folder for each class, in which masks lie beside their images
(`benign/benign (4).png`, `benign (4)_mask.png`, `benign (4)_mask_1.png`, as in BUSI), and a folder
of images with one of masks beside it (`images/`, `masks/`, as in Kvasir-SEG; `..._Input`,
`..._GroundTruth`, as in ISIC). Neither sides nor patients are known.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from camseg.datasets.annotations import (
    Entry,
    Finding,
    eight_bit_view,
    index_entries,
    lesions,
    plain,
)
from camseg.datasets.views import ONE_VIEW, Row
from camseg.errors import CamsegError

__all__ = ["glance", "index_cases", "lesions", "read_view"]  # what a reader is

NORMAL = re.compile(r"normals?", re.IGNORECASE)  # the name of a class without lesions
MASK = re.compile(r"(.+?)[_ -](?:mask|segmentation|seg)(?:[_ -]?\d+)?", re.IGNORECASE)
IMAGES = re.compile(r"images?|imgs?|.*_input", re.IGNORECASE)
MASKS = re.compile(r"(?:masks?|.*_groundtruth)", re.IGNORECASE)
PASSED_OVER = re.compile(r".*_superpixels", re.IGNORECASE)  # ISIC's, beside its images


def index_cases(listed: list[Path], folder: Path, grey: str) -> Iterator[list[Row]]:
    """Yield the index row of every image; `listed` are all the image files.

    Images in a folder called normal show no lesion, whatever mask lies beside them. All others are
    abnormal: of several masks of one image each is an outline of its lesion, and one without a mask
    has a lesion whose place is unknown. In an arrangement of classes the folder's name is the
    pathology.
    """
    images, masks = [], defaultdict(list)
    for path in listed:
        named = MASK.fullmatch(path.stem)
        if MASKS.fullmatch(path.parent.name):
            stem = named[1] if named else path.stem
            masks[path.parent.parent, stem].append(path)
        elif named:
            masks[path.parent, named[1]].append(path)
        elif not PASSED_OVER.fullmatch(path.stem):
            images.append(path)
    if not images:
        raise CamsegError(
            f"{folder}: holds masks and no images (docs/data.md says what lies where)"
        )
    taken = set()
    entries = []
    for image in images:
        place = image.parent.parent if IMAGES.fullmatch(image.parent.name) else image.parent
        found = masks[place, image.stem]
        taken |= set(found)
        entries.append(_entry(image, found, folder))
    strays = sorted({path for found in masks.values() for path in found} - taken)
    entries += [
        Entry(path.stem, "", "", None, fault=f"{path}: a mask whose image is not there")
        for path in strays
    ]
    return index_entries(entries, folder, grey)


def _entry(image: Path, masks: list[Path], folder: Path) -> Entry:
    place = image.relative_to(folder)
    finding = None
    if not any(NORMAL.fullmatch(part) for part in place.parent.parts):
        of_class = not IMAGES.fullmatch(image.parent.name) and image.parent != folder
        pathology = image.parent.name.upper() if of_class else ""
        fault = "" if masks else f"{place}: has no mask"
        finding = Finding(pathology, "", tuple(sorted(masks)), fault=fault)
    return Entry(plain(place), "", ONE_VIEW, image, finding)


def read_view(row: Row, folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Decode an image to 8 bits; colours become their luma. One image serves for both."""
    image = eight_bit_view(row, folder, colours=True)
    return image, image


def glance(row: Row, folder: Path) -> np.ndarray:
    """Return all of an image."""
    return eight_bit_view(row, folder, colours=True)
