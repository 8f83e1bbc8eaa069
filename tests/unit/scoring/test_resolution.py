import numpy as np
import pandas as pd
import pytest

from camseg.datasets.views import COLUMNS as OF_INDEX
from camseg.errors import CamsegError
from camseg.rois.candidates import COLUMNS as OF_CANDIDATES
from camseg.scoring.resolution import read_resolution

VIEWS = [  # case, view, status, resolution
    ("a", "LEFT_CC", "usable", "43.5"),
    ("a", "RIGHT_CC", "usable", "42"),
    ("b", "LEFT_CC", "usable", ""),
    ("c", "LEFT_CC", "usable", "0.0"),
    ("d", "LEFT_CC", "rejected", "50"),
]


@pytest.fixture
def tables(tmp_path):
    """The paths of an index and of a table of candidates, a ROI for each view."""
    names = ("case_id", "view", "status", "resolution")
    rest = {"abnormalities": "1", "selected": "1", "source": "ddsm"}
    rest |= {"lines": "9", "pixels_per_line": "9"}
    views = [dict(zip(names, view, strict=True)) | rest for view in VIEWS]
    index = pd.DataFrame(views).reindex(columns=OF_INDEX, fill_value="")
    rois = [
        {"roi_id": f"{case}.{view}", "case_id": case, "view": view, "label": "normal"}
        | {"status": "used", "abnormality": "1"}
        | dict.fromkeys("xywh", "5")
        for case, view, _, _ in VIEWS
    ]
    candidates = pd.DataFrame(rois).reindex(columns=OF_CANDIDATES, fill_value="")
    paths = tmp_path / "index.tsv", tmp_path / "candidates.tsv"
    for table, path in zip((index, candidates), paths, strict=True):
        table.to_csv(path, sep="\t", index=False)
    return paths


def test_micrometres_per_pixel_of_each_rois_own_view(tables):
    names = np.array(["b.LEFT_CC", "a.RIGHT_CC", "a.LEFT_CC", "c.LEFT_CC"], object)
    found = read_resolution(*tables, names)
    np.testing.assert_array_equal(found, [np.nan, 42, 43.5, np.nan])  # 0 says nothing


def test_rois_of_other_tables_are_refused(tables):
    with pytest.raises(CamsegError, match=r"candidates.tsv: ROI e.LEFT_CC is missing; remove"):
        read_resolution(*tables, np.array(["e.LEFT_CC"], object))
    with pytest.raises(CamsegError, match=r"index.tsv: d LEFT_CC, of a ROI, is no usable view;"):
        read_resolution(*tables, np.array(["d.LEFT_CC"], object))
