import subprocess
import sys
from dataclasses import asdict, replace

import numpy as np
import pytest

from camseg.errors import CamsegError
from camseg.io import store
from camseg.rois import split
from camseg.rois.options import SplitOptions
from made import make_rois
from project import ROOT


def study(patients=40, pairs=2):
    """Patients with some pairs of ROIs each; every fifth normal ROI is missing."""
    names = [
        (f"p{patient:02}.{pair}", label)
        for patient in range(patients)
        for pair in range(pairs)
        for label in ("abnormal", "normal")
        if label == "abnormal" or (patient + pair) % 5
    ]
    return replace(
        make_rois([f"{pair}.{label}" for pair, label in names], size=2),
        label=np.array([label == "abnormal" for _, label in names], np.uint8),
        patient_id=np.array([pair.partition(".")[0] for pair, _ in names], object),
    )


ROIS = study()
ABNORMAL = ROIS.label == 1
ALL = SplitOptions(by="patient")


def table(options=ALL, number=0, seed=1, rois=ROIS):
    return split.split_table(rois, split=number, seed=seed, **asdict(options))


def test_the_table_has_a_row_per_roi_in_their_order_all_texts():
    rows = table()
    assert list(rows) == ["roi_id", "patient_id", "side"]
    assert rows["roi_id"].tolist() == list(ROIS.roi_id)
    assert rows["patient_id"].tolist() == list(ROIS.patient_id)
    assert all(isinstance(value, str) for value in rows.to_numpy().flat)


def test_without_a_cap_every_roi_is_used():
    sides = table()["side"]
    assert set(sides) == {"train", "validation"}
    expected = split.split_rois(ROIS.patient_id, ROIS.label, split=0, by="patient", seed=1)
    assert sides.tolist() == list(expected)
    assert table(SplitOptions(by="patient", max_abnormal=80))["side"].tolist() == sides.tolist()


@pytest.mark.parametrize("by", ["patient", "roi"])
@pytest.mark.parametrize("number", [0, 6])
def test_a_cap_leaves_the_other_rois_unused(by, number):
    side = table(SplitOptions(by=by, max_abnormal=30), number)["side"].to_numpy()
    used = side != "unused"
    assert used[ABNORMAL].sum() == 30
    kept = {roi_id.removesuffix(".abnormal") for roi_id in ROIS.roi_id[used & ABNORMAL]}
    for roi_id, is_used in zip(ROIS.roi_id[~ABNORMAL], used[~ABNORMAL], strict=True):
        assert is_used == (roi_id.removesuffix(".normal") in kept)  # of the same pair
    # what is drawn is divided as if there were nothing else
    expected = split.split_rois(
        ROIS.patient_id[used], ROIS.label[used], split=number, by=by, seed=1
    )
    assert side[used].tolist() == list(expected)
    assert (side[used] == "validation").mean() == pytest.approx(0.2, abs=0.05)


@pytest.mark.parametrize("cap", [None, 30])
@pytest.mark.parametrize("number", range(6))
def test_a_patient_is_on_one_side(cap, number):
    rows = table(SplitOptions(by="patient", max_abnormal=cap), number)
    used = rows[rows["side"] != "unused"]
    assert (used.groupby("patient_id")["side"].nunique() == 1).all()


def test_by_roi_patients_may_be_on_both_sides():
    sides = table(SplitOptions(by="roi")).groupby("patient_id")["side"].nunique()
    assert (sides == 2).any()


@pytest.mark.parametrize("cap", [None, 30])
def test_a_test_set_changes_what_is_trained_on_alone(cap):
    plain = table(SplitOptions(by="patient", max_abnormal=cap), 2)
    tested = table(SplitOptions(by="patient", max_abnormal=cap, test=True), 2)
    moved = tested["side"] == "selection"
    assert moved.any()
    assert set(plain["side"][moved]) == {"train"}
    assert tested[~moved].equals(plain[~moved])


def test_every_split_uses_the_same_rois_and_another_seed_others():
    options = SplitOptions(by="patient", max_abnormal=30)
    unused = [
        set(rows["roi_id"][rows["side"] == "unused"])
        for rows in (table(options), table(options, 3), table(options, seed=2))
    ]
    assert unused[0] == unused[1] != unused[2]


def test_the_order_of_rois_does_not_choose_who_is_drawn():
    options = SplitOptions(by="patient", max_abnormal=30)
    order = np.random.default_rng(0).permutation(len(ROIS))
    drawn = [
        set(rows["roi_id"][rows["side"] != "unused"])
        for rows in (table(options), table(options, rois=ROIS.take(order)))
    ]
    assert drawn[0] == drawn[1]


def test_a_cap_that_leaves_too_few_is_told():
    with pytest.raises(CamsegError, match=r"^4 abnormal and \d normal usable ROIs of \d patients"):
        table(SplitOptions(by="patient", max_abnormal=4))


def test_the_table_is_read_as_it_was_written(tmp_path):
    rows = table(SplitOptions(by="patient", max_abnormal=30), 2)
    split.write_split(tmp_path / "split-2.tsv", rows)
    assert split.read_split(tmp_path / "split-2.tsv", ROIS.roi_id).tolist() == list(rows["side"])


@pytest.mark.parametrize(("number", "n_normal", "warned"), [(0, 5, True), (3, 60, False)])
def test_the_program_warns_of_few_rois_of_a_class_in_one_line(tmp_path, number, n_normal, warned):
    """60 abnormal and few or as many normal ROIs, as the workflow's job divides them."""
    names = [f"p{n:02}.abnormal" for n in range(60)] + [f"p{n:02}.normal" for n in range(n_normal)]
    rois = replace(
        make_rois(names, size=2),
        label=np.array([name.endswith(".abnormal") for name in names], np.uint8),
        patient_id=np.array([name.partition(".")[0] for name in names], object),
    )
    store.write_shard(tmp_path / "shard.h5", rois, source="")
    command = [sys.executable, ROOT / "scripts/split_rois.py", "--shards", tmp_path / "shard.h5"]
    command += ["--split", str(number), "--by", "patient", "--seed", "1"]
    command += ["--output", tmp_path / "split.tsv"]
    result = subprocess.run(command, text=True, capture_output=True, check=True)
    lines = result.stderr.splitlines()
    assert len(lines) == warned
    for line in lines:
        assert line.startswith(f"warning: split {number}: only 1 of 13 validation ROIs is normal (")
    sides = split.read_split(tmp_path / "split.tsv", rois.roi_id)
    assert (sides[rois.label == 0] == "validation").sum() == n_normal // 5
