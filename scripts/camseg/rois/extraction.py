"""From a case's views to its ROIs: which candidates there are and what became of each.

Every lesion makes a pair of candidates: the abnormal ROI round it and a normal one, which
`normals` finds a place for. Masks come first; only images that a ROI may be cut from are decoded.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from camseg.datasets.readers import reader
from camseg.datasets.views import OPPOSITE, Row, reason_below, rows_of, shape_of, side_of
from camseg.errors import CamsegError
from camseg.io.store import Rois
from camseg.rois import boxes, normals
from camseg.rois.breast import Breast, chest_wall, find_breast
from camseg.rois.candidates import COLUMNS
from camseg.rois.lesions import NO_LESION, Candidate, Rules, abnormal_candidates

FEW_LEVELS = 32  # of 256, under which a picture's grey is coarse; between the percentiles TAILS
TAILS = (0.001, 0.999)
EXACT = 1 << 24  # up to which OpenCV's counts, float32, are exact
NO_SIDE = "no side is known of its picture: set rois: normal to same_image or other_images"


@dataclass(frozen=True)
class View:
    """An image, decoded to cut ROIs from it, or the `fault` why it cannot be.

    `breast` is None where no side is known: not every picture shows a breast.
    """

    image: np.ndarray | None = None  # (H, W) uint8
    breast: Breast | None = None
    notes: tuple[str, ...] = ()
    fault: str = ""


def cases_of_shard(
    index: pd.DataFrame, shard: int, shards: int, *, whole: bool = False
) -> list[list[Row]]:
    """Return the index rows of the cases of one of `shards` shards, case by case.

    `index` is a table of `views.read_index`. Cases without a usable lesion are left out; with
    `whole`, those without a usable view.
    """
    taken = index[index["status"] == "usable"]
    taken = taken if whole else taken[taken["abnormalities"] != "0"]
    key = ["case_id", "ics"]  # a copy of a case elsewhere has the same case_id, and other rows
    cases = sorted(set(zip(*(taken[name] for name in key), strict=True)))
    groups = index.groupby(key)
    return [rows_of(groups.get_group(case)) for case in cases[shard::shards]]


def extract_case(
    rows: Iterable[Row],
    folder: Path,
    rules: Rules,
    others: normals.OtherImages | None = None,
) -> list[Candidate]:
    """Return the candidates of one case, the used ones with their images.

    `rows` are the case's index rows, `folder` is the one that their paths are relative to.
    `others` are the pictures for `rois: normal: other_images`.
    """
    views = {row["view"]: row for row in rows}
    decoded = Decoded(folder, rules)
    lesions = {
        view: abnormal_candidates(row, folder, rules)
        for view, row in views.items()
        if row["status"] == "usable" and row["abnormalities"]
    }
    if rules.whole:
        regions = [each for found in lesions.values() for each in found]
        regions += [
            _region(row)
            for row in views.values()
            if row["status"] == "usable" and not row["abnormalities"]
        ]
        _cut_all(regions, decoded, rules)
        return regions
    pairs = []
    for found in lesions.values():
        taken: list[boxes.Box] = []
        for abnormal in found:
            if rules.normal == "contralateral":
                normal = _opposite(abnormal, views, decoded)
                _check_overlap(abnormal, normal, lesions.get(normal.row["view"], []), rules)
            elif rules.normal == "same_image":
                normal = _beside(abnormal, found, taken, decoded, rules)
            else:
                assert others
                normal = _elsewhere(abnormal, others, decoded)
            pairs.append((abnormal, normal))
    _cut_all([item for pair in pairs for item in pair], decoded, rules)
    for abnormal, normal in pairs:
        _check_breast(abnormal, normal, rules)
        if rules.unpaired == "drop" and normal.reason:
            abnormal.drop(f"its normal ROI is dropped: {normal.reason}")
    return [candidate for pair in pairs for candidate in pair]


class Decoded:
    """The images that a case's ROIs are cut from, each decoded once, when it is first asked for."""

    def __init__(self, folder: Path, rules: Rules):
        self.folder, self.rules = folder, rules
        self.known: dict[tuple[str, str, str], View] = {}

    def __contains__(self, row: Row) -> bool:
        """Return whether a view's image was asked for."""
        return self._key(row) in self.known

    def __getitem__(self, row: Row) -> View:
        """Return a usable view's image, or why it cannot be decoded."""
        key = self._key(row)
        if key not in self.known:
            self.known[key] = self._decode(row)
        return self.known[key]

    def _key(self, row: Row) -> tuple[str, str, str]:
        return row["case_id"], str(row["ics"]), row["view"]

    def _decode(self, row: Row) -> View:
        try:
            image, brightness = reader(row["source"]).read_view(row, self.folder)
        except CamsegError as error:
            return View(fault=reason_below(self.folder, error))
        levels = _levels(image)
        coarse = f"only {levels} of 256 grey levels are in use" if levels < FEW_LEVELS else ""
        breast = find_breast(brightness) if side_of(row["view"]) else None
        return View(image, breast, (coarse,) if coarse else ())

    def wall(self, row: Row) -> boxes.Wall:
        """Return the chest wall in a view's image, at the edge that the rules say."""
        breast, side = self[row].breast, side_of(row["view"])
        if self.rules.chest_wall == "found" and breast and breast.side:
            side = breast.side
        side = {"left": "LEFT", "right": "RIGHT"}.get(self.rules.chest_wall, side)
        return chest_wall(breast, shape_of(row), side)


