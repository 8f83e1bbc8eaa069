import numpy as np
import pytest

from camseg.errors import CamsegError
from camseg.explanations.parts import Parts

WORK = {"options": {"score": "margin"}, "data": ["a"]}


def arrays(first: int, n: int = 2) -> tuple[np.ndarray, np.ndarray]:
    rows = np.arange(first, first + n)
    return rows.astype(np.float32), np.stack([rows, rows], axis=1)


def test_what_was_saved_is_gone_on_from(tmp_path, capsys):
    folder = tmp_path / "split-0.parts"
    parts = Parts(folder, WORK, 0)
    assert list(parts.load()) == []
    for first in (0, 2, 4):
        parts.add(*arrays(first))
    again = Parts(folder, dict(reversed(WORK.items())), 0)
    found = list(again.load())
    assert again.first == 6
    assert "going on after 6 ROIs" in capsys.readouterr().err
    for number, expected in enumerate(zip(*map(arrays, (0, 2, 4)), strict=True)):
        joined = np.concatenate([part[number] for part in found])
        np.testing.assert_array_equal(joined, np.concatenate(expected))
        assert joined.dtype == expected[0].dtype
    again.add(*arrays(6))
    assert len(list(Parts(folder, WORK, 0).load())) == 4
    again.remove()
    assert not folder.exists()


def test_quick_work_saves_nothing(tmp_path):
    parts = Parts(tmp_path / "split-0.parts", WORK, 3600)
    parts.add(*arrays(0))
    assert not parts.folder.exists()
    parts.remove()


def test_all_since_the_last_time_is_saved_in_one_file(tmp_path):
    parts = Parts(tmp_path, WORK, 3600)
    parts.add(*arrays(0))
    parts.seconds = 0
    parts.add(*arrays(2))
    assert len(list(tmp_path.iterdir())) == 1
    (part,) = Parts(tmp_path, WORK, 0).load()
    np.testing.assert_array_equal(part[0], [0, 1, 2, 3])


def test_other_work_is_not_gone_on_from(tmp_path):
    Parts(tmp_path, WORK, 0).add(*arrays(0))
    assert list(Parts(tmp_path, WORK | {"data": ["b"]}, 0).load()) == []


def test_a_gap_ends_what_is_gone_on_from(tmp_path):
    parts = Parts(tmp_path, WORK, 0)
    for first in (0, 2, 4):
        parts.add(*arrays(first))
    sorted(tmp_path.iterdir())[1].unlink()
    assert len(list(Parts(tmp_path, WORK, 0).load())) == 1


def test_a_damaged_part_is_told(tmp_path):
    Parts(tmp_path, WORK, 0).add(*arrays(0))
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(CamsegError, match="is no whole part: remove it to go on"):
        list(Parts(tmp_path, WORK, 0).load())
