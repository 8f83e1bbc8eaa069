"""The lesions of a view as candidates for ROIs: their masks, checked and mended, and their boxes.

A lesion that is not selected is a candidate too, dropped from the start: no normal ROI may be cut
where it lies.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

import numpy as np

from camseg.datasets.readers import reader
from camseg.datasets.views import Lesion, Outline, Row, patient_or_image, reason_below
from camseg.errors import CamsegError
from camseg.options import option
from camseg.rois import boxes, masks
from camseg.rois.candidates import COLUMNS
from camseg.rois.options import RoiOptions
from camseg.seeds import generator

UNSELECTED = "its lesion type or pathology is not selected"
NO_LESION = Lesion("", (), ())  # of a region without one


@dataclass(frozen=True, kw_only=True)
class Rules(RoiOptions):
    """The options that ROIs are cut by, with the study's seed."""

    seed: int = option("what paddings and places are drawn by", minimum=0)
    whole: bool = option("whether every picture is a region already cut", default=False)


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
    notes: list[str] = field(default_factory=list)  # what was odd, and is no reason to drop it
    copy: bool = False  # of a lesion that has a candidate already
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
            "patient_id": patient_or_image(self.row),
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
            "notes": "; ".join(self.notes),
        }


def abnormal_candidates(row: Row, folder: Path, rules: Rules) -> list[Candidate]:
    """Return the lesions of a view with their padded boxes and masks; of copies, the first taken.

    Copies have the same pixels, whatever else is said of them.
    """
    candidates: list[Candidate] = []
    places: dict[int, boxes.Box] = {}  # the smallest boxes round the lesions, by number
    known: dict[tuple[boxes.Box, bytes], Candidate] = {}
    for number, abnormality in enumerate(_lesions(row, folder, rules), start=1):
        pair_id = f"{row['case_id']}.{row['view']}.{number}"
        candidate = Candidate(pair_id, "abnormal", row, number, abnormality)
        candidates.append(candidate)
        numbers = _chosen(abnormality, rules.outline)
        chosen = abnormality.outlines[numbers[0] - 1]
        candidate.details |= {
            "outline": chosen.kind,
            "outlines": " ".join(map(str, numbers)),
            "outline_closed": chosen.closed,
            "outline_beyond": chosen.beyond,
        }
        if str(number) not in row["selected"].split():
            candidate.drop(UNSELECTED)
        found = _mask(candidate, folder, rules)
        if not found:
            continue
        mask, lesion = found
        places[number] = lesion
        same = lesion, mask[lesion.slices].tobytes()
        first = known.setdefault(same, candidate)
        if first is not candidate:
            known[same] = _merge(first, candidate)
        if not candidate.copy:
            _place(candidate, mask, lesion, rules)
    lesions = [item for item in candidates if item.number in places and not item.copy]
    for candidate in lesions:
        assert candidate.box
        candidate.details["neighbours"] = sum(
            other is not candidate and boxes.overlap(candidate.box, places[other.number])
            for other in lesions
        )
    return candidates


def _merge(first: Candidate, second: Candidate) -> Candidate:
    """Drop one of two candidates of the same lesion and return the other: a selected one."""
    later = first.reason == UNSELECTED != second.reason
    kept, copy = (second, first) if later else (first, second)
    copy.copy, copy.status, copy.box = True, "dropped", None
    copy.reason = f"is the same lesion as {kept.pair_id}, which counts once"
    note = "its lesion is listed more than once and counts once"
    kept.notes += [] if note in kept.notes else [note]
    return kept


def _mask(candidate: Candidate, folder: Path, rules: Rules) -> tuple[np.ndarray, boxes.Box] | None:
    """Return a lesion's mask, mended as the rules say, and the smallest box round it.

    None if there is none that has a place.
    """
    try:
        numbers = map(int, candidate.details["outlines"].split())
        mask, notes, dice = _unite(candidate.abnormality, numbers)
    except CamsegError as error:
        candidate.drop(reason_below(folder, error), "unreadable")
        return None
    box = boxes.bounding_box(mask)
    if not box.w:
        candidate.drop("its mask has no pixel in the image", "unreadable")
        return None
    sanity = masks.examine(mask, box)
    candidate.details |= {
        "components": sanity.components,
        "box_share": round(sanity.box_share, 6),
        "touches_edge": "yes" if sanity.touches_edge else "no",
    }
    candidate.notes += [reason_below(folder, note) for note in notes]
    if dice and min(dice) > 0:
        candidate.details["reader_dice"] = round(sum(dice) / len(dice), 6)
    elif dice:
        candidate.notes.append(
            "its outlines do not overlap: one lesion with several parts, or several"
        )
    if rules.odd_masks != "keep":
        if sanity.odd and rules.odd_masks == "drop":
            candidate.drop(f"its mask is odd: {sanity.odd}")
        elif sanity.odd:
            candidate.details["mask_mended"] = "yes"
            candidate.notes.append(f"its mask was odd: {sanity.odd}")
            mask = sanity.mended
            box = boxes.bounding_box(mask)
        if sanity.hopeless:
            candidate.drop(sanity.hopeless)
    return mask, box


