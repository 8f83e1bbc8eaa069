import json
import math

import pandas as pd
import pytest

from camseg.errors import CamsegError
from camseg.io import checked
from camseg.io.checked import NATURAL, SHARE, Number, read_json, read_table

COLUMNS = {"id": None, "label": ("normal", "abnormal"), "share": Number(0, 1, blank=True)}
COLUMNS |= {"n": NATURAL}
TABLE = "id\tlabel\tshare\tn\tnote\n01\tnormal\t\t3\tü\n02\tabnormal\t0.25\t1\t5\n"


def test_a_table_is_read_with_its_types(tmp_path):
    path = tmp_path / "t.tsv"
    path.write_text(TABLE)
    table = read_table(path, COLUMNS, ["id"])
    assert list(table.columns) == ["id", "label", "share", "n", "note"]
    assert list(table["id"]) == ["01", "02"]
    assert math.isnan(table["share"][0])
    assert table["share"][1] == 0.25
    assert table["n"].dtype == int
    assert list(table["note"]) == ["ü", "5"]


def test_what_pandas_writes_is_what_comes_back(tmp_path):
    table = pd.DataFrame({"id": ['a "quoted"', "tab\tand\nline"], "share": [0.1 + 0.2, 1e-300]})
    for name, separator in (("t.tsv", "\t"), ("t.csv", ",")):
        table.to_csv(tmp_path / name, sep=separator, index=False)
        read = read_table(tmp_path / name, {"id": None, "share": SHARE})
        pd.testing.assert_frame_equal(read, table, check_exact=True)


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("label", "lable", "t.tsv: has no column label; "),
        ("note", "share", "t.tsv: has a column twice; "),
        ("\tnormal", "\tnorml", "t.tsv:2: label is 'norml', none of normal, abnormal; "),
        ("0.25", "0,25", "t.tsv:3: share is '0,25', not a number from 0 to 1; "),
        ("0.25", "1.25", "t.tsv:3: share is '1.25', not a number from 0 to 1; "),
        ("0.25", "nan", "t.tsv:3: share is 'nan', not a number from 0 to 1; "),
        ("\t3\t", "\t3.5\t", "t.tsv:2: n is '3.5', not a whole number from 1 to inf; "),
        ("\t3\t", "\t\t", "t.tsv:2: n is '', not a whole number from 1 to inf; "),
        ("\t3\tü", "\t3", "t.tsv:2: has 4 fields, the header 5; "),
        ("\tü", "\tü\tü", "t.tsv:2: has 6 fields, the header 5; "),
        ("02", "01", "t.tsv:3: 01 stands in line 2, too; "),
        ("\t5\n", "\t5", "t.tsv: ends in the middle of line 3; "),
        ("\tü", '\t"ü', "t.tsv: is no table: unexpected end of data; "),
        (TABLE, "", "t.tsv: has no column id; "),
    ],
)
def test_what_no_stage_wrote_is_one_line(tmp_path, old, new, fault):
    path = tmp_path / "t.tsv"
    assert old in TABLE
    path.write_text(TABLE.replace(old, new, 1))
    with pytest.raises(CamsegError) as error:
        read_table(path, COLUMNS, ["id"])
    assert str(error.value) == f"{tmp_path}/{fault}{checked.REMEDY}"


def test_no_truncation_of_a_table_goes_unnoticed_within_a_line(tmp_path):
    path = tmp_path / "t.tsv"
    data = TABLE.encode()
    for length in range(len(data)):
        path.write_bytes(data[:length])
        if data[:length].endswith(b"\n"):
            assert len(read_table(path, COLUMNS, ["id"])) < 2
        else:
            with pytest.raises(CamsegError, match=r"t\.tsv: .*; remove the file"):
                read_table(path, COLUMNS, ["id"])


def test_bytes_that_are_no_text_are_one_line(tmp_path):
    path = tmp_path / "t.tsv"
    for data in (b"\xff\xfe\0\1", b"\x89HDF\r\n", bytes(range(256))):
        path.write_bytes(data)
        with pytest.raises(CamsegError, match=r"t\.tsv: .*; remove the file"):
            read_table(path, COLUMNS)


def test_json_is_read_with_its_types(tmp_path):
    path = tmp_path / "m.json"
    kinds = {"model": None, "val_acc": SHARE, "epochs": NATURAL}
    good = {"model": "Xception", "val_acc": 1, "epochs": 3, "more": [1]}
    path.write_text(json.dumps(good))
    assert read_json(path, kinds) == good
    for spoilt, fault in (
        ({"epochs": "3"}, "epochs is '3'"),
        ({"epochs": 3.5}, "epochs is '3.5', not a whole number from 1 to inf"),
        ({"val_acc": math.nan}, "val_acc is 'nan', not a number from 0 to 1"),
        ({"val_acc": None}, "val_acc is None"),
        ({"model": 7}, "model is 7"),
    ):
        path.write_text(json.dumps(good | spoilt))
        with pytest.raises(CamsegError) as error:
            read_json(path, kinds)
        assert str(error.value) == f"{path}: {fault}; {checked.REMEDY}"
    for text, fault in (
        (json.dumps({"model": "x", "val_acc": 0.5}), "has no epochs"),
        ("[]", "has no model"),
        (json.dumps(good)[:-5], "is no whole JSON file: "),
        ("", "is no whole JSON file: "),
    ):
        path.write_text(text)
        with pytest.raises(CamsegError, match=rf"m\.json: {fault}.*; remove the file"):
            read_json(path, kinds)
