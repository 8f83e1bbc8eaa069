"""Views that have the same pixels, under whatever names: two sides of a split would share them."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from camseg.datasets.readers import reader
from camseg.datasets.views import Row, shape_of
from camseg.errors import CamsegError


def reject_copies(rows: Sequence[Row], folder: Path, *, everywhere: bool = False) -> None:
    """Reject, among the usable views of an index, those whose image an earlier one has already.

    Looked at are the cases with a lesion to take, or `everywhere`, and of them the views of equal
    size: of each a glance (see `readers.Reader`), and of those that look alike the whole. An image
    is read twice at most, a file with several names (links) once. One that cannot be decoded is no
    copy.
    """
    taken = {(row["case_id"], row["ics"]) for row in _usable(rows) if everywhere or row["selected"]}
    shapes = defaultdict(list)
    for row in _usable(rows):
        if (row["case_id"], row["ics"]) in taken:
            shapes[shape_of(row)].append(row)
    glances, wholes = _Digests(folder, _glance), _Digests(folder, _whole)
    for of_shape in shapes.values():
        for alike in _groups(of_shape, glances):
            for first, *copies in _groups(alike, wholes):
                for row in copies:
                    names = first["case_id"], first["view"], f"({first['image']})"
                    row["status"] = "rejected"
                    row["reason"] = f"its image has the same pixels as that of {' '.join(names)}"


class _Digests:
    """Digests of what `read` returns of the views' images, each file read once."""

    def __init__(self, folder: Path, read: Callable[[Row, Path], np.ndarray]):
        self.folder, self.read = folder, read
        self.known: dict[tuple[int, int], bytes] = {}

    def __call__(self, row: Row) -> bytes | None:
        """Return the digest of a view's image; None if it cannot be read."""
        try:
            status = (self.folder / row["image"]).stat()
            file = status.st_dev, status.st_ino
            if file not in self.known:
                pixels = np.ascontiguousarray(self.read(row, self.folder))
                self.known[file] = hashlib.blake2b(pixels.data, digest_size=16).digest()
            return self.known[file]
        except (CamsegError, OSError):  # told where ROIs are cut from it
            return None


def _glance(row: Row, folder: Path) -> np.ndarray:
    return reader(row["source"]).glance(row, folder)


def _whole(row: Row, folder: Path) -> np.ndarray:
    return reader(row["source"]).read_view(row, folder)[0]


def _groups(rows: list[Row], digests: _Digests) -> list[list[Row]]:
    """Return the groups of two or more rows with the same digest, each in the rows' order."""
    groups = defaultdict(list)
    if len(rows) > 1:
        for row in rows:
            if digest := digests(row):
                groups[digest].append(row)
    return [group for group in groups.values() if len(group) > 1]


def _usable(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if row["status"] == "usable"]
