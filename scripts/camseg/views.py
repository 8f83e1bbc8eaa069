"""What the stages after a reader know of a view, whatever source it comes from."""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

COLUMNS = (
    *("case_id", "patient_id", "view", "status", "reason", "abnormalities", "scanner", "lines"),
    *("pixels_per_line", "bits_per_pixel", "resolution", "source", "ics", "picture", "outlines"),
)  # of the index. `outlines` says where the lesions stand: each reader knows its own
OPPOSITE = {"LEFT": "RIGHT", "RIGHT": "LEFT"}


def side_of(view: str) -> str:
    """Return the side of a view's name: LEFT_CC, LEFT_MLO and LEFT are all of the LEFT."""
    return view.partition("_")[0]


def new_row(**values: object) -> dict:
    """Return an index row, with the keys COLUMNS, that holds `values` and is blank otherwise."""
    return dict.fromkeys(COLUMNS, "") | {"abnormalities": 0} | values


def reason_below(folder: Path, reason: object) -> str:
    """Return a reason with the paths in it shortened to what follows `folder`."""
    return re.sub(rf"(?<![\w./-]){re.escape(f'{folder}{os.sep}')}", "", str(reason))


@dataclass(frozen=True)
class Lesion:
    """A lesion of a view: `draw()` returns its mask, uint8 {0, 1}, of the whole picture's shape.

    `draw` raises CamsegError if the mask cannot be made. `outline` says what it is made from, and
    `closed` whether an outline ends where it starts ("" where that means nothing).
    """

    pathology: str
    lesion_types: tuple[str, ...]
    outline: str
    closed: bool | str
    draw: Callable[[], np.ndarray]
