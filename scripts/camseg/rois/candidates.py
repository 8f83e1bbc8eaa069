"""The table of candidate ROIs: one row for every ROI that could be cut, and what became of it."""

import re
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from camseg.datasets.reasons import by_kind, in_a_line
from camseg.errors import CamsegError
from camseg.io.checked import LABELS, REMEDY, read_table
from camseg.io.files import whole_file

COLUMNS = (
    *("roi_id", "pair_id", "patient_id", "case_id", "view", "label", "abnormality"),
    *("status", "reason", "x", "y", "w", "h", "shift_x", "shift_y", "clipped_left", "clipped_top"),
    *("clipped_right", "clipped_bottom", "lesion_x", "lesion_y", "lesion_w", "lesion_h"),
    # outlines: the numbers of those that make the mask, of several; see lesions.abnormal_candidates
    *("neighbours", "outline", "outlines", "reader_dice", "outline_closed", "outline_beyond"),
    *("breast_share", "breast_side"),
    *("components", "box_share", "touches_edge", "mask_mended"),  # see masks.Sanity
    *("notes", "pathology", "lesion_type"),  # notes: what was odd and is no reason to drop a ROI
)
BOX = ("x", "y", "w", "h")
OF_ABNORMAL = (*(f"lesion_{key}" for key in BOX), "clipped_left", "clipped_top")
OF_ABNORMAL += ("clipped_right", "clipped_bottom")


def read_candidates(path: str | Path) -> pd.DataFrame:
    """Return a table of candidates, all values as text; CamsegError if a row makes no sense."""
    columns = dict.fromkeys(COLUMNS) | {
        "label": LABELS,
        "status": ("used", "dropped", "unreadable"),
        "abnormality": re.compile(r"[1-9]\d*"),
    }
    table = read_table(path, columns, ["roi_id"])
    used = table[table["status"] == "used"]
    abnormal = used[used["label"] == "abnormal"]
    for rows, names in ((used, BOX), (abnormal, OF_ABNORMAL)):
        for name in names:
            if not rows[name].str.fullmatch(r"-?\d+").all():
                raise CamsegError(f"{path}: a used ROI's {name} is no number; {REMEDY}")
    return table


def merge(paths: Iterable[str | Path]) -> pd.DataFrame:
    """Return the tables of all shards as one, by ROI id; errors as of `read_candidates`."""
    return pd.concat(map(read_candidates, paths)).sort_values("roi_id")


def summary(candidates: pd.DataFrame) -> list[str]:
    """Return lines that count the candidates by label, status and reason."""
    return [
        f"{kind.count:6d} {label} {status} {kind.told}"
        for (label, status), rows in candidates.groupby(["label", "status"])
        for kind in by_kind(_reasons(rows))
    ]


def warnings(candidates: pd.DataFrame) -> list[str]:
    """Return lines that count what was odd about used ROIs."""
    used = candidates[candidates["status"] == "used"]
    noted = [
        (roi_id, note)
        for roi_id, notes in zip(used["roi_id"], used["notes"], strict=True)
        for note in notes.split("; ")
        if note
    ]
    return [f"warning: {kind.count} ROIs: {kind.told}" for kind in by_kind(noted)]


def check_usable(candidates: pd.DataFrame, *, strict: bool) -> None:
    """Raise CamsegError if there are not ROIs of both classes to train on.

    With `strict`, already if any candidate is unreadable.
    """
    used, unreadable = (candidates["status"] == status for status in ("used", "unreadable"))
    if strict and unreadable.any():
        lost = in_a_line(_reasons(candidates[unreadable]))
        raise CamsegError(f"{unreadable.sum()} ROIs are lost: {lost}")
    counts = {label: int((candidates["label"][used] == label).sum()) for label in LABELS}
    if not all(counts.values()):
        abnormal = candidates["label"] == "abnormal"
        follows = ~abnormal & candidates["pair_id"].isin(candidates["pair_id"][abnormal & ~used])
        ranks = (unreadable & ~follows, ~used & ~unreadable & ~follows, ~used & follows)
        reasons = in_a_line(*(_reasons(candidates[rank]) for rank in ranks))
        raise CamsegError(
            f"nothing to train on: {counts['abnormal']} abnormal and {counts['normal']} normal "
            f"ROIs are usable of {len(candidates)} candidates{f': {reasons}' if reasons else ''}"
        )


def _reasons(candidates: pd.DataFrame) -> list[tuple[str, str]]:
    return list(zip(candidates["roi_id"], candidates["reason"], strict=True))


def write_candidates(path: str | Path, candidates: pd.DataFrame) -> None:
    """Write a table of candidates, TSV, by ROI id."""
    with whole_file(path) as temporary:
        candidates.sort_values("roi_id").to_csv(temporary, sep="\t", index=False)
