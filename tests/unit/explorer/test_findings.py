import pandas as pd
import pytest

from camseg.errors import CamsegError
from camseg.explorer import findings, shards
from camseg.io import store


@pytest.fixture
def study(explored):
    return findings.read_study([explored / "shard-0.h5", explored / "shard-1.h5"])


def test_rois_come_shard_by_shard_each_with_its_place(explored, study):
    rois, place = study
    for name, (shard, row) in zip(rois.roi_id, place, strict=True):
        assert store.read_rois([explored / f"shard-{shard}.h5"]).roi_id[row] == name
    assert len(set(rois.roi_id)) == len(rois) == 10


def test_what_is_known_of_a_roi(explored, study):
    rois, place = study
    found = findings.describe(rois, place, explored / "index.tsv", explored / "candidates.tsv")
    assert found["abnormal"] == [1] * 5 + [0] * 5
    assert found["picture"] == [[200, 300]] * 10
    x, y, w, h = rois.box[2]
    share = rois.mask[2].sum() / 32**2
    assert found["box"][2] == [x, y, w, h]
    assert found["share"][2] == pytest.approx(share, rel=1e-5)
    assert found["area"][2] == pytest.approx(share * w * h * 0.1**2, rel=1e-5)  # 0.1 mm a pixel
    assert found["area"][5:] == found["share"][5:] == [None] * 5
    odd = {number: flags for number, flags in enumerate(found["flags"]) if flags}
    assert odd == {1: ["cut off at the picture's edge", "noted"]}
    assert found["notes"][1] == "an odd thing"


def test_every_flag_has_its_column():
    row = dict.fromkeys(("clipped_left", "clipped_top", "clipped_right", "clipped_bottom"), "0")
    row |= {"touches_edge": "no", "components": "1", "neighbours": "0", "mask_mended": ""}
    row |= {"notes": ""}
    assert findings.flags_of(row) == []
    assert findings.flags_of(dict.fromkeys(row, "")) == []  # of a normal ROI
    odd = {"clipped_right": "2", "touches_edge": "yes", "components": "2", "neighbours": "1"}
    odd |= {"mask_mended": "yes", "notes": "x"}
    found = [findings.flags_of(row | {name: value}) for name, value in odd.items()]
    assert [len(flags) for flags in found] == [1] * len(odd)
    assert findings.flags_of(row | odd) == [flag for (flag,) in found]


def test_scores_are_those_of_the_tables(explored, study):
    rois, _ = study
    path = explored / "saliency/Net/split-0.tsv"
    (found,) = findings.of_sets(shards.map_sets(["saliency"], ["Net"], [path]), rois)
    table = pd.read_csv(path, sep="\t").set_index("roi_id").loc[rois.roi_id]
    for name in ("dice", "placement"):
        for value, expected in zip(found[name], table[name], strict=True):
            assert (value is None) == (expected != expected)
            assert value is None or value == pytest.approx(expected, rel=1e-5)
    assert found["threshold"] == table["threshold"].iloc[0]
    assert [rois.roi_id[row] for row in found["degenerate"]] == ["B-0003-1.LEFT_CC.1.abnormal"]


def test_sides_and_probabilities_are_in_the_order_of_the_rois(explored, study):
    rois, _ = study
    splits = findings.of_splits([explored / "split-0.tsv"], rois)
    assert splits == {"split-0": "ttvvuttvvu"}
    path = explored / "cam/Other/split-0/predictions.tsv"
    (found,) = findings.of_trainings(["cam"], ["Other"], [path], rois, splits)
    table = pd.read_csv(path, sep="\t").set_index("roi_id")["probability"]
    for name, value in zip(rois.roi_id, found["probability"], strict=True):
        assert value is None if name not in table else value == pytest.approx(table[name], 1e-5)
    assert (found["regime"], found["model"], found["split"]) == ("cam", "Other", "split-0")


@pytest.mark.parametrize("change", [lambda table: table[1:], lambda table: table.replace(
    {"label": {"normal": "abnormal"}})], ids=["row", "label"])  # fmt: skip
def test_predictions_of_other_rois_are_refused(explored, study, tmp_path, change):
    rois, _ = study
    splits = findings.of_splits([explored / "split-0.tsv"], rois)
    table = pd.read_csv(explored / "cam/Net/split-0/predictions.tsv", sep="\t")
    path = tmp_path / "split-0/predictions.tsv"
    path.parent.mkdir()
    change(table).to_csv(path, sep="\t", index=False)
    with pytest.raises(CamsegError, match=r"predictions.tsv: is not of the split's ROIs; remove"):
        findings.of_trainings(["cam"], ["Net"], [path], rois, splits)


def test_scores_of_other_rois_are_refused(explored, study, tmp_path):
    rois, _ = study
    text = (explored / "grad_cam/Net/split-0.tsv").read_text()
    path = tmp_path / "split-0.tsv"
    path.write_text(text.replace("A-0001-1.LEFT_CC.1.abnormal", "Z"))
    with pytest.raises(
        CamsegError, match=r"split-0.tsv: ROI A-0001-1.LEFT_CC.1.abnormal is not of"
    ):
        findings.of_sets(shards.map_sets(["grad_cam"], ["Net"], [path]), rois)


def test_numbers_have_nine_digits_and_gaps_are_none():
    assert findings.numbers(pd.Series([0.12345678949, float("nan"), 1234567.0])) == [
        0.123456789, None, 1234567.0,
    ]  # fmt: skip
