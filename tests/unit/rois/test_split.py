from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn import model_selection

from camseg.errors import CamsegError
from camseg.rois import split
from made import make_rois


def study(patients=60, seed=0):
    """Patients with one to three lesions, most with the normal ROI opposite."""
    rng = np.random.default_rng(seed)
    roi_ids, patient_ids, labels = [], [], []
    for patient in range(patients):
        for lesion in range(1, 1 + rng.choice([1, 1, 1, 2, 3])):
            for label in ("normal", "abnormal"):
                if label == "abnormal" or rng.random() < 0.9:
                    roi_ids.append(f"C-{patient:04d}-1.LEFT_CC.{lesion}.{label}")
                    patient_ids.append(f"C-{patient:04d}-1")
                    labels.append(label == "abnormal")
    return np.array(roi_ids, object), np.array(patient_ids, object), np.array(labels, np.uint8)


@pytest.mark.parametrize("seed", range(5))
def test_patients_stay_together_and_classes_in_proportion(seed):
    _, patients, labels = study(seed=seed)
    sides = split.split_rois(patients, labels, split=0, by="patient", seed=seed)
    assert not set(patients[sides == "train"]) & set(patients[sides == "validation"])
    assert (sides == "validation").mean() == pytest.approx(0.2, abs=0.04)
    assert labels[sides == "validation"].mean() == pytest.approx(labels.mean(), abs=0.06)


def test_plain_split_has_the_papers_numbers():
    labels = np.repeat(np.array([1, 0], np.uint8), [325, 297])
    sides = split.split_rois(np.arange(622), labels, split=0, by="roi", seed=1)
    assert (sides == "train").sum() == 497
    assert (sides == "validation").sum() == 125


def test_five_splits_are_the_folds_of_one_shuffle_and_the_sixth_is_new():
    _, patients, labels = study()
    sides = [split.split_rois(patients, labels, split=k, by="patient", seed=3) for k in range(6)]
    validated = np.array([side == "validation" for side in sides])
    assert (validated[:5].sum(axis=0) == 1).all()
    assert not any((validated[5] == fold).all() for fold in validated[:5])


@pytest.mark.parametrize("by", ["patient", "roi"])
@pytest.mark.parametrize("number", [0, 3, 4, 9])
def test_the_selection_side_is_the_next_fold_and_takes_from_training_alone(by, number):
    _, patients, labels = study()
    options = {"by": by, "seed": 3}
    plain = split.split_rois(patients, labels, split=number, **options)
    tested = split.split_rois(patients, labels, split=number, test=True, **options)
    shuffle, fold = divmod(number, 5)
    following = 5 * shuffle + (fold + 1) % 5
    after = split.split_rois(patients, labels, split=following, **options) == "validation"
    assert (tested == np.where(after, "selection", plain)).all()
    for side, share in (("train", 0.6), ("selection", 0.2), ("validation", 0.2)):
        assert (tested == side).mean() == pytest.approx(share, abs=0.04)
        assert labels[tested == side].mean() == pytest.approx(labels.mean(), abs=0.06)
    sides = pd.Series(tested).groupby(patients).nunique()
    assert (sides == 1).all() == (by == "patient")


@pytest.mark.parametrize(("number", "side"), [(0, "selection"), (1, "validation")])
def test_every_side_has_both_classes(number, side, monkeypatch):
    """The second fold has normal ROIs only."""
    labels = np.array([0, 1] * 10, np.uint8)
    folds = [np.arange(0, 4), np.arange(4, 12, 2), np.arange(12, 16), np.arange(16, 20)]

    class Folds:
        def __init__(self, *_, **__):
            pass

        def split(self, *_):
            return [(None, fold) for fold in folds]

    monkeypatch.setattr(model_selection, "StratifiedKFold", Folds)
    with pytest.raises(CamsegError, match=f"split {number} leaves only one class for {side}: "):
        split.split_rois(labels, labels, split=number, by="roi", seed=1, test=True)


def test_split_depends_on_the_seed_alone():
    _, patients, labels = study()
    first, again, other = (
        split.split_rois(patients, labels, split=0, by="patient", seed=seed) for seed in (1, 1, 2)
    )
    assert (first == again).all()
    assert (first != other).any()


def test_cap_draws_abnormal_rois_and_the_normals_that_follow():
    roi_ids, _, labels = study()
    drawn = split.draw_rois(roi_ids, labels, 20, seed=1)
    kept = set(roi_ids[drawn])
    assert labels[drawn].sum() == 20
    for roi_id in roi_ids[labels == 0]:
        assert (roi_id in kept) == (roi_id.replace(".normal", ".abnormal") in kept)
    assert split.draw_rois(roi_ids, labels, 10_000, seed=1).all()
    assert split.draw_rois(roi_ids, labels, None, seed=1).all()


def test_too_few_rois_are_refused():
    labels = np.array([0, 1] * 3, dtype=np.uint8)
    with pytest.raises(CamsegError, match="3 abnormal and 3 normal usable ROIs of 6 patients"):
        split.split_rois(np.arange(6), labels, split=0, by="patient", seed=1)


