"""The reader of INbreast as distributed: INbreast.csv, DICOM files, and OsiriX' XML for each.

I. C. Moreira et al., "INbreast: toward a full-field digital mammographic database" (2012). Who is
whose image, the DICOM file's name alone tells: 22678622_61b13c59bcba149e_MG_R_CC_ANON.dcm.
"""

import plistlib
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from camseg.datasets.annotations import Entry, Finding, glance, index_entries, lesions, read_view
from camseg.datasets.discovery import walk
from camseg.datasets.lists import one_of, read_lines
from camseg.datasets.shapes import Shape
from camseg.datasets.views import Row
from camseg.errors import CamsegError

__all__ = ["glance", "index_cases", "lesions", "read_view"]  # what a reader is

DICOM = re.compile(
    r"(?P<id>\d+)_(?P<patient>[0-9a-f]+)_MG_(?P<side>[LR])_(?P<view>[A-Z]+)_ANON\.dcm",
    re.IGNORECASE,
)
XML = re.compile(r"(\d+)\.xml", re.IGNORECASE)
FILE, SIDE, VIEW, DATE = "file name", "laterality", "view", "acquisition date"
ASSESSMENT = "bi-rads"
SIDES = {"L": "LEFT", "R": "RIGHT"}
VIEWS = {"ML": "MLO"}  # what the files' names call it
NORMAL = "1"  # the assessment of all images without an XML
ASSESSMENTS = re.compile(r"[0-6][abc]?", re.IGNORECASE)
POINT = re.compile(r"\(\s*([-+.\de]+)\s*,\s*([-+.\de]+)\s*\)")
TYPES = {
    "CALCIFICATIONS": "CALCIFICATION",
    "ESPICULATED REGION": "SPICULATED REGION",
    "ASSYMETRY": "ASYMMETRY",
    "": "UNNAMED",
}


@dataclass
class Files:
    """The files below a folder by the number that their names begin with."""

    dicoms: dict[str, list[Path]] = field(default_factory=lambda: defaultdict(list))
    xmls: dict[str, list[Path]] = field(default_factory=lambda: defaultdict(list))


def index_cases(listed: list[Path], folder: Path, grey: str) -> Iterator[list[Row]]:
    """Yield the index rows of every examination and projection: two breasts, or one.

    INbreast.csv lists the images; one that it does not list is rejected. There is no calibration:
    of `grey`, "robust" alone changes what is read. Raises CamsegError if the list cannot be read.
    """
    table = one_of(listed)
    files = _files(folder)
    lines = [
        (place, line)
        for place, line in read_lines(table, (FILE, SIDE, VIEW, DATE, ASSESSMENT), SIDE)
        if line[FILE] or line[SIDE] or line[VIEW]  # the spreadsheet ends in sums
    ]
    known = {_whole(line[FILE]) for _, line in lines}
    entries = [entry for place, line in lines for entry in _entries(place, line, files)]
    for number in sorted(files.dicoms.keys() - known):
        entries += [_unlisted(path, table) for path in files.dicoms[number]]
    return index_entries(entries, folder, grey)


def _files(folder: Path) -> Files:
    files = Files()
    for place, names in walk(folder):
        for name in sorted(names):
            if dicom := DICOM.fullmatch(name):
                files.dicoms[dicom["id"]].append(place / name)
            elif xml := XML.fullmatch(name):
                files.xmls[xml[1]].append(place / name)
    return files


def _whole(text: str) -> str:
    """Return a whole number that a spreadsheet may have exported with a decimal point."""
    return re.sub(r"\.0*$", "", text)


def _view(dicom: re.Match) -> tuple[str, str]:
    """Return the side and the projection that a DICOM file's name tells."""
    view = dicom["view"].upper()
    return SIDES[dicom["side"].upper()], VIEWS.get(view, view)


def _unlisted(path: Path, table: Path) -> Entry:
    dicom = DICOM.fullmatch(path.name)
    assert dicom
    side, view = _view(dicom)
    patient = dicom["patient"].lower()
    fault = f"{table}: has no line of {dicom['id']}"
    return Entry(f"{patient}.unlisted.{view}", patient, f"{side}_{view}", path, fault=fault)


