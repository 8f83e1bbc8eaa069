"""What the stages after a reader know of a view, whatever source it comes from."""

import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict, cast

import numpy as np
import pandas as pd

from camseg import named
from camseg.errors import CamsegError
from camseg.io.checked import REMEDY, UNKNOWN_PATIENT, read_table

SOURCES = "camseg.datasets.sources"  # the package of the readers that an index may name


class Row(TypedDict):
    """A view's row of the index. Numbers are None, and texts empty, where they are not known."""

    case_id: str
    patient_id: str  # "" if not known
    view: str  # LEFT_CC, RIGHT_MLO, LEFT, or without a side CC or ONE_VIEW: see `side_of`
    status: str  # "usable", "rejected" with its reason, "unselected" or "absent"
    reason: str
    abnormalities: int  # lesions that the source describes
    selected: str  # the numbers, from 1, of those that the study takes: "1 3"
    lesion_types: str  # see `describe_lesions`, as for the next
    pathologies: str
    digitizer: str
    scanner: str  # how grey levels are read
    lines: int | None
    pixels_per_line: int | None
    bits_per_pixel: int | None
    resolution: float | None  # micrometres per pixel
    source: str  # the reader's name
    ics: Path | str  # paths are relative to the data set's folder
    image: Path | str
    outlines: Path | str  # where the lesions stand: each reader knows its own


COLUMNS = tuple(Row.__annotations__)
NUMBERS = {"lines": int, "pixels_per_line": int, "bits_per_pixel": int, "resolution": float}
OPPOSITE = {"LEFT": "RIGHT", "RIGHT": "LEFT"}
ONE_VIEW = "IMAGE"  # of a case without sides and projections


def side_of(view: str) -> str:
    """Return the side of a view's name: LEFT_CC, LEFT_MLO and LEFT are all of the LEFT.

    "" if no side is known.
    """
    side = view.partition("_")[0]
    return side if side in OPPOSITE else ""


def patient_or_image(row: Row) -> str:
    """Return the patient of a view; where that is not known, "image:" with its case."""
    return row["patient_id"] or f"{UNKNOWN_PATIENT}{row['case_id']}"


def new_row(**values: Any) -> Row:
    """Return an index row that holds `values` and is blank otherwise."""
    blank = dict.fromkeys(COLUMNS, "") | dict.fromkeys(NUMBERS) | {"abnormalities": 0}
    return cast(Row, blank | values)


def shape_of(row: Row) -> tuple[int, int]:
    """Return the (lines, pixels_per_line) of a usable view's image."""
    assert row["lines"] is not None
    assert row["pixels_per_line"] is not None
    return row["lines"], row["pixels_per_line"]


def describe_lesions(row: Row, lesions: Iterable[tuple[str, Iterable[str]]]) -> None:
    """Fill in what an index row says of a view's lesions, given the pathology and types of each.

    `abnormalities` is their number; `lesion_types` and `pathologies` have one entry per lesion
    ("MASS; CALCIFICATION+MASS"), of a type's words only the first (MASS of "MASS SHAPE OVAL").
    """
    lesions = list(lesions)
    kinds = [
        sorted({text.partition(" ")[0].replace(";", ",") for text in types}) for _, types in lesions
    ]
    row["abnormalities"] = len(lesions)
    row["lesion_types"] = "; ".join("+".join(names) for names in kinds)
    row["pathologies"] = "; ".join(pathology.replace(";", ",") for pathology, _ in lesions)


def reason_below(folder: Path, reason: object) -> str:
    """Return a reason with the paths in it shortened to what follows `folder`."""
    return re.sub(rf"(?<![\w./-]){re.escape(f'{folder}{os.sep}')}", "", str(reason))


def read_index(path: str | Path) -> pd.DataFrame:
    """Return an index, one row per view, all values as text; CamsegError if one makes no sense."""
    columns = dict.fromkeys(COLUMNS) | {
        "status": ("usable", "rejected", "unselected", "absent"),
        "abnormalities": re.compile(r"\d+"),
        "selected": re.compile(r"(\d+( \d+)*)?"),
        "source": tuple(named.names(SOURCES)),
    }
    table = read_table(path, columns)
    usable = table[table["status"] == "usable"]
    for name in ("lines", "pixels_per_line"):
        if not usable[name].str.fullmatch(r"[1-9]\d*").all():
            raise CamsegError(f"{path}: a usable view's {name} is no number; {REMEDY}")
    return table


def rows_of(table: pd.DataFrame) -> list[Row]:
    """Return the rows of an index that `read_index` has read, numbers as such."""
    return [
        cast(
            Row,
            record
            | {"abnormalities": int(record["abnormalities"])}
            | {name: _number(record[name], kind) for name, kind in NUMBERS.items()},
        )
        for record in table.to_dict("records")
    ]


def _number(text: str, kind: type) -> float | None:
    try:
        return kind(text)
    except ValueError:  # of a view that cannot be used
        return None


@dataclass(frozen=True)
class Outline:
    """One outline of a lesion: `draw()` returns its mask, uint8 {0, 1}, of the whole image's shape.

    With it comes what had to be done to make it of what stands there, or "". `draw` raises
    CamsegError if the mask cannot be made. `kind` says what it is made from, `closed` whether it
    ends where it starts, and `beyond` by how many pixels it leaves the image (both "" where that
    means nothing).
    """

    kind: str
    draw: Callable[[], tuple[np.ndarray, str]]
    closed: bool | str = ""
    beyond: int | str = ""


@dataclass(frozen=True)
class Lesion:
    """A lesion of a view: its outlines, several where several readers drew it, or one several."""

    pathology: str
    lesion_types: tuple[str, ...]
    outlines: tuple[Outline, ...]
