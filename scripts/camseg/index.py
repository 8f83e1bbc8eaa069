"""Which cases and views there are, and which of them can be used, from headers and text only."""

from collections.abc import Iterator
from pathlib import Path

from camseg.discovery import home
from camseg.readers import READERS
from camseg.views import reason_below


def index_cases(path: Path, source: str = "ddsm") -> Iterator[list[dict]]:
    """Yield, case by case, the index rows of its left and right view; `source` is a reader's name.

    A row has the keys camseg.views.COLUMNS; `status` is "usable", "rejected" with its `reason`, or
    "absent" (the source does not claim to have that view). Paths are relative to `home(path)`.
    `abnormalities` counts the lesions of a view.
    """
    folder = home(path)
    for rows in READERS[source].index_cases(path):
        for row in rows:
            row["source"] = source
            row["reason"] = reason_below(folder, row["reason"])
            row["status"] = row["status"] or ("rejected" if row["reason"] else "usable")
        yield rows
