"""The sources that cases are read from. A reader states what differs between them, no more.

A new source needs an entry here, one in `camseg.discovery.FINDERS` and one in the configuration's
schema.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from camseg import cbis_ddsm, collection, ddsm_cases, picture_table
from camseg.views import Lesion


@dataclass(frozen=True)
class Reader:
    """What is known of one source.

    - `index_cases(path, grey)` yields the index rows of a case, its left and right view, from
      headers and text only; `reason` is filled in where a view cannot be used. `grey` says how
      calibrated grey levels will be read ("optical_density" or "min_max").
    - `lesions(row, folder, outline)` returns the lesions of a view in order; `outline` (boundary or
      core) chooses where the source has both.
    - `read_view(row, folder)` decodes a view's picture to two of (lines, pixels_per_line) uint8,
      bright where dense: as ROIs are cut from it, and linear in optical density or as near as the
      source allows. Raises CamsegError, naming the file, if it is not whole.
    """

    index_cases: Callable[[Path, str], Iterator[list[dict]]]
    lesions: Callable[[dict, Path, str], list[Lesion]]
    read_view: Callable[[dict, Path], tuple[np.ndarray, np.ndarray]]


READERS = {
    "ddsm": Reader(ddsm_cases.index_cases, ddsm_cases.lesions, ddsm_cases.read_view),
    "cbis_ddsm": Reader(cbis_ddsm.index_cases, collection.lesions, collection.read_view),
    "table": Reader(picture_table.index_cases, collection.lesions, collection.read_view),
}
