"""The reader of a plain table of images: CSV or TSV, a line per lesion or image without one."""

import math
import re
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from unicodedata import normalize

from camseg.datasets.annotations import (
    PLAIN,
    Entry,
    Finding,
    glance,
    index_entries,
    lesions,
    plain,
    read_view,
)
from camseg.datasets.lists import locate, read_lines
from camseg.datasets.shapes import Shape
from camseg.datasets.views import ONE_VIEW, OPPOSITE, Row
from camseg.errors import CamsegError

__all__ = ["glance", "index_cases", "lesions", "read_view"]  # what a reader is

REQUIRED = ("image", "label")
OPTIONAL = ("patient", "side", "view", "mask", "x", "y", "r", "y_from", "pathology", "type")


def index_cases(listed: list[Path], folder: Path, grey: str) -> Iterator[list[Row]]:
    """Yield the index rows of every pair of images: one patient's, of one view if views are told.

    Without a column for the patient, or for the side, every image is a case of its own. The table
    lists itself; paths in it may be relative to its folder. An unknown column is an error, so that
    no misspelt one goes unnoticed. There is no calibration: of `grey` "robust" alone counts.
    """
    (table,) = listed
    lines = list(read_lines(table, REQUIRED, "label"))
    if not lines:
        raise CamsegError(f"{table}: has no line below its header")
    for column in lines[0][1]:
        if column not in REQUIRED + OPTIONAL:
            close = get_close_matches(column, REQUIRED + OPTIONAL, n=1)
            hint = f"did you mean {close[0]}?" if close else "remove it"
            known = ", ".join(REQUIRED + OPTIONAL)
            raise CamsegError(f"{table}: unknown column {column!r}; {hint} (known are {known})")
    return index_entries((_entry(*line, folder) for line in lines), folder, grey)


def _entry(place: str, line: dict[str, str], folder: Path) -> Entry:
    # two ways to write the same é, of which only a file's name keeps its own
    line |= {name: normalize("NFC", line[name]) for name in line if name not in ("image", "mask")}
    projection, label = line.get("view", "").upper(), line["label"].lower()
    patient, side = line.get("patient", ""), line.get("side", "").upper()
    unplaced = ""
    if not all(
        PLAIN.fullmatch(name) for name in ("patient" in line) * [patient] + [projection or "-"]
    ):
        unplaced = f"patient {patient!r}, view {projection!r}: use letters, digits, - and _ alone"
    elif "side" in line and side not in OPPOSITE:
        unplaced = f"side is {line['side']!r}, not left or right"
    if unplaced:
        return Entry(patient or place, "", "", None, fault=f"{place}: {unplaced}")
    case, view = patient, side or ONE_VIEW
    if not (patient and side):
        case = plain(Path(line["image"].replace("\\", "/"))) or plain(Path(place))
    if projection:
        case += f".{projection}" if patient and side else ""
        view = f"{side}_{projection}" if side else projection
    fault = ""
    if not line["image"]:
        fault = f"{place}: image is empty"
    elif label not in ("normal", "abnormal"):
        fault = f"{place}: label is {line['label']!r}, not normal or abnormal"
    elif label == "normal" and any(line.get(column) for column in ("mask", "x", "y", "r")):
        fault = f"{place}: label is normal, but a lesion's place is given"
    finding = _finding(place, line, folder) if label == "abnormal" else None
    return Entry(case, patient, view, locate(folder, line["image"]), finding, fault)


def _finding(place: str, line: dict[str, str], folder: Path) -> Finding:
    """Return the lesion of an abnormal line, with its fault if it cannot be used."""
    described = line.get("pathology", ""), line.get("type", "")
    place_of = [line.get(column, "") for column in ("x", "y", "r")]
    y_from = (line.get("y_from") or "top").lower()
    try:
        if bool(line.get("mask")) == any(place_of):
            raise CamsegError(f"{place}: an abnormal image needs a mask, or x, y and r")
        if line.get("mask"):
            return Finding(*described, (locate(folder, line["mask"]),))
        if y_from not in ("top", "bottom"):
            raise CamsegError(f"{place}: y_from is {line['y_from']!r}, not top or bottom")
        x, y, radius = (_number(text, place) for text in place_of)
        if radius <= 0:
            raise CamsegError(f"{place}: r is {radius:g}, not a radius")
        circle = Shape("circle", (x, y, radius))
        return Finding(*described, shapes=((circle,),), from_bottom=y_from == "bottom")
    except CamsegError as error:
        return Finding(*described, fault=str(error))


def _number(text: str, place: str) -> float:
    """Return a number; with a decimal comma, too, if it cannot be one between thousands."""
    point = text.replace(",", ".") if re.fullmatch(r"-?\d+,(\d{1,2}|\d{4,})", text) else text
    try:
        number = float(point)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise CamsegError(f"{place}: x, y and r must be numbers, not {text!r}")
    return number
