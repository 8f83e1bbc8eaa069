import json

import pandas as pd
import pytest

from camseg.datasets import inputs
from camseg.errors import CamsegError

LISTING = r".*\.csv"


@pytest.fixture
def folder(tmp_path):
    names = ("list.csv", "a.png", "a mask.png", "a second.png", "b.png", "c.png", "c.txt", "note")
    for name in names:
        (tmp_path / name).write_text(name)
    return tmp_path


def index_of(*rows):
    columns = ["status", "ics", "image", "outlines"]
    return pd.DataFrame(rows, columns=columns)


def test_files_of_views_that_were_looked_at_and_the_lists_count(folder):
    masks = [{"path": "a mask.png", "outline": "MASK"}, {"path": "a second.png"}]
    lesions = json.dumps([{"lesion_type": "MASS", "masks": masks}])
    index = index_of(
        ("usable", "", "a.png", lesions),
        ("rejected", "c.txt", "c.png", "gone.OVERLAY"),
        ("unselected", "", "b.png", ""),
    )
    found = [path.name for path in inputs.files_read(index, folder, LISTING)]
    assert found == ["a mask.png", "a second.png", "a.png", "c.png", "c.txt", "list.csv"]


def test_of_a_table_its_own_file_counts(folder):
    index = index_of(("usable", "", "a.png", '[{"shapes": [[{"kind": "circle"}]]}]'))
    found = inputs.files_read(index, folder / "list.csv", "")
    assert found == [folder / "a.png", folder / "list.csv"]


def test_what_is_written_is_read_back_and_a_cut_table_refused(tmp_path):
    digests = {"a b.png": {"bytes": 3, "sha256": "ab"}, "c": {"bytes": 0, "sha256": "cd"}}
    path = tmp_path / "inputs.tsv"
    inputs.table_of(digests).to_csv(path, sep="\t", index=False)
    assert inputs.read_digests(path) == digests
    path.write_text(path.read_text()[:-2])
    with pytest.raises(CamsegError, match=r"inputs\.tsv: ends in the middle of line 3"):
        inputs.read_digests(path)
