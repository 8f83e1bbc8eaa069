"""Which cases and views there are, and which of them can be used, from headers and text only."""

from collections.abc import Iterator
from pathlib import Path, PurePath

from camseg.discovery import home
from camseg.readers import READERS
from camseg.selection import EVERYTHING, Selection
from camseg.views import reason_below


def index_cases(
    path: Path,
    source: str = "ddsm",
    *,
    selection: Selection = EVERYTHING,
    grey: str = "optical_density",
) -> Iterator[list[dict]]:
    """Yield, case by case, the index rows of its left and right view; `source` is a reader's name.

    A row has the keys camseg.views.COLUMNS; `status` is "usable", "rejected" or "unselected" with
    its `reason`, or "absent" (the source does not claim to have that view). Paths are relative to
    `home(path)`. `grey` is the config's `rois: grey`. Raises CamsegError if a selected volume holds
    no case.
    """
    folder = home(path)
    folders: set[str] = set()
    first: dict[str, tuple[int, PurePath]] = {}  # where each case was met first
    for number, rows in enumerate(READERS[source].index_cases(path, grey)):
        sound = any(not row["reason"] for row in rows)  # a copy of headers alone is not
        for row in rows:
            place = PurePath(row["ics"] or row["picture"])
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


def _selected(row: dict, selection: Selection) -> str:
    """Return the numbers, from 1, of a view's lesions that are selected: "1 3"."""
    types, pathologies = row["lesion_types"].split("; "), row["pathologies"].split("; ")
    lesions = list(zip(types, pathologies, strict=True))[: row["abnormalities"]]
    taken = [n for n, lesion in enumerate(lesions, start=1) if selection.takes_lesion(*lesion)]
    return " ".join(map(str, taken))
