"""How large the pixels of the images are that ROIs were cut from."""

from pathlib import Path

import numpy as np

from camseg.datasets.views import read_index, rows_of
from camseg.errors import CamsegError
from camseg.io.checked import REMEDY
from camseg.rois.candidates import read_candidates


def read_resolution(index: str | Path, candidates: str | Path, roi_id: np.ndarray) -> np.ndarray:
    """Return the micrometres per pixel of each ROI's source image: (n,) float64, NaN if unknown.

    From the tables `index` and `candidates` of the study. The DDSM says it of every scanner;
    CBIS-DDSM and tables of images do not. Raises CamsegError if a ROI is in neither table.
    """
    usable = read_index(index).query("status == 'usable'")
    of_view = {(row["case_id"], row["view"]): row["resolution"] for row in rows_of(usable)}
    rows = read_candidates(candidates).set_index("roi_id")
    missing = set(roi_id) - set(rows.index)
    if missing:
        raise CamsegError(f"{candidates}: ROI {min(missing)} is missing; {REMEDY}")
    views = list(zip(*(rows.loc[roi_id, name] for name in ("case_id", "view")), strict=True))
    unknown = [f"{case} {view}" for case, view in views if (case, view) not in of_view]
    if unknown:
        raise CamsegError(f"{index}: {unknown[0]}, of a ROI, is no usable view; {REMEDY}")
    found = np.array([of_view[view] for view in views], np.float64)
    return np.where(found > 0, found, np.nan)
