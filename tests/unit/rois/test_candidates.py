import numpy as np
import pandas as pd
import pytest

from camseg.errors import CamsegError
from camseg.rois import candidates
from camseg.rois.candidates import BOX, COLUMNS, OF_ABNORMAL

THIN, BLANK = "shows too little breast", "there is no image"


def candidate(name, status="used", reason="", **values):
    """The row of a candidate named <pair>.<label>."""
    pair, label = name.split(".")
    row = dict.fromkeys(COLUMNS, "") | {"roi_id": name, "pair_id": pair, "label": label}
    row |= {"patient_id": pair, "abnormality": 1, "status": status, "reason": reason}
    if status == "used":
        row |= dict.fromkeys(BOX, 10)
        row |= dict.fromkeys(OF_ABNORMAL, 3) if label == "abnormal" else {}
    return row | values


def table(*rows):
    return pd.DataFrame(rows, columns=COLUMNS)


STUDY = table(
    candidate("c.normal", "dropped", THIN),
    candidate("a.abnormal"),
    candidate("b.normal", "unreadable", BLANK),
    candidate("a.normal"),
    candidate("b.abnormal", "unreadable", BLANK),
    candidate("c.abnormal"),
    candidate("d.normal", "dropped", THIN),
)
IN_ORDER = ["a.abnormal", "a.normal", "b.abnormal", "b.normal", "c.abnormal"]
IN_ORDER += ["c.normal", "d.normal"]


def test_a_table_is_written_by_roi_and_read_as_it_was(tmp_path):
    rows = [
        candidate("b.abnormal", breast_share=0.123456, x=-3, reason='a "quote"'),
        candidate("a.normal", lesion_type="MASS; CALCIFICATION"),
    ]
    candidates.write_candidates(tmp_path / "c.tsv", table(*rows))
    read = candidates.read_candidates(tmp_path / "c.tsv")
    assert tuple(read.columns) == COLUMNS
    as_text = [{name: str(value) for name, value in row.items()} for row in reversed(rows)]
    assert read.to_dict("records") == as_text


@pytest.mark.parametrize("parts", [[7], [4, 3], [1, 0, 3, 3]])
def test_shards_are_merged_to_the_table_of_one(tmp_path, parts):
    paths, start = [], 0
    for number, length in enumerate(parts):
        paths.append(tmp_path / f"{number}.tsv")
        candidates.write_candidates(paths[-1], STUDY.iloc[start : start + length])
        start += length
    merged = candidates.merge(reversed(paths))
    assert merged["roi_id"].tolist() == IN_ORDER
    candidates.write_candidates(tmp_path / "one.tsv", STUDY)
    candidates.write_candidates(tmp_path / "merged.tsv", merged)
    assert (tmp_path / "merged.tsv").read_bytes() == (tmp_path / "one.tsv").read_bytes()


def test_a_shard_that_makes_no_sense_is_named(tmp_path):
    candidates.write_candidates(tmp_path / "0.tsv", STUDY)
    candidates.write_candidates(tmp_path / "1.tsv", table(candidate("e.normal", w="")))
    with pytest.raises(CamsegError, match=r"1.tsv: a used ROI's w is no number; remove the file"):
        candidates.merge([tmp_path / "0.tsv", tmp_path / "1.tsv"])


def test_the_summary_counts_by_label_status_and_reason():
    assert candidates.summary(STUDY) == [
        "     1 abnormal unreadable there is no image",
        "     2 abnormal used ",
        "     2 normal dropped shows too little breast",
        "     1 normal unreadable there is no image",
        "     1 normal used ",
    ]
    assert candidates.summary(table()) == []


