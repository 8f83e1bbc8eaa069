import numpy as np
import pandas as pd
import pytest

from camseg.datasets.views import COLUMNS as OF_INDEX
from camseg.errors import CamsegError
from camseg.rois.candidates import COLUMNS as OF_CANDIDATES
from camseg.scoring.origins import read_origins

VIEWS = [("a", "LEFT_CC", "usable"), ("a", "RIGHT_CC", "usable"), ("d", "LEFT_CC", "rejected")]


@pytest.fixture
def tables(tmp_path):
    """The paths of an index and of a table of candidates, a ROI for each view."""
    rest = {"abnormalities": "1", "selected": "1", "source": "ddsm", "pixels_per_line": "9"}
    views = [
        dict(zip(("case_id", "view", "status"), view, strict=True)) | rest | {"lines": f"{lines}"}
        for lines, view in enumerate(VIEWS, start=1)
    ]
    rois = [
        {"roi_id": f"{case}.{view}", "case_id": case, "view": view, "label": "normal"}
        | {"status": "used", "abnormality": "1", "y": "5", "w": "5", "h": "5", "x": f"{number}"}
        for number, (case, view, _) in enumerate(VIEWS)
    ]
    paths = tmp_path / "index.tsv", tmp_path / "candidates.tsv"
    for rows, names, path in zip((views, rois), (OF_INDEX, OF_CANDIDATES), paths, strict=True):
        pd.DataFrame(rows).reindex(columns=names, fill_value="").to_csv(path, sep="\t", index=False)
    return paths


def test_each_roi_comes_with_its_own_view(tables):
    rows, views = read_origins(*tables, np.array(["a.RIGHT_CC", "a.LEFT_CC"], object))
    assert list(rows["x"]) == ["1", "0"]
    assert [(view["view"], view["lines"]) for view in views] == [("RIGHT_CC", 2), ("LEFT_CC", 1)]


def test_rois_of_other_tables_are_refused(tables):
    with pytest.raises(CamsegError, match=r"candidates.tsv: ROI e.LEFT_CC is missing; remove"):
        read_origins(*tables, np.array(["e.LEFT_CC"], object))
    with pytest.raises(CamsegError, match=r"index.tsv: d LEFT_CC, of a ROI, is no usable view;"):
        read_origins(*tables, np.array(["d.LEFT_CC"], object))
