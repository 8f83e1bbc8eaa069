"""Collections of image files that a list describes: index rows, lesions, images.

What all sources but the DDSM share. A reader of such a list only turns its lines into `Entry`s.
"""

import json
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from camseg.datasets import shapes
from camseg.datasets.masks import read_mask
from camseg.datasets.shapes import Shape
from camseg.datasets.views import (
    OPPOSITE,
    Lesion,
    Outline,
    Row,
    describe_lesions,
    new_row,
    reason_below,
    shape_of,
    side_of,
)
from camseg.errors import CamsegError
from camseg.formats.image_files import read_picture, read_size
from camseg.formats.pictures import ROBUST, eight_bit

PLAIN = re.compile(r"[\w-]{1,64}")  # a patient's or projection's name


def plain(path: Path) -> str:
    """Return a name of letters, digits and _ for a case that only its image's path tells."""
    return re.sub(r"\W+", "_", str(path.with_suffix(""))).strip("_")[-64:]


@dataclass(frozen=True)
class Finding:
    """A lesion as a list describes it: by mask images or shapes, or `fault` says why not.

    Of several masks, or groups of shapes, each is what one reader drew. The shapes of a group are
    parts of one lesion; `from_bottom` says that they are circles whose y counts from the image's
    bottom row, which is 0.
    """

    pathology: str
    lesion_type: str
    masks: tuple[Path, ...] = ()
    shapes: tuple[tuple[Shape, ...], ...] = ()
    from_bottom: bool = False
    fault: str = ""


@dataclass(frozen=True)
class Entry:
    """A line of a list: an image, and one lesion in it if the line describes one.

    `case` names the images that belong together: a pair of sides, or one image of which no side is
    known. `view` is LEFT or RIGHT, with the projection where there is one (LEFT_CC); ONE_VIEW or a
    projection (CC) where no side is known. `patient` is "" if that is not known. `fault` says why
    the view cannot be used; `view` is "" if not even that is known.
    """

    case: str
    patient: str
    view: str
    image: Path | None
    finding: Finding | None = None
    fault: str = ""


def index_entries(entries: Iterable[Entry], folder: Path, grey: str) -> Iterator[list[Row]]:
    """Yield the index rows of every case of a list: its left and its right view, or its one view.

    There is no calibration: of the config's `rois: grey`, "robust" alone changes what is read.

    A side that no entry names is "absent". An entry of an unknown view makes a rejected row alone.
    """
    cases: dict[str, dict[str, list[Entry]]] = {}
    owners: dict[Path | None, tuple[str, str]] = {}
    for entry in entries:
        if entry.view:
            owner = owners.setdefault(entry.image, (entry.case, entry.view))
            if entry.image and owner != (entry.case, entry.view):
                fault = f"{entry.image} is listed as {' '.join(owner)}, too"
                entry = replace(entry, fault=entry.fault or fault)
            cases.setdefault(entry.case, {}).setdefault(entry.view, []).append(entry)
        else:
            yield [new_row(case_id=entry.case, reason=entry.fault)]
    for case, views in sorted(cases.items()):
        patient = next(iter(views.values()))[0].patient
        rows = []
        for view in _views(views):
            row = new_row(case_id=case, patient_id=patient, view=view)
            row["scanner"] = ROBUST if grey == ROBUST else ""
            if view in views:
                try:
                    image = views[view][0].image
                    row["image"] = _relative(image, folder) if image else ""
                    _index_view(row, views[view], folder)
                except CamsegError as error:
                    row["reason"] = str(error)
            else:
                side = side_of(view).lower()
                row |= {"status": "absent", "reason": f"no {side} image of this case is listed"}
            rows.append(row)
        yield rows


def _views(given: Collection[str]) -> list[str]:
    """Return the views of a case of which some are given: both sides, where they have one."""
    first = next(iter(given))
    if not side_of(first):
        return list(given)
    projection = first.removeprefix(side_of(first))
    return [f"{side}{projection}" for side in OPPOSITE]


def _index_view(row: Row, entries: list[Entry], folder: Path) -> None:
    """Fill in one view's row; raise CamsegError with the reason if the view cannot be used."""
    for entry in entries:
        if entry.fault:
            raise CamsegError(entry.fault)
    images = sorted({entry.image for entry in entries if entry.image})
    if len(images) > 1:
        raise CamsegError(
            f"has several images, {images[0]} and {images[1]}: "
            "tell them apart by patient, side or view"
        )
    findings = [entry.finding for entry in entries if entry.finding]
    if findings and len(findings) < len(entries):
        raise CamsegError(f"{images[0]} is listed both with and without a lesion")
    shape = read_size(images[0])
    outlines = [_locate(finding, shape, folder) for finding in findings]
    describe_lesions(row, ((each.pathology, [each.lesion_type]) for each in findings))
    row |= {"lines": shape[0], "pixels_per_line": shape[1]}
    row["image"] = _relative(images[0], folder)
    row["outlines"] = json.dumps(outlines, ensure_ascii=False) if outlines else ""


