"""What the stages after a reader know of a view, whatever source it comes from."""

import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from camseg.checked_files import REMEDY, read_table
from camseg.discovery import FINDERS
from camseg.errors import CamsegError

COLUMNS = (
    *("case_id", "patient_id", "view", "status", "reason", "abnormalities", "selected"),
    *("lesion_types", "pathologies", "digitizer", "scanner", "lines", "pixels_per_line"),
    *("bits_per_pixel", "resolution", "source", "ics", "picture", "outlines"),
)  # of the index. `outlines` says where the lesions stand: each reader knows its own
OPPOSITE = {"LEFT": "RIGHT", "RIGHT": "LEFT"}


def side_of(view: str) -> str:
    """Return the side of a view's name: LEFT_CC, LEFT_MLO and LEFT are all of the LEFT."""
    return view.partition("_")[0]


def new_row(**values: object) -> dict:
    """Return an index row, with the keys COLUMNS, that holds `values` and is blank otherwise."""
    return dict.fromkeys(COLUMNS, "") | {"abnormalities": 0} | values


def lesion_columns(lesions: Iterable[tuple[str, Iterable[str]]]) -> dict:
    """Return what an index row says of a view's lesions, given the pathology and types of each.

    `abnormalities` is their number; `lesion_types` and `pathologies` have an entry a lesion
    ("MASS; CALCIFICATION+MASS"), of a type's words only the first (MASS of "MASS SHAPE OVAL").
    """
    lesions = list(lesions)
    kinds = [
        sorted({text.partition(" ")[0].replace(";", ",") for text in types}) for _, types in lesions
    ]
    return {
        "abnormalities": len(lesions),
        "lesion_types": "; ".join("+".join(names) for names in kinds),
        "pathologies": "; ".join(pathology.replace(";", ",") for pathology, _ in lesions),
    }


def reason_below(folder: Path, reason: object) -> str:
    """Return a reason with the paths in it shortened to what follows `folder`."""
    return re.sub(rf"(?<![\w./-]){re.escape(f'{folder}{os.sep}')}", "", str(reason))


def read_index(path: str | Path) -> pd.DataFrame:
    """Return an index, a row per view, all values as text; CamsegError if a row makes no sense."""
    columns = dict.fromkeys(COLUMNS) | {
        "status": ("usable", "rejected", "unselected", "absent"),
        "abnormalities": re.compile(r"\d+"),
        "selected": re.compile(r"(\d+( \d+)*)?"),
        "source": tuple(FINDERS),
    }
    table = read_table(path, columns)
    usable = table[table["status"] == "usable"]
    for name in ("lines", "pixels_per_line"):
        if not usable[name].str.fullmatch(r"[1-9]\d*").all():
            raise CamsegError(f"{path}: a usable view's {name} is no number; {REMEDY}")
    return table


@dataclass(frozen=True)
class Lesion:
    """A lesion of a view: `draw()` returns its mask, uint8 {0, 1}, of the whole picture's shape.

    `draw` raises CamsegError if the mask cannot be made. `outline` says what it is made from,
    `closed` whether an outline ends where it starts, and `beyond` by how many pixels it leaves the
    picture (both "" where that means nothing).
    """

    pathology: str
    lesion_types: tuple[str, ...]
    outline: str
    closed: bool | str
    beyond: int | str
    draw: Callable[[], np.ndarray]
