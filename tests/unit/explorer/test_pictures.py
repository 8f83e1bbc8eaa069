import base64
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from camseg.errors import CamsegError
from camseg.explorer import pictures


def test_a_picture_has_160_pixels_on_its_longer_side_and_spread_grey_levels():
    image = np.tile(np.linspace(40, 90, 400).astype(np.uint8), (800, 1))
    small = pictures.shrink(image)
    assert small.shape == (160, 80)
    assert (small.min(), small.max()) == (0, 255)
    assert (np.diff(small[0].astype(int)) >= 0).all()


def test_a_small_or_blank_picture_keeps_its_size():
    assert pictures.shrink(np.full((9, 7), 5, np.uint8)).shape == (9, 7)


def test_each_view_is_read_once_and_named_by_case_and_view(monkeypatch, tmp_path):
    read = []

    def read_view(row, folder):
        read.append(row["view"])
        return np.tile(np.arange(200, dtype=np.uint8), (100, 1)), None

    monkeypatch.setattr(pictures, "reader", lambda source: SimpleNamespace(read_view=read_view))
    rows = [{"case_id": "A", "view": view, "source": "x"} for view in ("L", "R", "L")]
    found = pictures.pictures(rows, tmp_path)
    assert sorted(read) == ["L", "R"]
    assert list(found) == ["A L", "A R"]
    data = np.frombuffer(base64.b64decode(found["A L"]), np.uint8)
    assert cv2.imdecode(data, cv2.IMREAD_UNCHANGED).shape == (80, 160)
    pictures.write_pictures(tmp_path / "views.json", found)
    assert pictures.read_pictures(tmp_path / "views.json", {"A R"}) == found
    with pytest.raises(CamsegError, match=r"views.json: has no B L"):
        pictures.read_pictures(tmp_path / "views.json", {"B L"})
