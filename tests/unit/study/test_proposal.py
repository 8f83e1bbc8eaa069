"""What configuration is proposed for which index and which ROIs."""

import pandas as pd
import pytest
import yaml

from camseg.datasets.views import new_row
from camseg.errors import CamsegError
from camseg.study import proposal
from camseg.study.proposal import Change
from camseg.study.sample import Grey
from project import ROOT


def view(case, name, lesions=0, status="usable", patient=None):
    patient = case if patient is None else patient
    values = {"patient_id": patient, "status": status, "abnormalities": lesions}
    return new_row(case_id=case, view=name, **values)


def keys(changes):
    return {change.key: change.value for change in changes}


PAIR = [view("a", "LEFT_MLO", 1), view("a", "RIGHT_MLO")]
LONE = [view("b", "LEFT_MLO", 1), view("b", "RIGHT_MLO", status="rejected")]
NORMAL = [view("c", "LEFT_MLO"), view("c", "RIGHT_MLO", status="absent")]


@pytest.mark.parametrize(
    ("rows", "normal"),
    [
        (PAIR, None),  # the default: contralateral
        (PAIR + LONE + NORMAL, None),  # half of two lesions
        ([*PAIR, view("d", "LEFT_MLO", 2), view("e", "LEFT_MLO")], "other_images"),  # a third
        ([*PAIR, view("d", "LEFT_MLO", 2)], "same_image"),  # no LEFT_MLO is without a lesion
        (LONE + NORMAL, "other_images"),
        (LONE, "same_image"),
        ([*LONE, view("c", "LEFT_CC")], "same_image"),  # of another projection
        # of a patient with a lesion elsewhere
        ([*LONE, view("c", "LEFT_MLO"), view("c", "RIGHT_CC", 1)], "same_image"),
        ([view("a", "LEFT", 1), view("b", "RIGHT")], "same_image"),  # of another case
        ([view("x", "IMAGE", 1, patient=""), view("y", "IMAGE", patient="")], "other_images"),
    ],
)
def test_normal_rois_come_from_where_half_of_the_lesions_can_have_one(rows, normal):
    assert keys(proposal.of_index(rows, whole=False)).get("rois.normal") == normal


def test_nothing_is_cut_from_regions_already_cut():
    assert keys(proposal.of_index(LONE, whole=True)) == {}


def test_where_no_patient_is_known_the_split_is_by_image():
    unknown = [view("a", "LEFT", 1, patient=""), view("a", "RIGHT", patient="")]
    assert keys(proposal.of_index(unknown, whole=False)) == {"split.by": "image"}
    assert keys(proposal.of_index(unknown + PAIR, whole=False)) == {}


def breasts(*pairs):
    rows = [{"case_id": f"c{n}", "view": v, "breast_side": s} for n, (v, s) in enumerate(pairs)]
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    ("found", "wall"),
    [
        ([("LEFT_CC", "left"), ("RIGHT_CC", "right")] * 5, None),
        ([("LEFT_CC", "left"), ("RIGHT_CC", "left")] * 5, "left"),
        ([("LEFT_CC", "right"), ("RIGHT_CC", "right"), ("LEFT_CC", "")] * 5, "right"),
        ([("LEFT_CC", "left"), ("RIGHT_CC", "right"), ("RIGHT_CC", "left")] * 5, "found"),
        ([("LEFT_CC", "left")] * 19 + [("RIGHT_CC", "left")], None),  # one of 20, by mistake
        ([("LEFT_CC", "right")] * 9, "found"),  # one side alone cannot tell a rule for both
        ([("IMAGE", "")] * 3, None),
    ],
)
def test_pictures_stored_turned_are_told_by_the_breasts(found, wall):
    assert keys(proposal.chest_wall(breasts(*found))).get("rois.chest_wall") == wall


@pytest.mark.parametrize(
    ("abnormal", "normal", "share", "splits"),
    [(100, 100, 1.0, None), (97, 120, 1.0, 5), (120, 97, 1.0, 5), (10, 10, 0.1, None)],
)
def test_several_splits_where_a_fifth_is_few(abnormal, normal, share, splits):
    labels = ["abnormal"] * abnormal + ["normal"] * normal
    table = pd.DataFrame({"label": labels, "status": "used"})
    lost = pd.DataFrame({"label": ["normal"] * 500, "status": "dropped"})
    changes = proposal.splits(pd.concat([table, lost]), share)
    assert keys(changes).get("splits") == splits


def test_a_stretched_range_is_mended_where_it_makes_the_grey():
    good, hot = Grey(16, 0, 4000, False), Grey(16, 0, 65535, True)
    assert proposal.grey([good, good]) == []
    assert keys(proposal.grey([good, hot])) == {"rois.grey": "robust"}


@pytest.fixture
def config():
    return proposal.defaults(ROOT)


CHANGES = [
    Change("pathvars.results", "results/my set"),
    Change("dataset.source", "image_folder"),
    Change("dataset.path", "odd: folder #1 é"),
    Change("rois.normal", "same_image", "a reason: with #, and 'quotes'"),
    Change("splits", 5),
]


def test_what_is_written_is_read_as_the_changes_and_no_more(tmp_path, monkeypatch, config):
    proposal.write(tmp_path / "config.yaml", CHANGES, ["a heading: #1"])
    written = yaml.safe_load((tmp_path / "config.yaml").read_text())
    for section, values in written.items():
        if isinstance(values, dict):
            assert values.keys() <= config[section].keys()
    merged = {
        key: value | written.get(key, {}) if isinstance(value, dict) else written.get(key, value)
        for key, value in config.items()
    }
    assert merged == proposal.merged(config, CHANGES) != config
    (tmp_path / "odd: folder #1 é").mkdir()
    monkeypatch.chdir(tmp_path)
    proposal.check(merged, ROOT)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (Change("rois.normal", "elsewhere"), "config: rois.normal: 'elsewhere'"),
        (Change("dataset.path", "nowhere/at/all"), "config: dataset.path: there is no folder"),
        (Change("dataset.path", "a{b}"), "a path must not"),
    ],
)
def test_a_proposal_that_a_study_would_refuse_is_refused(config, change, said):
    merged = proposal.merged(config, [Change("dataset.source", "ddsm"), change])
    with pytest.raises(CamsegError, match=r"^[^\n]*$") as caught:
        proposal.check(merged, ROOT)
    assert said in str(caught.value)


def test_the_clone_is_that_of_the_code_or_the_folder_one_is_in(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert proposal.workflow() == ROOT
    monkeypatch.setattr(proposal.camseg, "__file__", str(tmp_path / "a/b/c/camseg.py"))
    with pytest.raises(CamsegError, match="run camseg describe in the folder of a clone"):
        proposal.workflow()
    monkeypatch.chdir(ROOT)
    assert proposal.workflow() == ROOT
