"""Which cases and views there are, and which of them can be used, from headers and text only."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePath

import pandas as pd

from camseg.datasets.discovery import find, home
from camseg.datasets.readers import reader
from camseg.datasets.reasons import by_kind, in_a_line
from camseg.datasets.selection import EVERYTHING, Selection
from camseg.datasets.views import COLUMNS, Row, reason_below
from camseg.errors import CamsegError
from camseg.io.files import whole_file


def index_cases(
    path: Path,
    source: str,
    listing: str,
    *,
    selection: Selection = EVERYTHING,
    grey: str = "optical_density",
) -> Iterator[list[Row]]:
    """Yield, case by case, the index rows of its left and right view; `source` is a reader's name.

    `listing` says which files below `path` list the cases (see `discovery.find`). The `status` of
    a row is "usable", "rejected" or "unselected" with its `reason`, or "absent" (the source does
    not claim to have that view). Paths are relative to `home(path)`. `grey` is the config's
    `rois: grey`. Raises CamsegError if nothing lists a case, or a selected volume holds none.
    """
    folder = home(path)
    folders: set[str] = set()
    first: dict[str, tuple[int, PurePath]] = {}  # where each case was met first
    cases = reader(source).index_cases(find(path, listing), folder, grey)
    for number, rows in enumerate(cases):
        sound = any(not row["reason"] for row in rows)  # a copy of headers alone is not
        for row in rows:
            place = PurePath(row["ics"] or row["image"])
            folders.update(place.parent.parts)
            row["source"] = source
            row["selected"] = _selected(row, selection)
            if place.name and not selection.takes_case(place):
                volume = place.parent.parent.name or "."
                row |= {"status": "unselected", "reason": f"volume {volume} is not selected"}
                continue
            row["reason"] = reason_below(folder, row["reason"])
            if sound:
                met, there = first.setdefault(row["case_id"], (number, place))
                if met != number:
                    row["reason"] = f"the same case stands in {there} too"
            row["status"] = row["status"] or ("rejected" if row["reason"] else "usable")
        yield rows
    selection.check_volumes(folders)


def _selected(row: Row, selection: Selection) -> str:
    """Return the numbers, from 1, of a view's lesions that are selected: "1 3"."""
    types, pathologies = row["lesion_types"].split("; "), row["pathologies"].split("; ")
    lesions = list(zip(types, pathologies, strict=True))[: row["abnormalities"]]
    taken = [n for n, lesion in enumerate(lesions, start=1) if selection.takes_lesion(*lesion)]
    return " ".join(map(str, taken))


def in_order(cases: Iterable[list[Row]]) -> list[Row]:
    """Return the rows of all cases in the index's order: by case, file and view."""
    rows = (row for case in cases for row in case)
    return sorted(rows, key=lambda row: (row["case_id"], str(row["ics"]), row["view"]))


def summary(rows: Sequence[Row]) -> list[str]:
    """Return lines that say how many views can be used, and how many are rejected for what."""
    states = Counter(row["status"] for row in rows)
    usable = _usable(rows)
    lesions = sum(row["abnormalities"] for row in usable)
    selected = sum(len(row["selected"].split()) for row in usable)
    line = (
        f"{len({row['case_id'] for row in rows})} cases, {len(rows)} views: "
        f"{states['usable']} usable with {lesions} lesions, {selected} of them selected; "
        f"{states['rejected']} rejected, {states['absent']} absent, "
        f"{states['unselected']} of volumes that are not selected"
    )
    return [
        line,
        *(f"  rejected: {kind.count} x {kind.told}" for kind in by_kind(_rejections(rows))),
    ]


def check_usable(rows: Sequence[Row], place: Path, *, strict: bool) -> None:
    """Raise CamsegError if no lesion of the data set at `place` is left to study.

    With `strict`, already if any view is rejected.
    """
    rejections, usable = _rejections(rows), _usable(rows)
    lesions = sum(row["abnormalities"] for row in usable)
    if rejections and (strict or not lesions):
        raise CamsegError(
            f"{place}: {len(rejections)} of {len(rows)} views are rejected"
            f"{'' if lesions else ', none with a lesion is left'}: {in_a_line(rejections)}"
        )
    if not lesions:
        raise CamsegError(f"{place}: no view has a lesion")
    if not any(row["selected"] for row in usable):
        types = sorted({name for row in usable for name in _names(row["lesion_types"])})
        pathologies = sorted({name for row in usable for name in _names(row["pathologies"])})
        raise CamsegError(
            f"config: selection takes none of the {lesions} lesions; they are of the "
            f"types {', '.join(types)} and the pathologies {', '.join(pathologies)}"
        )


def write_index(path: str | Path, rows: Sequence[Row]) -> None:
    """Write an index, TSV, one row per view."""
    with whole_file(path) as temporary:
        pd.DataFrame(rows, columns=COLUMNS, dtype=object).to_csv(temporary, sep="\t", index=False)


def _rejections(rows: Sequence[Row]) -> list[tuple[str, str]]:
    """Return the name and the reason of every view that is rejected."""
    return [
        (f"{row['case_id']} {row['view']}".rstrip(), row["reason"])
        for row in rows
        if row["status"] == "rejected"
    ]


def _usable(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if row["status"] == "usable"]


def _names(text: str) -> list[str]:
    return [name for name in text.split("; ") if name]
