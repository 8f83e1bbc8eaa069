"""From a case's views to its ROIs: which candidates there are and what became of each.

Every lesion makes a pair of candidates: the abnormal ROI round it and the normal ROI at
the mirrored place of the other breast. A lesion that is not selected is a candidate too, dropped
from the start: no normal ROI may be cut where it lies. Geometry comes first; only images that
some ROI is still to be cut from are decoded, one at a time.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from camseg.datasets.readers import reader
from camseg.datasets.views import OPPOSITE, Lesion, Row, reason_below, rows_of, shape_of, side_of
from camseg.errors import CamsegError
from camseg.io.store import Rois
from camseg.options import option
from camseg.rois import boxes
from camseg.rois.candidates import COLUMNS
from camseg.rois.options import RoiOptions
from camseg.seeds import generator


@dataclass(frozen=True, kw_only=True)
class Rules(RoiOptions):
    """The options that ROIs are cut by, with the study's seed."""

    seed: int = option("what the paddings are drawn by", minimum=0)


@dataclass
class Candidate:
    """A ROI that may be cut: its place, and what became of it.

    `status` is "used", "dropped" by a rule, or "unreadable" for a fault of the data; `reason` is
    empty if it is used.
    """

    pair_id: str
    label: str  # "abnormal" or "normal"
    row: Row  # of the index, of the view it is cut from
    number: int  # of the abnormality in its view
    abnormality: Lesion
    status: str = "used"
    reason: str = ""
    box: boxes.Box | None = None
    details: dict = field(default_factory=dict)
    lesion: np.ndarray | None = None  # (S, S) uint8
    image: np.ndarray | None = None  # (S, S) uint8

    @property
    def roi_id(self) -> str:
        """The pair's name and the label: unique, and the same whatever else is in the study."""
        return f"{self.pair_id}.{self.label}"

    def drop(self, reason: str, status: str = "dropped") -> None:
        """Record why this ROI is not used; the first reason stands."""
        if not self.reason:
            self.reason, self.status = reason, status

    def record(self) -> dict:
        """Return the candidate's row of the table, with the keys COLUMNS."""
        box = self.box._asdict() if self.box else {}
        return dict.fromkeys(COLUMNS, "") | {
            "roi_id": self.roi_id,
            "pair_id": self.pair_id,
            "patient_id": self.row["patient_id"],
            "case_id": self.row["case_id"],
            "view": self.row["view"],
            "label": self.label,
            "abnormality": self.number,
            "status": self.status,
            "reason": self.reason,
            "pathology": self.abnormality.pathology,
            "lesion_type": "; ".join(self.abnormality.lesion_types),
            **box,
            **self.details,
        }


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
            candidates[side] = _abnormal_candidates(row, folder, rules)
    pairs = []
    for side, lesions in candidates.items():
        other = OPPOSITE[side]
        for abnormal in lesions:
            normal = _normal_candidate(abnormal, views[other], views["RIGHT"])
            pairs.append((abnormal, normal))
            _check_overlap(abnormal, normal, candidates.get(other, []), rules)
    for row in views.values():
        _cut([item for pair in pairs for item in pair if item.row is row], row, folder, rules)
    for abnormal, normal in pairs:
        _check_breast(abnormal, normal, rules)
    return [candidate for pair in pairs for candidate in pair]


def _abnormal_candidates(row: Row, folder: Path, rules: Rules) -> list[Candidate]:
    """Return the lesions of a view with their padded boxes and masks."""
    candidates = []
    shape = shape_of(row)
    lesions = []
    for number, abnormality in enumerate(_lesions(row, folder, rules), start=1):
        pair_id = f"{row['case_id']}.{row['view']}.{number}"
        candidate = Candidate(pair_id, "abnormal", row, number, abnormality)
        candidates.append(candidate)
        candidate.details |= {
            "outline": abnormality.outline,
            "outline_closed": abnormality.closed,
            "outline_beyond": abnormality.beyond,
        }
        if str(number) not in row["selected"].split():
            candidate.drop("its lesion type or pathology is not selected")
        try:
            mask = abnormality.draw()
        except CamsegError as error:
            candidate.drop(reason_below(folder, error), "unreadable")
            continue
        lesion = boxes.bounding_box(mask)
        if not lesion.w:
            candidate.drop("its mask has no pixel in the image", "unreadable")
            continue
        if min(lesion.w, lesion.h) < 2:
            candidate.drop("the lesion is one pixel wide")
        fractions = generator(rules.seed, "padding", pair_id).uniform(*rules.padding, size=4)
        wanted = boxes.pad_box(lesion, fractions)
        candidate.box = box = boxes.clip_box(wanted, shape)
        candidate.lesion = boxes.cut_mask(mask, box, rules.size)
        if not candidate.lesion.any():
            candidate.drop(f"the lesion is too thin to be seen at {rules.size} x {rules.size}")
        candidate.details |= _clipped(wanted, box)
        candidate.details |= {f"lesion_{side}": value for side, value in lesion._asdict().items()}
        lesions.append((candidate, box, lesion))
    for candidate, box, own in lesions:
        candidate.details["neighbours"] = sum(
            lesion is not own and boxes.overlap(box, lesion) for _, _, lesion in lesions
        )
    return candidates


