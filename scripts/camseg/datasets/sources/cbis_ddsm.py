"""The reader of CBIS-DDSM as distributed: description CSVs, images and masks as DICOM files.

R. S. Lee et al., "A curated mammography data set for use in computer-aided detection and diagnosis
research" (2017). The paths in the CSVs name files that the download calls otherwise; what holds is
their folder (Mass-Training_P_00001_LEFT_CC, and with _1 for its first abnormality).
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from camseg.datasets.annotations import (
    PLAIN,
    Entry,
    Finding,
    glance,
    index_entries,
    lesions,
    read_view,
)
from camseg.datasets.discovery import walk
from camseg.datasets.lists import read_lines
from camseg.datasets.views import OPPOSITE, Row
from camseg.errors import CamsegError
from camseg.formats.image_files import DICOM_SUFFIXES, is_dicom, read_size

__all__ = ["glance", "index_cases", "lesions", "read_view"]  # what a reader is

FOLDER = re.compile(
    r"(Mass|Calc)-(Training|Test)_P_\d+_(LEFT|RIGHT)_(CC|MLO)(_\d+)?", re.IGNORECASE
)
PATIENT, SIDE, VIEW = "patient_id", "left or right breast", "image view"
IMAGE, MASK = "image file path", "roi mask file path"
# as an .OVERLAY of the DDSM says it
LESION_TYPES = {
    "mass": ("MASS", ("SHAPE", "mass shape"), ("MARGINS", "mass margins")),
    "calcification": (
        "CALCIFICATION",
        ("TYPE", "calc type"),
        ("DISTRIBUTION", "calc distribution"),
    ),
}


def index_cases(listed: list[Path], folder: Path, grey: str) -> Iterator[list[Row]]:
    """Yield, patient by patient, the index rows of its LEFT_CC and RIGHT_CC views.

    The description CSVs list them; raises CamsegError if one stands there twice. A view that both
    the mass and the calcification CSVs describe has the lesions of both. There is no calibration:
    `grey` changes nothing.
    """
    files = _dicoms(folder)
    lines = [
        line
        for path in _each_once(listed)
        for line in read_lines(path, (PATIENT, SIDE, VIEW, IMAGE, MASK, "pathology"), SIDE)
        if line[1][VIEW].upper() != "MLO"
    ]
    images: dict[tuple[str, str], list[Path]] = defaultdict(list)
    for _, line in lines:
        images[line[PATIENT], line[SIDE].upper()] += files.get(_folder(line[IMAGE]), [])
    return index_entries((_entry(*line, files, images) for line in lines), folder, grey)


def _each_once(listed: list[Path]) -> list[Path]:
    """Return the description CSVs by name; raise CamsegError if one stands there twice."""
    names = {path.name.lower(): path for path in listed}
    for path in listed:
        if path is not names[path.name.lower()]:
            raise CamsegError(f"{path}: stands there twice, also as {names[path.name.lower()]}")
    return [names[name] for name in sorted(names)]


def _dicoms(folder: Path) -> dict[str, list[Path]]:
    """Return the DICOM files of every CBIS-DDSM folder by its name in upper case, sorted.

    Those that are called so, and those that say so themselves.
    """
    files: dict[str, list[Path]] = defaultdict(list)
    for place, names in walk(folder):
        owner = next((part for part in reversed(place.parts) if FOLDER.fullmatch(part)), "")
        paths = [place / name for name in names] if owner else []
        files[owner.upper()] += [
            path
            for path in paths
            if path.suffix.lower() in DICOM_SUFFIXES or (path.is_file() and is_dicom(path))
        ]
    return {name: sorted(found) for name, found in files.items()}


def _folder(path: str) -> str:
    """Return the name, in upper case, of the folder that a CSV's path points into; or ""."""
    named = FOLDER.search(path)
    return named[0].upper() if named else ""


def _entry(
    place: str,
    line: dict[str, str],
    files: dict[str, list[Path]],
    images: dict[tuple[str, str], list[Path]],
) -> Entry:
    patient, side = line[PATIENT], line[SIDE].upper()
    if not PLAIN.fullmatch(patient) or side not in OPPOSITE or line[VIEW].upper() != "CC":
        fault = f"{place}: patient, side and view are {patient!r}, {line[SIDE]!r}, {line[VIEW]!r}"
        return Entry(patient or place, "", "", None, fault=fault)
    folder, found = _folder(line[IMAGE]), images[patient, side]
    fault = ""
    if not found:
        fault = f"no DICOM file below a folder {folder or line[IMAGE]} ({place})"
    elif len(files.get(folder, [])) > 1:
        fault = f"{len(files[folder])} DICOM files below {folder}, not one ({place})"
    image = min(found, default=None)
    return Entry(patient, patient, f"{side}_CC", image, _finding(place, line, files), fault)


def _finding(place: str, line: dict[str, str], files: dict[str, list[Path]]) -> Finding:
    """Return a line's lesion. The folder of its mask holds the cropped image too, in any order.

    The mask is the larger; that it has two grey levels is checked when it is read.
    """
    kind, *details = LESION_TYPES.get(line.get("abnormality type", "").lower(), ("",))
    words = [f"{key} {line[column]}" for key, column in details if line.get(column)]
    described = line["pathology"], " ".join([kind, *words])
    folder = _folder(line[MASK])
    found = files.get(folder, [])
    try:
        if not found:
            raise CamsegError(f"no mask: no DICOM file below a folder {folder or line[MASK]}")
        sizes = {path: read_size(path) for path in found}
    except CamsegError as error:
        return Finding(*described, fault=f"{error} ({place})")
    mask = max(found, key=lambda path: sizes[path][0] * sizes[path][1])
    return Finding(*described, (mask,))
