"""Which view of the index each ROI was cut from."""

from pathlib import Path

import numpy as np
import pandas as pd

from camseg.datasets.views import Row, read_index, rows_of
from camseg.errors import CamsegError
from camseg.io.checked import REMEDY
from camseg.rois.candidates import read_candidates


def read_origins(
    index: str | Path, candidates: str | Path, roi_id: np.ndarray
) -> tuple[pd.DataFrame, list[Row]]:
    """Return of each of `roi_id` (n,) its row of the candidates, and its view's of the index.

    From the study's tables `index` and `candidates`. Raises CamsegError if a ROI is in neither.
    """
    usable = read_index(index).query("status == 'usable'")
    of_view = {(row["case_id"], row["view"]): row for row in rows_of(usable)}
    rows = read_candidates(candidates).set_index("roi_id")
    missing = set(roi_id) - set(rows.index)
    if missing:
        raise CamsegError(f"{candidates}: ROI {min(missing)} is missing; {REMEDY}")
    rows = rows.loc[list(roi_id)]
    views = list(zip(rows["case_id"], rows["view"], strict=True))
    unknown = [f"{case} {view}" for case, view in views if (case, view) not in of_view]
    if unknown:
        raise CamsegError(f"{index}: {unknown[0]}, of a ROI, is no usable view; {REMEDY}")
    return rows, [of_view[view] for view in views]
