"""The reader of CBIS-DDSM: description CSVs, images and masks as DICOM files, or all as JPEG.

R. S. Lee et al., "A curated mammography data set for use in computer-aided detection and diagnosis
research" (2017). The paths in the CSVs name files that both downloads call otherwise. What holds is
a folder in them: in the archive's download that of the image or abnormality
(Mass-Training_P_00001_LEFT_CC, and with _1 for its first abnormality), in the JPEG release that of
the series (jpeg/1.3.6.1.4.1.9590.100.1.2.3).
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
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
SERIES = re.compile(r"\d+(\.\d+){5,}")  # a SeriesInstanceUID, or one of a study
JPEG_SUFFIXES = (".jpg", ".jpeg")
PATIENT, SIDE, VIEW = "patient_id", "left or right breast", "image view"
IMAGE, CROP, MASK = "image file path", "cropped image file path", "roi mask file path"
# as an .OVERLAY of the DDSM says it
LESION_TYPES = {
    "mass": ("MASS", ("SHAPE", "mass shape"), ("MARGINS", "mass margins")),
    "calcification": (
        "CALCIFICATION",
        ("TYPE", "calc type"),
        ("DISTRIBUTION", "calc distribution"),
    ),
}


@dataclass(frozen=True)
class Files:
    """The files of a download by the names, in upper case, of the folders that tell what they are.

    `kind` is what they are: DICOM or JPEG. JPEG files lie in folders of SERIES, the others in those
    of FOLDER.
    """

    kind: str
    below: dict[str, list[Path]]

    def of(self, path: str) -> tuple[str, list[Path]]:
        """Return the folder that a CSV's path points into, or the path, and the files below it.

        Of several such folders in a path it is the last that is there: a series is in its study.
        """
        tells = FOLDER if self.kind == "DICOM" else SERIES
        names = [match[0].upper() for match in tells.finditer(path)]
        there = [name for name in names if name in self.below]
        name = (there or names or [path])[-1]
        return name, self.below.get(name, [])

    def of_lesion(self, line: dict[str, str]) -> tuple[str, list[Path]]:
        """Return the folder of a line's mask, in words, and the files that may be the mask.

        The cropped image is among them. In the JPEG release it may be in another folder than the
        mask, and the paths of the two are exchanged in some lines.
        """
        folder, found = self.of(line[MASK])
        other, more = self.of(line.get(CROP, "") if self.kind == "JPEG" else "")
        return folder, found if other == folder else sorted(found + more)


def index_cases(listed: list[Path], folder: Path, grey: str) -> Iterator[list[Row]]:
    """Yield, patient by patient, the index rows of its LEFT_CC and RIGHT_CC views.

    The description CSVs list them; raises CamsegError if one stands there twice. A view that both
    the mass and the calcification CSVs describe has the lesions of both. There is no calibration:
    `grey` changes nothing. Where there is a DICOM file of the collection, JPEG files are passed
    over.
    """
    files = _files(folder)
    lines = [
        line
        for path in _each_once(listed)
        for line in read_lines(path, (PATIENT, SIDE, VIEW, IMAGE, MASK, "pathology"), SIDE)
        if line[1][VIEW].upper() != "MLO"
    ]
    images: dict[tuple[str, str], list[Path]] = defaultdict(list)
    for _, line in lines:
        images[line[PATIENT], line[SIDE].upper()] += files.of(line[IMAGE])[1]
    return index_entries((_entry(*line, files, images) for line in lines), folder, grey)


def _each_once(listed: list[Path]) -> list[Path]:
    """Return the description CSVs by name; raise CamsegError if one stands there twice."""
    names = {path.name.lower(): path for path in listed}
    for path in listed:
        if path is not names[path.name.lower()]:
            raise CamsegError(f"{path}: stands there twice, also as {names[path.name.lower()]}")
    return [names[name] for name in sorted(names)]


def _files(folder: Path) -> Files:
    """Return the DICOM files below a folder; if there is none, the JPEG files.

    DICOM files are those that are called so, and those that say so themselves.
    """
    dicoms: dict[str, list[Path]] = defaultdict(list)
    jpegs: dict[str, list[Path]] = defaultdict(list)
    for place, names in walk(folder):
        paths = [place / name for name in names]
        if owner := next((part for part in reversed(place.parts) if FOLDER.fullmatch(part)), ""):
            dicoms[owner.upper()] += [
                path
                for path in paths
                if path.suffix.lower() in DICOM_SUFFIXES or (path.is_file() and is_dicom(path))
            ]
        elif SERIES.fullmatch(place.name):
            jpegs[place.name] += [path for path in paths if path.suffix.lower() in JPEG_SUFFIXES]
    if any(jpegs.values()) and not any(dicoms.values()):
        return Files("JPEG", jpegs)
    return Files("DICOM", dicoms)


def _entry(
    place: str,
    line: dict[str, str],
    files: Files,
    images: dict[tuple[str, str], list[Path]],
) -> Entry:
    patient, side = line[PATIENT], line[SIDE].upper()
    if not PLAIN.fullmatch(patient) or side not in OPPOSITE or line[VIEW].upper() != "CC":
        fault = f"{place}: patient, side and view are {patient!r}, {line[SIDE]!r}, {line[VIEW]!r}"
        return Entry(patient or place, "", "", None, fault=fault)
    folder, own = files.of(line[IMAGE])
    found, fault = images[patient, side], ""
    if not found:
        fault = f"no {files.kind} file below a folder {folder} ({place})"
    elif len(own) > 1:
        fault = f"{len(own)} {files.kind} files below {folder}, not one ({place})"
    image = min(found, default=None)
    return Entry(patient, patient, f"{side}_CC", image, _finding(place, line, files), fault)


def _finding(place: str, line: dict[str, str], files: Files) -> Finding:
    """Return a line's lesion. The folder of its mask holds the cropped image too, in any order.

    The mask is the larger; that it has two grey levels is checked when it is read.
    """
    kind, *details = LESION_TYPES.get(line.get("abnormality type", "").lower(), ("",))
    words = [f"{key} {line[column]}" for key, column in details if line.get(column)]
    described = line["pathology"], " ".join([kind, *words])
    folder, found = files.of_lesion(line)
    try:
        if not found:
            raise CamsegError(f"no mask: no {files.kind} file below a folder {folder}")
        sizes = {path: read_size(path) for path in found}
    except CamsegError as error:
        return Finding(*described, fault=f"{error} ({place})")
    mask = max(found, key=lambda path: sizes[path][0] * sizes[path][1])
    return Finding(*described, (mask,))
