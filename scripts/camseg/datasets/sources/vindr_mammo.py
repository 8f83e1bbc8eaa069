"""The reader of VinDr-Mammo as distributed: DICOM images, and boxes round findings in one CSV.

H. T. Nguyen et al., "VinDr-Mammo: A large-scale benchmark dataset for computer-aided diagnosis in
full-field digital mammography", Scientific Data 10:277 (2023). Images lie beside the CSV as
images/<study_id>/<image_id>.dicom. Boxes are no outlines of lesions: the registry says so, and from
there every table and figure.
"""

import ast
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from camseg.datasets import annotations
from camseg.datasets.annotations import PLAIN, Entry, Finding, glance, index_entries, read_view
from camseg.datasets.lists import one_of, read_lines
from camseg.datasets.shapes import Shape
from camseg.datasets.views import Lesion, Outline, Row
from camseg.errors import CamsegError

__all__ = ["glance", "index_cases", "lesions", "read_view"]  # what a reader is

STUDY, IMAGE, SIDE, VIEW = "study_id", "image_id", "laterality", "view_position"
SIZE, BOX = ("height", "width"), ("xmin", "ymin", "xmax", "ymax")
CATEGORIES, BIRADS = "finding_categories", "finding_birads"
REQUIRED = (STUDY, IMAGE, SIDE, VIEW, *SIZE, CATEGORIES, BIRADS, *BOX)
SIDES = {"L": "LEFT", "R": "RIGHT"}
NOTHING = "NO_FINDING"


def index_cases(listed: list[Path], folder: Path, grey: str) -> Iterator[list[Row]]:
    """Yield, study by study and projection by projection, the rows of its left and right view.

    A study is taken for a patient. A view is rejected if its image has not the size that the list
    says, in whose pixels the boxes are. There is no calibration: of `grey`, "robust" alone counts.
    """
    table = one_of(listed)
    entries, sizes = [], {}
    for place, line in read_lines(table, REQUIRED, SIDE):
        entry = _entry(place, line, table.parent)
        entries.append(entry)
        sizes[entry.case, entry.view] = tuple(line[name] for name in SIZE)
    for rows in index_entries(entries, folder, grey):
        for row in rows:
            told = sizes.get((row["case_id"], row["view"]))
            found = str(row["lines"]), str(row["pixels_per_line"])
            if told and not row["reason"] and told != found:
                row["reason"] = (
                    f"{row['image']} has {' x '.join(found)} pixels, the list says "
                    f"{' x '.join(told)}, in which its boxes are"
                )
        yield rows


def lesions(row: Row, folder: Path) -> list[Lesion]:
    """Return the findings of a view in the list's order; a box that leaves the image is told."""
    return [
        replace(lesion, outlines=tuple(map(_telling, lesion.outlines)))
        for lesion in annotations.lesions(row, folder)
    ]


def _telling(outline: Outline) -> Outline:
    """Return an outline that tells, when it is drawn, if it is cut at the image's edge."""
    if not outline.beyond:
        return outline

    def draw() -> tuple[np.ndarray, str]:
        told = f"its box leaves the image by {outline.beyond} pixels and ends at the edge"
        return outline.draw()[0], told

    return replace(outline, draw=draw)


def _entry(place: str, line: dict[str, str], home: Path) -> Entry:
    study, side, view = line[STUDY], SIDES.get(line[SIDE].upper(), ""), line[VIEW].upper()
    if not side or not all(map(PLAIN.fullmatch, (study, line[IMAGE], view))):
        names = ", ".join(repr(line[name]) for name in (STUDY, IMAGE, SIDE, VIEW))
        return Entry(study or place, "", "", None, fault=f"{place}: {names} name no image")
    image = home / "images" / study / f"{line[IMAGE]}.dicom"
    finding, fault = None, ""
    try:
        kinds = _categories(line[CATEGORIES])
        if kinds != [NOTHING]:
            finding = _finding(kinds, line)
        elif any(line[name] for name in BOX):
            raise CamsegError("has no finding, but a box")
    except CamsegError as error:
        fault = f"{place}: {error}"
    if finding and finding.fault:
        finding = replace(finding, fault=f"{place}: {finding.fault}")
    return Entry(f"{study}.{view}", study, f"{side}_{view}", image, finding, fault)


def _categories(text: str) -> list[str]:
    """Return a finding's categories, sorted: SKIN_THICKENING of "['Skin Thickening']".

    Raises CamsegError if the text is no list of them, or says that there is none beside another.
    """
    try:
        found = ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        found = None
    if not isinstance(found, list) or not found or not all(isinstance(each, str) for each in found):
        raise CamsegError(f"{CATEGORIES} is {text!r}, not a list like ['Mass']")
    kinds = sorted({"_".join(each.upper().split()) for each in found})
    if not all(map(PLAIN.fullmatch, kinds)) or (NOTHING in kinds and len(kinds) > 1):
        raise CamsegError(f"{CATEGORIES} is {text!r}, which makes no sense")
    return kinds


def _finding(kinds: list[str], line: dict[str, str]) -> Finding:
    """Return a finding with its box, or its fault; its BI-RADS assessment is the pathology."""
    described = line[BIRADS], "+".join(kinds)
    if not any(line[name] for name in BOX):
        return Finding(*described, fault=f"{described[1]} has no box: its place is not known")
    try:
        left, top, right, bottom = (float(line[name]) for name in BOX)
    except ValueError:
        box = ", ".join(repr(line[name]) for name in BOX)
        return Finding(*described, fault=f"its box is {box}, not four numbers")
    return Finding(*described, shapes=((Shape("box", (left, top, right - left, bottom - top)),),))