def _place(candidate: Candidate, mask: np.ndarray, lesion: boxes.Box, rules: Rules) -> None:
    """Give a candidate its padded box and the mask in it."""
    if min(lesion.w, lesion.h) < 2:
        candidate.drop("the lesion is one pixel wide")
    wanted = boxes.Box(0, 0, *mask.shape[::-1])
    if not rules.whole:
        random = generator(rules.seed, "padding", candidate.pair_id)
        wanted = boxes.pad_box(lesion, random.uniform(*rules.padding, size=4))
    candidate.box = box = boxes.clip_box(wanted, mask.shape)
    candidate.lesion = boxes.cut_mask(mask, box, rules.size)
    if not candidate.lesion.any():
        candidate.drop(f"the lesion is too thin to be seen at {rules.size} x {rules.size}")
    candidate.details |= _clipped(wanted, box)
    candidate.details |= {f"lesion_{side}": value for side, value in lesion._asdict().items()}


def _lesions(row: Row, folder: Path, rules: Rules) -> list[Lesion]:
    """Return the lesions of a view; if they can no longer be read, as many that cannot be drawn."""
    try:
        return reader(row["source"]).lesions(row, folder)
    except CamsegError as error:
        fault = error

    def draw() -> tuple[np.ndarray, str]:
        raise fault

    kinds, pathologies = row["lesion_types"].split("; "), row["pathologies"].split("; ")
    return [
        Lesion(pathology, (kind,), (Outline("", draw),))
        for kind, pathology in zip(kinds, pathologies, strict=True)
    ]


def _chosen(lesion: Lesion, outline: str) -> list[int]:
    """Return the numbers, from 1, of a lesion's outlines that make its mask: all, or the last."""
    count = len(lesion.outlines)
    return [count] if outline == "core" else list(range(1, count + 1))


def _unite(lesion: Lesion, numbers: Iterable[int]) -> tuple[np.ndarray, list[str], list[float]]:
    """Return the union of some outlines of a lesion, what was done or is odd, and their Dice.

    The last has the Dice of every two of them. An outline that cannot be drawn is left out and
    told; CamsegError if none can.
    """
    drawn, notes, faults = [], [], []
    for number in numbers:
        try:
            mask, done = lesion.outlines[number - 1].draw()
        except CamsegError as error:
            faults.append(error)
            continue
        drawn.append(mask)
        notes += [done] if done and done not in notes else []
    if not drawn:
        raise faults[0]
    notes += [f"an outline of several is left out: {fault}" for fault in faults]
    dice = [
        2 * int((a & b).sum()) / max(int(a.sum()) + int(b.sum()), 1)
        for a, b in combinations(drawn, 2)
    ]
    return drawn[0] if len(drawn) == 1 else np.bitwise_or.reduce(drawn), notes, dice


def _clipped(wanted: boxes.Box, box: boxes.Box) -> dict:
    return {
        "clipped_left": box.x - wanted.x,
        "clipped_top": box.y - wanted.y,
        "clipped_right": wanted.x + wanted.w - box.x - box.w,
        "clipped_bottom": wanted.y + wanted.h - box.y - box.h,
    }


def read_lesion(row: Row, folder: Path, candidate: dict) -> tuple[np.ndarray, np.ndarray]:
    """Return the whole image that an abnormal ROI was cut from, and the lesion in it.

    `row` is the view's in the index, `candidate` the ROI's in the table of candidates. Both are
    (H, W) uint8: 8-bit grey as in the ROI, and the mask {0, 1}. Raises CamsegError, naming the
    file, if one cannot be read.
    """
    source = reader(row["source"])
    lesion = source.lesions(row, folder)[int(candidate["abnormality"]) - 1]
    mask, _, _ = _unite(lesion, map(int, candidate["outlines"].split()))
    if candidate["mask_mended"]:
        mask = masks.examine(mask).mended
    return source.read_view(row, folder)[0], mask