def _lesions(row: Row, folder: Path, rules: Rules) -> list[Lesion]:
    """Return the lesions of a view; if they can no longer be read, as many that cannot be drawn."""
    try:
        return reader(row["source"]).lesions(row, folder, rules.outline)
    except CamsegError as error:
        fault = error

    def draw() -> np.ndarray:
        raise fault

    kinds, pathologies = row["lesion_types"].split("; "), row["pathologies"].split("; ")
    return [
        Lesion(pathology, (kind,), "", "", "", draw)
        for kind, pathology in zip(kinds, pathologies, strict=True)
    ]


def _clipped(wanted: boxes.Box, box: boxes.Box) -> dict:
    return {
        "clipped_left": box.x - wanted.x,
        "clipped_top": box.y - wanted.y,
        "clipped_right": wanted.x + wanted.w - box.x - box.w,
        "clipped_bottom": wanted.y + wanted.h - box.y - box.h,
    }


def _normal_candidate(abnormal: Candidate, row: Row, right: Row) -> Candidate:
    """Return the normal ROI opposite to an abnormal one, at its place if there is one."""
    normal = Candidate(abnormal.pair_id, "normal", row, abnormal.number, abnormal.abnormality)
    if abnormal.reason:
        normal.drop("its abnormal ROI is dropped")
    if row["status"] != "usable":
        normal.drop(f"{row['view']} cannot be used: {row['reason']}")
    if normal.reason or abnormal.box is None:
        return normal
    mirrored = boxes.mirror_box(abnormal.box, shape_of(right)[1])
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
        if other.box is None:
            normal.drop(f"{normal.row['view']} holds a lesion whose place is not known")
        elif boxes.overlap(normal.box, other.box):
            reason = f"overlaps the lesion {other.pair_id} of the other breast"
            normal.drop(reason)
            if rules.overlap == "drop_both":
                abnormal.drop(reason)


def _cut(candidates: list[Candidate], row: Row, folder: Path, rules: Rules) -> None:
    """Decode a view's image if ROIs are still to be cut from it, and cut them."""
    wanted = [(each, each.box) for each in candidates if each.box and not each.reason]
    if not wanted:
        return
    try:
        image, brightness = reader(row["source"]).read_view(row, folder)
    except CamsegError as error:
        for candidate, _ in wanted:
            candidate.drop(reason_below(folder, error), "unreadable")
        return
    breast = boxes.breast_mask(brightness)
    for candidate, box in wanted:
        candidate.image = boxes.cut_image(image, box, rules.size)
        share = float(breast[box.slices].mean())
        candidate.details["breast_share"] = round(share, 6)


def read_lesion(row: Row, folder: Path, candidate: dict) -> tuple[np.ndarray, np.ndarray]:
    """Return the whole image that an abnormal ROI was cut from, and the lesion in it.

    `row` is the view's in the index, `candidate` the ROI's in the table of candidates. Both are
    (H, W) uint8: 8-bit grey as in the ROI, and the mask {0, 1}. Raises CamsegError, naming the
    file, if one cannot be read.
    """
    source = reader(row["source"])
    outline = "core" if candidate["outline"] == "CORE" else "boundary"
    lesion = source.lesions(row, folder, outline)[int(candidate["abnormality"]) - 1]
    return source.read_view(row, folder)[0], lesion.draw()


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