def test_what_was_odd_about_used_rois_is_counted():
    rows = [
        candidate("a.abnormal") | {"notes": "only 9 of 256 grey levels are in use; 1 specks"},
        candidate("b.abnormal") | {"notes": "only 7 of 256 grey levels are in use"},
        candidate("c.abnormal", "dropped", "too thin") | {"notes": "2 specks"},
        candidate("d.abnormal"),
    ]
    assert candidates.warnings(table(*rows)) == [
        "warning: 2 ROIs: only ... of ... grey levels are in use "
        "(e.g. a.abnormal: only 9 of 256 grey levels are in use)",
        "warning: 1 ROIs: 1 specks",
    ]


def test_rois_of_both_classes_are_enough():
    candidates.check_usable(STUDY, strict=False)
    candidates.check_usable(STUDY[STUDY["status"] != "unreadable"], strict=True)


@pytest.mark.parametrize(
    ("kept", "line"),
    [
        ([1, 5], "nothing to train on: 2 abnormal and 0 normal ROIs are usable of 2 candidates"),
        ([3], "nothing to train on: 0 abnormal and 1 normal ROIs are usable of 1 candidates"),
        ([], "nothing to train on: 0 abnormal and 0 normal ROIs are usable of 0 candidates"),
        (
            [0, 1, 2, 6],
            "nothing to train on: 1 abnormal and 0 normal ROIs are usable of 4 candidates: "
            "1 x there is no image (e.g. b.normal); 2 x shows too little breast (e.g. c.normal)",
        ),
        (
            [3, 4],
            "nothing to train on: 0 abnormal and 1 normal ROIs are usable of 2 candidates: "
            "1 x there is no image (e.g. b.abnormal)",
        ),
    ],
)
def test_with_one_class_there_is_nothing_to_train_on(kept, line):
    with pytest.raises(CamsegError) as error:
        candidates.check_usable(STUDY.iloc[kept], strict=False)
    assert str(error.value) == line


def test_causes_come_before_what_follows_from_them_and_paths_are_left_out():
    follows = "its abnormal ROI is dropped"
    rows = [candidate(f"{pair}.normal", "dropped", follows) for pair in "abcd"]
    rows += [
        candidate("a.abnormal", "unreadable", "my masks/1.png: is no mask"),
        candidate("b.abnormal", "dropped", "the lesion is one pixel wide"),
        candidate("c.abnormal", "dropped", "the lesion is one pixel wide"),
        candidate("d.abnormal", "unreadable", "my masks/2.png: is no mask"),
        candidate("e.abnormal"),
        candidate("e.normal", "unreadable", "e.png is missing"),
    ]
    with pytest.raises(CamsegError) as error:
        candidates.check_usable(table(*rows), strict=False)
    assert str(error.value) == (
        "nothing to train on: 1 abnormal and 0 normal ROIs are usable of 10 candidates: "
        "2 x is no mask (e.g. a.abnormal); 1 x ... is missing (e.g. e.normal); "
        "2 x the lesion is one pixel wide (e.g. b.abnormal); 4 x " + follows + " (e.g. a.normal)"
    )
    assert candidates.summary(table(*rows))[:2] == [
        "     2 abnormal dropped the lesion is one pixel wide",
        "     2 abnormal unreadable is no mask (e.g. a.abnormal: my masks/1.png: is no mask)",
    ]


def test_an_unreadable_candidate_is_an_error_only_if_strict():
    with pytest.raises(CamsegError) as error:
        candidates.check_usable(STUDY, strict=True)
    assert str(error.value) == "2 ROIs are lost: 2 x there is no image (e.g. b.abnormal)"


def test_an_empty_table_can_be_merged_and_says_so(tmp_path):
    """A shard of no case: an index without a lesion in it is refused before."""
    candidates.write_candidates(tmp_path / "c.tsv", table())
    merged = candidates.merge([tmp_path / "c.tsv", tmp_path / "c.tsv"])
    assert tuple(merged.columns) == COLUMNS
    assert np.size(merged) == 0
    with pytest.raises(CamsegError, match=r"usable of 0 candidates$"):
        candidates.check_usable(merged, strict=True)
