"""Which files of a data set a study has read: those that list its cases, and those of its index."""

import json
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from camseg.datasets.discovery import find, home
from camseg.io.checked import REMEDY, Columns, Number, read_table
from camseg.io.digests import Digest

PLACES = ("ics", "image", "outlines")  # the columns of an index that hold paths
READ = ("usable", "rejected")  # the states of views whose files are opened
COLUMNS: Columns = {"file": None, "bytes": Number(0, whole=True), "sha256": None}


def files_read(index: pd.DataFrame, path: Path, listing: str) -> list[Path]:
    """Return the files of the data set at `path` that a study of this index reads, sorted.

    `listing` says which files list the cases (see `discovery.find`); of an index, a table as of
    `views.read_index`, count the views that were looked at. Only files that are there.
    """
    folder = home(path)
    rows = index[index["status"].isin(READ)]
    named = {text for column in PLACES for cell in rows[column] for text in _paths(cell)}
    found = {folder / name for name in named}
    return sorted({*filter(Path.is_file, found), *find(path, listing)})


def _paths(cell: str) -> Iterator[str]:
    """Yield the paths in a cell: itself, or those in what it holds as JSON."""
    if not cell.startswith(("[", "{")):
        if cell:
            yield cell
        return
    waiting = [json.loads(cell)]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting += [below for key, below in value.items() if key != "path"]
            if "path" in value:
                yield value["path"]
        elif isinstance(value, list):
            waiting += value


def table_of(digests: dict[str, Digest]) -> pd.DataFrame:
    """Return a row per file: COLUMNS."""
    rows = [(name, each["bytes"], each["sha256"]) for name, each in digests.items()]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def read_digests(path: str | Path) -> dict[str, Digest]:
    """Return the files of such a table; CamsegError if it is not whole."""
    rows = read_table(path, COLUMNS, ["file"], remedy=REMEDY).to_dict("records")
    return {row["file"]: {"bytes": row["bytes"], "sha256": row["sha256"]} for row in rows}
