"""From a case's views to its ROIs: which candidates there are and what became of each.

Every lesion makes a pair of candidates: the abnormal ROI round it and the normal ROI at
the mirrored place of the other breast. A lesion that is not selected is a candidate too, dropped
from the start: no normal ROI may be cut where it lies. Geometry comes first; only pictures that
some ROI is still to be cut from are decoded, one at a time.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from camseg import roi
from camseg.candidates import COLUMNS
from camseg.errors import CamsegError
from camseg.readers import READERS
from camseg.seeds import generator
from camseg.store import Rois
from camseg.views import OPPOSITE, Lesion, reason_below, side_of


@dataclass(frozen=True)
class Rules:
    """How ROIs are cut; every field is a key of the config's section `rois`."""

    size: int  # pixels a side after resizing
    padding: tuple[float, float]  # of a lesion's width or height, drawn for each side
    outline: str  # "boundary" (the largest) or "core" (the innermost, where there is one)
    overlap: str  # "drop_normal" or "drop_both"
    min_breast_share: float  # of a normal ROI, relative to its abnormal one's
    seed: int


@dataclass
class Candidate:
    """A ROI that may be cut: its place, and what became of it.

    `status` is "used", "dropped" by a rule, or "unreadable" for a fault of the data; `reason` is
    empty if it is used.
    """

    pair_id: str
    label: str  # "abnormal" or "normal"
    row: dict  # of the index, of the view it is cut from
    number: int  # of the abnormality in its view
    abnormality: Lesion
    status: str = "used"
    reason: str = ""
    box: roi.Box | None = None
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


def extract_case(rows: Iterable[dict], folder: Path, rules: Rules) -> list[Candidate]:
    """Return the candidates of one case, the used ones with their pictures.

    `rows` are the case's index rows, `folder` is the one that their paths are relative to.
    """
    views = {side_of(row["view"]): row for row in rows}
    candidates: dict[str, list[Candidate]] = {}
    for side, row in views.items():
        if row["status"] == "usable" and int(row["abnormalities"]):
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


def _abnormal_candidates(row: dict, folder: Path, rules: Rules) -> list[Candidate]:
    """Return the lesions of a view with their padded boxes and masks."""
    candidates = []
    shape = int(row["lines"]), int(row["pixels_per_line"])
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
        lesion = roi.bounding_box(mask)
        if not lesion.w:
            candidate.drop("its mask has no pixel in the picture", "unreadable")
            continue
        if min(lesion.w, lesion.h) < 2:
            candidate.drop("the lesion is one pixel wide")
        fractions = generator(rules.seed, "padding", pair_id).uniform(*rules.padding, size=4)
        wanted = roi.pad_box(lesion, fractions)
        candidate.box = box = roi.clip_box(wanted, shape)
        candidate.lesion = roi.cut_mask(mask, box, rules.size)
        if not candidate.lesion.any():
            candidate.drop(f"the lesion is too thin to be seen at {rules.size} x {rules.size}")
        candidate.details |= _clipped(wanted, box)
        candidate.details |= {f"lesion_{side}": value for side, value in lesion._asdict().items()}
        lesions.append((candidate, box, lesion))
    for candidate, box, own in lesions:
        candidate.details["neighbours"] = sum(
            lesion is not own and roi.overlap(box, lesion) for _, _, lesion in lesions
        )
    return candidates


def _lesions(row: dict, folder: Path, rules: Rules) -> list[Lesion]:
    """Return the lesions of a view; if they can no longer be read, as many that cannot be drawn."""
    try:
        return READERS[row["source"]].lesions(row, folder, rules.outline)
    except CamsegError as error:
        fault = error

    def draw() -> np.ndarray:
        raise fault

    kinds, pathologies = row["lesion_types"].split("; "), row["pathologies"].split("; ")
    return [
        Lesion(pathology, (kind,), "", "", "", draw)
        for kind, pathology in zip(kinds, pathologies, strict=True)
    ]


def _clipped(wanted: roi.Box, box: roi.Box) -> dict:
    return {
        "clipped_left": box.x - wanted.x,
        "clipped_top": box.y - wanted.y,
        "clipped_right": wanted.x + wanted.w - box.x - box.w,
        "clipped_bottom": wanted.y + wanted.h - box.y - box.h,
    }


def _normal_candidate(abnormal: Candidate, row: dict, right: dict) -> Candidate:
    """Return the normal ROI opposite to an abnormal one, at its place if there is one."""
    normal = Candidate(abnormal.pair_id, "normal", row, abnormal.number, abnormal.abnormality)
    if abnormal.reason:
        normal.drop("its abnormal ROI is dropped")
    if row["status"] != "usable":
        normal.drop(f"{row['view']} cannot be used: {row['reason']}")
    if normal.reason or abnormal.box is None:
        return normal
    mirrored = roi.mirror_box(abnormal.box, int(right["pixels_per_line"]))
    normal.box = roi.shift_inside(mirrored, (int(row["lines"]), int(row["pixels_per_line"])))
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
        elif roi.overlap(normal.box, other.box):
            reason = f"overlaps the lesion {other.pair_id} of the other breast"
            normal.drop(reason)
            if rules.overlap == "drop_both":
                abnormal.drop(reason)


def _cut(candidates: list[Candidate], row: dict, folder: Path, rules: Rules) -> None:
    """Decode a view's picture if ROIs are still to be cut from it, and cut them."""
    wanted = [(each, each.box) for each in candidates if each.box and not each.reason]
    if not wanted:
        return
    try:
        picture, brightness = READERS[row["source"]].read_view(row, folder)
    except CamsegError as error:
        for candidate, _ in wanted:
            candidate.drop(reason_below(folder, error), "unreadable")
        return
    breast = roi.breast_mask(brightness)
    for candidate, box in wanted:
        candidate.image = roi.cut_image(picture, box, rules.size)
        share = float(breast[box.slices].mean())
        candidate.details["breast_share"] = round(share, 6)


def read_lesion(row: dict, folder: Path, candidate: dict) -> tuple[np.ndarray, np.ndarray]:
    """Return the whole picture that an abnormal ROI was cut from, and the lesion in it.

    `row` is the view's in the index, `candidate` the ROI's in the table of candidates. Both are
    (H, W) uint8: 8-bit grey as in the ROI, and the mask {0, 1}. Raises CamsegError, naming the
    file, if one cannot be read.
    """
    reader = READERS[row["source"]]
    outline = "core" if candidate["outline"] == "CORE" else "boundary"
    lesion = reader.lesions(row, folder, outline)[int(candidate["abnormality"]) - 1]
    return reader.read_view(row, folder)[0], lesion.draw()


def _check_breast(abnormal: Candidate, normal: Candidate, rules: Rules) -> None:
    """Drop a normal ROI whose abnormal one could not be cut, or which shows too little breast."""
    if abnormal.reason:
        normal.drop("its abnormal ROI is dropped")
    if normal.reason:
        return
    share, wanted = normal.details["breast_share"], abnormal.details["breast_share"]
    if share < rules.min_breast_share * wanted:
        normal.drop(f"shows too little breast: {share:.2f} of its area, the abnormal {wanted:.2f}")


def to_rois(candidates: list[Candidate], size: int) -> Rois:
    """Return the used candidates as a set of ROIs with pictures `size` pixels a side."""
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
