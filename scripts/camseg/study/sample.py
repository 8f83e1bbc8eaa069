"""A look at some cases of a data set: which, their grey levels, what a contact sheet shows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from camseg.datasets.readers import reader
from camseg.datasets.reasons import kind
from camseg.datasets.views import Row, reason_below, shape_of
from camseg.errors import CamsegError
from camseg.figures.contact_sheet import Mark, Tile, mark, shrink
from camseg.formats import ddsm
from camseg.formats.image_files import read_picture
from camseg.formats.pictures import grey_range
from camseg.rois import masks
from camseg.rois.lesions import Candidate
from camseg.seeds import generator

SEED = 0  # of the cases that are drawn: the same in every look
REJECTED, ODD = 4, 6  # views that cannot be used, and cases with ROIs that are not, on a sheet
HOT = 0.5  # the share of the range that the robust range leaves where a few pixels stretch it

Key = tuple[str, str, str]  # of a view


@dataclass(frozen=True)
class Grey:
    """The grey levels of a picture's file: `bits` of a sample, the least and the greatest level.

    `stretched` says that few pixels hold most of a range that becomes 8 bits.
    """

    bits: int
    least: int
    greatest: int
    stretched: bool


def draw_cases(cases: Sequence[list[Row]], count: int) -> list[list[Row]]:
    """Return at most `count` of the cases, drawn with a fixed seed, in a random order."""
    drawn = generator(SEED, "describe").permutation(len(cases))[:count]
    return [cases[number] for number in drawn]


def key_of(row: Row) -> Key:
    """Return what tells a view from all others."""
    return row["case_id"], str(row["ics"]), row["view"]


def rejected(rows: Iterable[Row]) -> list[Row]:
    """Return at most REJECTED views that cannot be used, each for a reason of another kind."""
    found: dict[str, Row] = {}
    for row in rows:
        if row["status"] == "rejected":
            found.setdefault(kind(row["reason"]), row)
    return list(found.values())[:REJECTED]


def shown(cases: Sequence[list[Candidate]], count: int) -> dict[Key, list[Candidate]]:
    """Return at most `count` views of the cases' candidates, with the candidates in each.

    First come ODD cases with ROIs that are not used, each for a reason of another kind, then the
    others in turn; a case's views are shown together or not at all.
    """
    odd: dict[str, list[Candidate]] = {}
    for case in cases:
        for candidate in case:
            if candidate.reason:
                odd.setdefault(kind(candidate.reason), case)
    first = list(odd.values())[:ODD]
    views: dict[Key, list[Candidate]] = {}
    for case in [*first, *(each for each in cases if not any(each is one for one in first))]:
        own: dict[Key, list[Candidate]] = {}
        for candidate in case:
            if candidate.row["status"] == "usable":
                own.setdefault(key_of(candidate.row), []).append(candidate)
        if len(views.keys() | own.keys()) > count:
            continue
        for key, found in own.items():
            known = views.setdefault(key, [])
            known += [each for each in found if not any(each is one for one in known)]
    return dict(sorted(views.items()))


def tile_of(candidates: list[Candidate], folder: Path) -> tuple[Tile, Grey | None]:
    """Return the tile of a usable view with the candidates in it, and its file's grey levels.

    One whose image cannot be decoded says why, and has no grey levels.
    """
    row = candidates[0].row
    shape = shape_of(row)
    name, file = f"{row['case_id']} {row['view']}", Path(row["image"]).name
    unused = [each for each in candidates if each.reason]
    notes = list(dict.fromkeys(f"{each.label}: {each.reason}" for each in unused))
    note = f"{notes[0]}{f' (and {len(notes) - 1} more)' if notes[1:] else ''}" if notes else ""
    try:
        image, _ = reader(row["source"]).read_view(row, folder)
        grey = _grey(row, folder)
    except CamsegError as error:
        return Tile(name, file, note=reason_below(folder, error), rejected=True), None
    lesions = np.zeros(shape, np.uint8)
    marks: list[Mark] = []
    for each in candidates:
        if each.label == "abnormal":
            lesions |= _lesion(each, shape)
        if each.box:
            used, normal = not each.reason, each.label == "normal"
            marks.append(mark(each.box, shape, used=used, normal=normal))
    small = shrink(lesions, mask=True) if lesions.any() else None
    lost = any(each.label == "abnormal" for each in unused)
    return Tile(name, file, shrink(image), small, tuple(marks), note, lost), grey


def rejected_tile(row: Row) -> Tile:
    """Return the tile of a view that cannot be used: the reason in place of an image."""
    name = f"{row['case_id']} {row['view']}".rstrip()
    return Tile(name, Path(row["image"]).name, note=f"rejected: {row['reason']}", rejected=True)


def _lesion(candidate: Candidate, shape: tuple[int, int]) -> np.ndarray:
    """Return a lesion's mask as its ROI has it, (H, W) uint8; nothing where it has no place."""
    mask = np.zeros(shape, np.uint8)
    for number in map(int, candidate.details["outlines"].split()):
        try:
            mask |= candidate.abnormality.outlines[number - 1].draw()[0]
        except CamsegError:
            continue  # its candidate says why
    return masks.examine(mask).mended if candidate.details.get("mask_mended") else mask


def _grey(row: Row, folder: Path) -> Grey:
    """Return the grey levels of a view's file, but for padding."""
    path = folder / row["image"]
    if row["source"] == "ddsm":
        levels = ddsm.read_image(path, shape_of(row))  # grey by its scanner, not by its range
        return Grey(row["bits_per_pixel"] or 0, int(levels.min()), int(levels.max()), False)
    picture = read_picture(path, colours=row["source"] == "image_folder")
    levels = picture.grey if picture.padding is None else picture.grey[~picture.padding]
    least, greatest = grey_range(levels, robust=False)
    low, high = grey_range(levels, robust=True)
    bits = 8 * levels.dtype.itemsize
    stretched = bits > 8 and high - low < HOT * (greatest - least)
    return Grey(bits, least, greatest, stretched)