def _levels(image: np.ndarray) -> int:
    """Return how many grey levels an (H, W) uint8 image uses between the percentiles TAILS.

    Of a large one a grid of at least 1024 pixels a side is looked at.
    """
    step = max(1, min(image.shape) // 1024)
    looked_at = image[::step, ::step].ravel()
    parts = (looked_at[first : first + EXACT] for first in range(0, looked_at.size, EXACT))
    counts = np.sum([_counts(part) for part in parts], axis=0)
    upto = counts.cumsum() / counts.sum()
    inside = (upto >= TAILS[0]) & (upto - counts / counts.sum() <= TAILS[1])
    return int((inside & (counts > 0)).sum())


def _counts(levels: np.ndarray) -> np.ndarray:
    """Return how often each of 256 grey levels is there, (256,) int64, of EXACT uint8 at most."""
    return cv2.calcHist([levels], [0], None, [256], [0, 256]).ravel().astype(np.int64)


def _region(row: Row) -> Candidate:
    """Return the normal ROI that a whole picture is."""
    pair_id = f"{row['case_id']}.{row['view']}.1"
    rows, columns = shape_of(row)
    return Candidate(pair_id, "normal", row, 1, NO_LESION, box=boxes.Box(0, 0, columns, rows))


def _normal(abnormal: Candidate, row: Row) -> Candidate:
    """Return the normal ROI of a lesion in the view of `row`; dropped if the lesion's own is."""
    normal = Candidate(abnormal.pair_id, "normal", row, abnormal.number, abnormal.abnormality)
    if abnormal.reason:
        normal.drop("its abnormal ROI is dropped")
    return normal


def _opposite(abnormal: Candidate, views: dict[str, Row], decoded: Decoded) -> Candidate:
    """Return the normal ROI opposite to an abnormal one, at its place if there is one."""
    own = abnormal.row
    side = side_of(own["view"])
    if not side:
        normal = _normal(abnormal, own)
        normal.drop(NO_SIDE)
        return normal
    row = views[OPPOSITE[side] + own["view"].removeprefix(side)]
    normal = _normal(abnormal, row)
    if row["status"] != "usable":
        normal.drop(f"{row['view']} cannot be used: {row['reason']}")
    if normal.reason or not abnormal.box:
        return normal
    found = normals.opposite(abnormal.box, decoded.wall(own), decoded.wall(row), shape_of(row))
    return _at(normal, found)


def _at(normal: Candidate, found: tuple[boxes.Box, dict] | None) -> Candidate:
    """Return a normal ROI at the place found for it, or dropped if there is none."""
    if found is None:
        normal.drop(f"its place does not fit into {normal.row['view']}")
    else:
        normal.box, shifts = found
        normal.details |= shifts
    return normal


def _beside(
    abnormal: Candidate,
    lesions: list[Candidate],
    taken: list[boxes.Box],
    decoded: Decoded,
    rules: Rules,
) -> Candidate:
    """Return the normal ROI in the image of an abnormal one, off all lesions and places `taken`.

    Its place is added to those taken.
    """
    row = abnormal.row
    normal = _normal(abnormal, row)
    if normal.reason or not abnormal.box:
        return normal
    if any(other.box is None and not other.copy for other in lesions):
        normal.drop(f"{row['view']} holds a lesion whose place is not known")
        return normal
    blocked = [other.box for other in lesions if other.box] + taken
    breast = decoded[row].breast
    place = normals.free_place(
        abnormal.box, blocked, breast, shape_of(row), rules, abnormal.pair_id
    )
    if isinstance(place, str):
        normal.drop(place)
    else:
        normal.box = place
        taken.append(place)
    return normal


def _elsewhere(abnormal: Candidate, others: normals.OtherImages, decoded: Decoded) -> Candidate:
    """Return the normal ROI at an abnormal one's place in a normal picture of another patient."""
    own = abnormal.row
    if abnormal.reason or not abnormal.box:
        return _normal(abnormal, own)
    row = others.place(abnormal)
    if isinstance(row, str):
        normal = _normal(abnormal, own)
        normal.drop(row)
        return normal
    normal = _normal(abnormal, row)
    if side_of(own["view"]):
        walls = decoded.wall(own), decoded.wall(row)
        return _at(normal, normals.opposite(abnormal.box, *walls, shape_of(row)))
    return _at(normal, normals.same_place(abnormal.box, shape_of(own), shape_of(row)))


def _cut_all(candidates: list[Candidate], decoded: Decoded, rules: Rules) -> None:
    """Cut the ROIs that are still wanted, and note what is odd about the images decoded."""
    for candidate in candidates:
        if not candidate.reason and candidate.box:
            _cut(candidate, decoded[candidate.row], rules)
    for candidate in candidates:
        if candidate.row in decoded and decoded[candidate.row].breast:
            _note_side(candidate, decoded)


def _note_side(candidate: Candidate, decoded: Decoded) -> None:
    """Record on which side the breast lies; note it where that is not the chest wall's."""
    breast, name = decoded[candidate.row].breast, candidate.row["view"]
    assert breast
    candidate.details["breast_side"] = breast.side.lower()
    if breast.side not in ("", decoded.wall(candidate.row).side):
        candidate.notes.append(
            f"the breast lies at the {breast.side.lower()} edge of {name}, the chest wall is taken "
            f"to be at the {OPPOSITE[breast.side].lower()}: see rois: chest_wall"
        )


def _check_overlap(
    abnormal: Candidate, normal: Candidate, others: list[Candidate], rules: Rules
) -> None:
    """Drop the normal ROI, or the pair, where the other breast has a lesion's ROI at that place."""
    for other in others:
        if normal.box is None:
            return
        if other.copy:
            continue
        if other.box is None:
            normal.drop(f"{normal.row['view']} holds a lesion whose place is not known")
        elif boxes.overlap(normal.box, other.box):
            reason = f"overlaps the lesion {other.pair_id} of the other breast"
            normal.drop(reason)
            if rules.overlap == "drop_both":
                abnormal.drop(reason)


def _cut(candidate: Candidate, view: View, rules: Rules) -> None:
    """Cut a ROI from a decoded view."""
    assert candidate.box
    if view.image is None:
        candidate.drop(view.fault, "unreadable")
        return
    candidate.image = boxes.cut_image(view.image, candidate.box, rules.size)
    if view.breast:
        share = float(view.breast.pixels[candidate.box.slices].mean())
        candidate.details["breast_share"] = round(share, 6)
    candidate.notes += view.notes


def _check_breast(abnormal: Candidate, normal: Candidate, rules: Rules) -> None:
    """Drop a normal ROI whose abnormal one could not be cut, or which shows too little breast."""
    if abnormal.reason:
        normal.drop("its abnormal ROI is dropped")
    if normal.reason:
        return
    share = normal.details.get("breast_share", 1.0)
    wanted = abnormal.details.get("breast_share", 1.0)
    if share < rules.min_breast_share * wanted:
        normal.drop(f"shows too little breast: {share:.2f} of its area, the abnormal {wanted:.2f}")


def to_table(candidates: list[Candidate]) -> pd.DataFrame:
    """Return the table of candidates, one row each, with the columns COLUMNS."""
    return pd.DataFrame([candidate.record() for candidate in candidates], columns=COLUMNS)


def to_rois(candidates: list[Candidate], size: int) -> Rois:
    """Return the used candidates as a set of ROIs with images `size` pixels per side."""
    used = [candidate for candidate in candidates if not candidate.reason]
    blank = np.zeros((size, size), dtype=np.uint8)
    shape = (-1, size, size)
    text = {
        key: np.array([candidate.record()[key] for candidate in used], dtype=object)
        for key in ("roi_id", "patient_id", "view", "pathology", "lesion_type")
    }
    return Rois(
        image=np.array([item.image for item in used], dtype=np.uint8).reshape(shape),
        mask=np.array(
            [blank if item.lesion is None else item.lesion for item in used], dtype=np.uint8
        ).reshape(shape),
        label=np.array([item.label == "abnormal" for item in used], dtype=np.uint8),
        box=np.array([item.box for item in used], dtype=np.int32).reshape(-1, 4),
        **text,
    )
