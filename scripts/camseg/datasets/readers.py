"""What a reader of a data set is. Each is a module of `camseg.datasets.sources`, found by name.

A reader states what differs between the sources, no more: it is a module with these functions.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol, cast

import numpy as np

from camseg import named
from camseg.datasets.views import SOURCES, Lesion, Row


class Reader(Protocol):
    """What is known of one source."""

    def index_cases(self, listed: list[Path], folder: Path, grey: str) -> Iterator[list[Row]]:
        """Yield the index rows of each case: its left and its right view, or its one view.

        From headers and text only; `reason` is filled in where a view cannot be used. `listed` are
        the files that list the cases (see `discovery.find`), `folder` is where paths in the index
        start. `grey` says how calibrated grey levels will be read ("optical_density" or
        "min_max"). Raises CamsegError if a list cannot be read.
        """
        ...

    def lesions(self, row: Row, folder: Path) -> list[Lesion]:
        """Return the lesions of a view in order, each with all its outlines, the largest first."""
        ...

    def read_view(self, row: Row, folder: Path) -> tuple[np.ndarray, np.ndarray]:
        """Decode a view's image to two of (lines, pixels_per_line) uint8, bright where dense.

        As ROIs are cut from it, and linear in optical density or as near as the source allows.
        Raises CamsegError, naming the file, if it is not whole.
        """
        ...

    def glance(self, row: Row, folder: Path) -> np.ndarray:
        """Return some pixels of a view's image, the same of equal images; errors as `read_view`.

        What is cheap and tells most images apart: the first rows, where they can be had alone.
        """
        ...


def reader(source: str) -> Reader:
    """Return the reader of the `source` that an index row names; CamsegError if there is none."""
    return cast(Reader, named.load(SOURCES, source, "source"))
