"""The table of candidate ROIs: a row for every ROI that could be cut, and what became of it."""

import re
from pathlib import Path

import pandas as pd

from camseg.checked_files import LABELS, REMEDY, read_table
from camseg.errors import CamsegError

COLUMNS = (
    *("roi_id", "pair_id", "patient_id", "case_id", "view", "label", "abnormality"),
    *("status", "reason", "x", "y", "w", "h", "shift_x", "shift_y", "clipped_left", "clipped_top"),
    *("clipped_right", "clipped_bottom", "lesion_x", "lesion_y", "lesion_w", "lesion_h"),
    *("neighbours", "outline", "outline_closed", "outline_beyond", "breast_share"),
    *("pathology", "lesion_type"),
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