def _entries(place: str, line: dict[str, str], files: Files) -> list[Entry]:
    """Return a line's image, once for each of its lesions, or once without."""
    number = _whole(line[FILE])
    paths = files.dicoms.get(number, [])
    if len(paths) != 1:
        fault = f"{place}: {len(paths)} DICOM files are named {number}_..._ANON.dcm, not one"
        return [Entry(number or Path(place).name, "", "", None, fault=fault)]
    dicom = DICOM.fullmatch(paths[0].name)
    assert dicom
    side, view = _view(dicom)
    patient, date = dicom["patient"].lower(), _whole(line[DATE])
    told = SIDES.get(line[SIDE].upper(), ""), VIEWS.get(line[VIEW].upper(), line[VIEW].upper())
    fault = ""
    if not re.fullmatch(r"\d+", date):
        fault = f"{place}: {DATE} is {line[DATE]!r}, not a number such as 201001"
    elif told != (side, view):
        fault = f"{place}: says {line[SIDE]} {line[VIEW]}, the file's name {paths[0].name}"
    elif not ASSESSMENTS.fullmatch(_whole(line[ASSESSMENT])):
        fault = f"{place}: {ASSESSMENT} is {line[ASSESSMENT]!r}, not 1 to 6, or 4a to 4c"
    entry = Entry(f"{patient}.{date}.{view}", patient, f"{side}_{view}", paths[0], fault=fault)
    if fault:
        return [entry]
    findings = _findings(place, _whole(line[ASSESSMENT]), files.xmls.get(number, []))
    return [replace(entry, finding=finding) for finding in findings] or [entry]


def _findings(place: str, assessment: str, xmls: list[Path]) -> list[Finding]:
    """Return the lesions of an image, none if it is normal.

    Where there is none to read, and it is not assessed as normal, one whose place is not known.
    """
    pathology = f"BI-RADS {assessment.upper()}"
    try:
        if len(xmls) > 1:
            raise CamsegError(f"stands there twice, as {xmls[0]} and {xmls[1]}")
        rois = _read_rois(xmls[0]) if xmls else []
    except CamsegError as error:
        return [Finding(pathology, "UNKNOWN", fault=str(error))]
    if not rois and assessment != NORMAL:
        fault = f"{place}: is {pathology}, and no XML says where"
        return [Finding(pathology, "UNKNOWN", fault=fault)]
    return [
        _finding(pathology, f"{xmls[0]}: ROI {number}", roi)
        for number, roi in enumerate(rois, start=1)
    ]


def _read_rois(path: Path) -> list[dict]:
    """Return the ROIs of an OsiriX property list of one image; CamsegError if it is none."""
    try:
        with path.open("rb") as file:
            (image,) = plistlib.load(file, fmt=plistlib.FMT_XML)["Images"]
        rois, count = list(map(dict, image["ROIs"])), image["NumberOfROIs"]
    except Exception as error:  # the parser raises whatever broken text leads it to
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise CamsegError(f"{path}: is no list of OsiriX' ROIs of one image: {reason}") from error
    if len(rois) != count:
        raise CamsegError(f"{path}: holds {len(rois)} ROIs, and says {count}")
    return rois


def _finding(pathology: str, place: str, roi: dict) -> Finding:
    """Return the lesion of a ROI: a polygon, or the one pixel of a calcification."""
    name = " ".join(str(roi.get("Name", "")).upper().split())
    described = pathology, TYPES.get(name, name)
    try:
        points = [_point(place, text) for text in roi.get("Point_px", [])]
        if len(points) != roi.get("NumberOfPoints"):
            raise CamsegError(f"{place} has {len(points)} points, not {roi.get('NumberOfPoints')}")
        if len(points) in (0, 2):
            raise CamsegError(f"{place} has {len(points)} points, which enclose nothing")
    except CamsegError as error:
        return Finding(*described, fault=str(error))
    if len(points) == 1:
        x, y = points[0]
        # the pixel itself: it keeps its place, and has no area to make a ROI of
        return Finding(*described, shapes=((Shape("circle", (round(x), round(y), 0.5)),),))
    places = tuple(number for point in points for number in point)
    return Finding(*described, shapes=((Shape("polygon", places),),))


def _point(place: str, text: object) -> tuple[float, float]:
    """Return the column and the row of "(x, y)"."""
    numbers = POINT.fullmatch(str(text).strip())
    try:
        if numbers:
            return float(numbers[1]), float(numbers[2])
    except ValueError:  # such as 1.2.3
        pass
    raise CamsegError(f"{place} has a point {text!r}, not (x, y)")
