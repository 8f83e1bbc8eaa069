"""How large the pixels of the images are that ROIs were cut from."""

from pathlib import Path

import numpy as np

from camseg.scoring.origins import read_origins


def read_resolution(index: str | Path, candidates: str | Path, roi_id: np.ndarray) -> np.ndarray:
    """Return the micrometres per pixel of each ROI's source image: (n,) float64, NaN if unknown.

    From the tables `index` and `candidates` of the study. The DDSM says it of every scanner;
    CBIS-DDSM and tables of images do not. Raises CamsegError if a ROI is in neither table.
    """
    _, views = read_origins(index, candidates, roi_id)
    found = np.array([view["resolution"] for view in views], np.float64)
    return np.where(found > 0, found, np.nan)