def _relative(path: Path, folder: Path) -> str:
    """Return a path as the index keeps it; CamsegError if it could not be read back from there."""
    kept = str(path.relative_to(folder) if path.is_relative_to(folder) else path)
    if not kept.isprintable():
        raise CamsegError(f"the path {kept!a} has a control character or is no UTF-8")
    return kept


def _locate(finding: Finding, shape: tuple[int, int], folder: Path) -> dict:
    """Return what the index keeps of a lesion: its place in the image's pixels, or its fault."""
    kept = {"pathology": finding.pathology, "lesion_type": finding.lesion_type}
    try:
        if finding.fault:
            raise CamsegError(finding.fault)
        if finding.masks:
            masks = [_locate_mask(mask, shape, folder) for mask in finding.masks]
            first = next((mask for mask in masks if "path" in mask), masks[0])
            return kept | {"outline": first.get("outline", ""), "masks": masks}
        kinds, groups = set(), []
        for group in finding.shapes:
            for each in group:
                shapes.check(each, shape)
            parts = group
            if finding.from_bottom:
                parts = tuple(shapes.upside_down(each, shape[0]) for each in group)
            kinds |= {each.kind.upper() for each in parts}
            groups.append([asdict(each) for each in parts])
        return kept | {"outline": " and ".join(sorted(kinds)), "shapes": groups}
    except CamsegError as error:
        return kept | {"outline": "", "fault": reason_below(folder, error)}


def _locate_mask(mask: Path, shape: tuple[int, int], folder: Path) -> dict:
    """Return what the index keeps of a mask of an image of `shape`, or why it does not fit."""
    try:
        size = read_size(mask)
        if not _same_proportions(size, shape):
            raise CamsegError(
                f"{mask}: this mask has {size[0]} x {size[1]} pixels, "
                f"its image {shape[0]} x {shape[1]}"
            )
        resized = "" if size == shape else f" resized from {size[0]} x {size[1]}"
        return {"path": _relative(mask, folder), "outline": f"MASK{resized}"}
    except CamsegError as error:
        return {"fault": reason_below(folder, error)}


def _same_proportions(size: tuple[int, int], shape: tuple[int, int]) -> bool:
    """Return whether one scale maps one size to the other, each side to within a pixel."""
    return abs(shape[0] * size[1] - shape[1] * size[0]) <= shape[0] + shape[1]


def lesions(row: Row, folder: Path) -> list[Lesion]:
    """Return the lesions of a view in the list's order."""
    return [
        Lesion(kept["pathology"], (kept["lesion_type"],), _outlines(kept, shape_of(row), folder))
        for kept in json.loads(str(row["outlines"]))
    ]


def _outlines(kept: dict, shape: tuple[int, int], folder: Path) -> tuple[Outline, ...]:
    """Return the outlines of what the index keeps of a lesion in an image of `shape`."""
    kind = kept["outline"]
    if "fault" in kept:
        return (Outline(kind, partial(_fail, kept["fault"])),)
    if "masks" in kept:
        return tuple(
            Outline(
                kind,
                partial(_fail, mask["fault"])
                if "fault" in mask
                else partial(read_mask, folder / mask["path"], shape),
            )
            for mask in kept["masks"]
        )
    found = []
    for group in kept["shapes"]:
        parts = [Shape(each["kind"], tuple(each["numbers"])) for each in group]
        beyond = max(shapes.beyond(part, shape) for part in parts)
        found.append(Outline(kind, partial(_draw, parts, shape), beyond=beyond))
    return tuple(found)


def _fail(fault: str) -> tuple[np.ndarray, str]:
    raise CamsegError(fault)


def _draw(parts: list[shapes.Shape], shape: tuple[int, int]) -> tuple[np.ndarray, str]:
    return shapes.draw(parts, shape), ""


def read_view(row: Row, folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Decode a view's image to 8 bits; with no calibration known, one image serves for both.

    The range is robust if `scanner` says so.
    """
    image = eight_bit_view(row, folder)
    return image, image


def eight_bit_view(row: Row, folder: Path, *, colours: bool = False) -> np.ndarray:
    """Return a view's image, (lines, pixels_per_line) uint8.

    `colours` are refused, or become their luma. Raises CamsegError, naming the file, if it is not
    whole or not the one that was indexed.
    """
    path = folder / row["image"]
    picture = read_picture(path, colours=colours)
    image = eight_bit(picture, robust=row["scanner"] == ROBUST)
    if image.shape != shape_of(row):
        raise CamsegError(f"{path}: is not the image that was indexed")
    return image


def glance(row: Row, folder: Path) -> np.ndarray:
    """Return all of a view's image: most files have to be decoded whole."""
    return eight_bit_view(row, folder)