def test_table_round_trip_and_its_checks(tmp_path):
    path = tmp_path / "split.tsv"
    table = pd.DataFrame(
        {"roi_id": ["b", "a"], "patient_id": ["p", "q"], "side": ["train", "unused"]}
    )
    split.write_split(path, table)
    assert list(split.read_split(path, ["a", "b"])) == ["unused", "train"]
    with pytest.raises(CamsegError, match=r"split.tsv: ROI b is not in the shards; remove"):
        split.read_split(path, ["a"])
    with pytest.raises(CamsegError, match=r"split.tsv: ROI c is missing; remove"):
        split.read_split(path, ["a", "b", "c"])
    path.write_text(path.read_text().replace("train", "trian"))
    with pytest.raises(
        CamsegError,
        match=r"split.tsv:2: side is 'trian', none of train, selection, validation, unused; remove",
    ):
        split.read_split(path, ["a", "b"])


def sides_of(n_abnormal, n_normal):
    """Labels and sides where so many ROIs are for validation, and more for training or unused."""
    labels = np.repeat(np.array([1, 0, 1, 0, 0], np.uint8), [n_abnormal, n_normal, 50, 4, 3])
    n_others = len(labels) - n_abnormal - n_normal - 3
    sides = ["validation"] * (n_abnormal + n_normal) + ["train"] * n_others + ["unused"] * 3
    return labels, np.array(sides, object)


def test_a_class_with_few_validation_rois_is_told_with_what_it_means_and_what_helps():
    (line,) = split.few_in_validation(*sides_of(12, 1))
    assert line == (
        "only 1 of 13 validation ROIs is normal (fewer than 10): one call changes the accuracy on "
        "normal ROIs by 1.00, and calling all ROIs by the larger class is 0.923 right; what helps: "
        "more normal ROIs (rois/candidates.tsv says which were left out, and why), or splits: 5, "
        "which validates every ROI once"
    )
    (line,) = split.few_in_validation(*sides_of(9, 27))
    assert line.startswith(
        "only 9 of 36 validation ROIs are abnormal (fewer than 10): one call changes the accuracy "
        "on abnormal ROIs by 0.11, and calling all ROIs by the larger class is 0.750 right; "
    )


def test_enough_rois_are_not_warned_of_and_both_classes_may_be_few():
    assert split.few_in_validation(*sides_of(10, 10)) == []
    lines = split.few_in_validation(*sides_of(9, 2))
    assert [line.split(" (")[0] for line in lines] == [
        "only 2 of 11 validation ROIs are normal",
        "only 9 of 11 validation ROIs are abnormal",
    ]


def rois_of(patients):
    """ROIs of these patients, abnormal and normal in turn."""
    names = [f"{n}.{('abnormal', 'normal')[n % 2]}" for n in range(len(patients))]
    rois = make_rois(names)
    return replace(
        rois, patient_id=np.array(patients, object), label=np.arange(len(names), dtype=np.uint8) % 2
    )


def table_of(patients, by):
    return split.split_table(
        rois_of(patients), split=0, by=by, max_abnormal=None, test=False, seed=1
    )


def test_rois_of_unknown_patients_stay_together_by_image():
    patients = [f"image:{n // 2}" for n in range(40)]
    table = table_of(patients, "image")
    assert table.groupby("patient_id")["side"].nunique().max() == 1
    assert (table["side"] == "validation").sum() == 8


@pytest.mark.parametrize(
    ("patients", "by", "reason"),
    [
        (
            ["p"] * 20 + ["image:1"] * 20,
            "patient",
            "the patients of 20 of 40 ROIs are unknown: set",
        ),
        (
            ["p"] * 20 + ["image:1"] * 20,
            "image",
            "the patients of 20 of 40 ROIs are known: set split",
        ),
    ],
)
def test_the_way_of_dividing_has_to_fit_what_is_known(patients, by, reason):
    with pytest.raises(CamsegError, match=rf"config: split.by: {reason}"):
        table_of(patients, by)


def test_regions_without_pairs_keep_all_normal_ones_where_abnormal_ones_are_drawn():
    names = np.array(["a.abnormal", "b.abnormal", "c.abnormal", "d.normal", "e.normal"], object)
    kept = split.draw_rois(names, np.array([1, 1, 1, 0, 0]), 2, seed=1)
    assert kept.sum() == 4
    assert kept[3:].all()


def test_a_lesion_and_its_normal_roi_stay_together_though_patients_differ():
    """Patients a and b share the normal picture n, c has m: two groups; the rest by themselves."""
    roi_ids = [
        "1.abnormal",
        "1.normal",
        "2.abnormal",
        "2.normal",
        "3.abnormal",
        "3.normal",
        "4.abnormal",
    ]
    patients = ["a", "n", "b", "n", "c", "m", "d"]
    found = split.together(np.array(patients, object), np.array(roi_ids, object))
    assert found.tolist() == ["a", "a", "a", "a", "c", "c", "d"]
    own = np.array(["p", "p", "q", "q"], object)  # cut opposite: groups are the patients
    assert split.together(own, np.array(roi_ids[:4], object)).tolist() == own.tolist()


def test_pairs_of_two_patients_are_never_parted():
    roi_ids = [f"{n}.{label}" for n in range(60) for label in ("abnormal", "normal")]
    patients = [f"n{n % 30}" if label else f"a{n}" for n in range(60) for label in (0, 1)]
    rois = replace(
        make_rois(roi_ids),
        patient_id=np.array(patients, object),
        label=np.array([1, 0] * 60, np.uint8),
    )
    options = {"by": "patient", "max_abnormal": None, "test": True, "seed": 1}
    table = split.split_table(rois, split=2, **options)
    sides = table["side"].to_numpy().reshape(-1, 2)
    assert (sides[:, 0] == sides[:, 1]).all()
    assert set(table["patient_id"]) == set(patients)
    assert (sides == "validation").sum() == 24
