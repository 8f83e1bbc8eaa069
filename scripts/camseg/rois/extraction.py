"""From a case's views to its ROIs: which candidates there are and what became of each.

Every lesion makes a pair of candidates: the abnormal ROI round it and the normal ROI at
the mirrored place of the other breast. Masks come first; only cases with a lesion to take are
decoded.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from camseg.datasets.readers import reader
from camseg.datasets.views import OPPOSITE, Row, reason_below, rows_of, shape_of, side_of
from camseg.errors import CamsegError
from camseg.io.store import Rois
from camseg.rois import boxes
from camseg.rois.breast import Breast, chest_wall, find_breast
from camseg.rois.candidates import COLUMNS
from camseg.rois.lesions import Candidate, Rules, abnormal_candidates

FEW_LEVELS = 32  # of 256, under which a picture's grey is coarse; between the percentiles TAILS
TAILS = (0.001, 0.999)


@dataclass(frozen=True)
class View:
    """An image of a case, decoded to cut ROIs from it, or the `fault` why it cannot be."""

    image: np.ndarray | None = None  # (H, W) uint8
    breast: Breast | None = None
    notes: tuple[str, ...] = ()
    fault: str = ""


def cases_of_shard(index: pd.DataFrame, shard: int, shards: int) -> list[list[Row]]:
    """Return the index rows of the cases of one of `shards` shards, case by case.

    `index` is a table of `views.read_index`. Cases without a usable lesion are left out.
    """
    with_lesion = index[(index["status"] == "usable") & (index["abnormalities"] != "0")]
    key = ["case_id", "ics"]  # a copy of a case elsewhere has the same case_id, and other rows
    cases = sorted(set(zip(*(with_lesion[name] for name in key), strict=True)))
    groups = index.groupby(key)
    return [rows_of(groups.get_group(case)) for case in cases[shard::shards]]


def extract_case(rows: Iterable[Row], folder: Path, rules: Rules) -> list[Candidate]:
    """Return the candidates of one case, the used ones with their images.

    `rows` are the case's index rows, `folder` is the one that their paths are relative to.
    """
    views = {side_of(row["view"]): row for row in rows}
    candidates: dict[str, list[Candidate]] = {}
    for side, row in views.items():
        if row["status"] == "usable" and row["abnormalities"]:
            candidates[side] = abnormal_candidates(row, folder, rules)
    decoded = _decode(views, candidates, folder)
    walls = {
        side: chest_wall(
            decoded[side].breast, shape_of(row), _wall_side(side, decoded[side], rules)
        )
        for side, row in views.items()
        if side in decoded and row["status"] == "usable"
    }
    pairs = []
    for side, lesions in candidates.items():
        other = OPPOSITE[side]
        for abnormal in lesions:
            normal = _normal_candidate(abnormal, views[other], walls.get(side), walls.get(other))
            pairs.append((abnormal, normal))
            _check_overlap(abnormal, normal, candidates.get(other, []), rules)
    for side, view in decoded.items():
        own = [item for pair in pairs for item in pair if item.row is views[side]]
        _cut(own, view, rules)
        _note_side(own, view, walls)
    for abnormal, normal in pairs:
        _check_breast(abnormal, normal, rules)
    return [candidate for pair in pairs for candidate in pair]


def _decode(
    views: dict[str, Row], candidates: dict[str, list[Candidate]], folder: Path
) -> dict[str, View]:
    """Decode the images that ROIs may be cut from: of lesions to take, and opposite to them."""
    taken = [side for side, found in candidates.items() if any(not each.reason for each in found)]
    decoded = {}
    for side in dict.fromkeys(name for one in taken for name in (one, OPPOSITE[one])):
        row = views[side]
        if row["status"] != "usable":
            continue
        try:
            image, brightness = reader(row["source"]).read_view(row, folder)
        except CamsegError as error:
            decoded[side] = View(fault=reason_below(folder, error))
            continue
        levels = _levels(image)
        coarse = f"only {levels} of 256 grey levels are in use" if levels < FEW_LEVELS else ""
        decoded[side] = View(image, find_breast(brightness), (coarse,) if coarse else ())
    return decoded


def _levels(image: np.ndarray) -> int:
    """Return how many grey levels an (H, W) uint8 image uses between the percentiles TAILS.

    Of a large one a grid of at least 1024 pixels a side is looked at.
    """
    step = max(1, min(image.shape) // 1024)
    counts = np.bincount(image[::step, ::step].ravel(), minlength=256)
    upto = counts.cumsum() / counts.sum()
    inside = (upto >= TAILS[0]) & (upto - counts / counts.sum() <= TAILS[1])
    return int((inside & (counts > 0)).sum())


def _wall_side(side: str, view: View, rules: Rules) -> str:
    """Return the edge of a view's image that the chest wall is at, by the rules."""
    if rules.chest_wall == "found" and view.breast and view.breast.side:
        return view.breast.side
    return {"left": "LEFT", "right": "RIGHT"}.get(rules.chest_wall, side)


def _note_side(candidates: list[Candidate], view: View, walls: dict[str, boxes.Wall]) -> None:
    """Record on which side the breast lies; note it where that is not the chest wall's."""
    if not view.breast:
        return
    for candidate in candidates:
        name, found = candidate.row["view"], view.breast.side
        candidate.details["breast_side"] = found.lower()
        if found not in ("", walls[side_of(name)].side):
            candidate.notes.append(
                f"the breast lies at the {found.lower()} edge of {name}, the chest wall is taken "
                f"to be at the {OPPOSITE[found].lower()}: see rois: chest_wall"
            )


def _normal_candidate(
    abnormal: Candidate, row: Row, wall: boxes.Wall | None, other: boxes.Wall | None
) -> Candidate:
    """Return the normal ROI opposite to an abnormal one, at its place if there is one.

    `wall` is the chest wall in the abnormal one's image, `other` in the image of `row`.
    """
    normal = Candidate(abnormal.pair_id, "normal", row, abnormal.number, abnormal.abnormality)
    if abnormal.reason:
        normal.drop("its abnormal ROI is dropped")
    if row["status"] != "usable":
        normal.drop(f"{row['view']} cannot be used: {row['reason']}")
    if normal.reason or not (abnormal.box and wall and other):
        return normal
    mirrored = boxes.mirror_box(abnormal.box, wall, other)
    normal.box = boxes.shift_inside(mirrored, shape_of(row))
    if normal.box is None:
        normal.drop(f"its place does not fit into {row['view']}")
    else:
        normal.details |= {
            "shift_x": normal.box.x - mirrored.x,
            "shift_y": normal.box.y - mirrored.y,
        }
    return normal


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


def _cut(candidates: list[Candidate], view: View, rules: Rules) -> None:
    """Cut the ROIs that are still wanted from a decoded view."""
    for candidate in candidates:
        if candidate.reason or not candidate.box:
            continue
        if view.image is None or view.breast is None:
            candidate.drop(view.fault, "unreadable")
            continue
        candidate.image = boxes.cut_image(view.image, candidate.box, rules.size)
        share = float(view.breast.pixels[candidate.box.slices].mean())
        candidate.details["breast_share"] = round(share, 6)
        candidate.notes += view.notes


def _check_breast(abnormal: Candidate, normal: Candidate, rules: Rules) -> None:
    """Drop a normal ROI whose abnormal one could not be cut, or which shows too little breast."""
    if abnormal.reason:
        normal.drop("its abnormal ROI is dropped")
    if normal.reason:
        return
    share, wanted = normal.details["breast_share"], abnormal.details["breast_share"]
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
