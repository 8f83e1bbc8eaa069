import numpy as np
import pandas as pd
import pytest
from scipy import stats

from camseg.report import statistics
from camseg.report.claims import claims
from camseg.report.results import ACCURACIES

PUBLISHED = pd.read_csv("resources/paper_results.csv")


def predictions(right_of, model="Xception", split="split-0", abnormal="10" * 9):
    """Right (1) or wrong (0) of every ROI by regime; two ROIs per patient; `abnormal` are the 1."""
    tables = []
    for regime, right in right_of.items():
        names = [f"{split}-{number}" for number in range(len(right))]
        table = pd.DataFrame({"roi_id": names, "right": np.array(list(right)) == "1"})
        table["abnormal"] = np.array(list(abnormal))[: len(right)] == "1"
        patients = [f"{split}-{number // 2}" for number in range(len(right))]
        tables.append(table.assign(patient_id=patients, model=model, regime=regime, split=split))
    return pd.concat(tables)


def results(models, **columns):
    table = pd.DataFrame({"Classifier": models, "Dice": 0.4}, columns=["Classifier", "Dice"])
    return table.assign(**dict.fromkeys(ACCURACIES.values(), np.nan)).assign(**columns)


def test_published_claims_have_the_computed_p():
    table = claims(
        predictions({"original": "10"}), results(["Xception"]), PUBLISHED, margin=0.05, seed=1
    )
    assert set(table["data"]) == {"published"}
    h1 = table[table["claim"] == "H1"].set_index("Classifier")
    assert h1.loc["DenseNet121", "p"] == pytest.approx(0.002, abs=5e-4)
    assert h1.loc["MobileNetV2", "p"] == pytest.approx(0.063, abs=5e-4)
    assert h1.loc["InceptionV3", "p"] == pytest.approx(0.067, abs=5e-4)
    assert (h1["p"] > 0.1).sum() == 3
    assert h1.loc["DenseNet121", "p_holm"] == pytest.approx(6 * h1.loc["DenseNet121", "p"])
    assert h1.loc["DenseNet121", "reading"].startswith("Less accurate on what the CAM shows")
    assert h1["reading"].str.startswith("No difference shown").sum() == 5
    h2 = table[(table["claim"] == "H2") & (table["comparison"] == "mask - original")]
    assert (h2["p"] > 0.1).all()
    (h3,) = table[table["claim"] == "H3"].to_dict("records")
    assert h3["statistic"] == "rho 0.943"
    assert h3["p"] == h3["p_holm"] == pytest.approx(12 / 720)
    assert "rises with Dice" in h3["reading"]


def test_regimes_are_compared_roi_by_roi():
    right = {
        "original": "1111111111111100",
        "cam": "0000000000111101",
        "blob": "0000000000111101",
    }
    table = claims(predictions(right), results(["Xception"]), PUBLISHED, margin=0.05, seed=1)
    ours = table[table["data"] == "this study"].set_index("comparison")
    assert list(ours.index) == ["cam - original", "cam - blob"]
    row = ours.loc["cam - original"]
    assert row["statistic"] == "1 : 10"
    assert row["p"] == statistics.mcnemar(1, 10)
    assert row["p_holm"] == pytest.approx(2 * row["p"])
    assert row["difference"] == pytest.approx(-9 / 16)
    assert row["low"] < -9 / 16 < row["high"] < 0
    assert row["n"] == 16
    assert row["reading"].startswith("Less accurate")
    row = ours.loc["cam - blob"]
    assert (row["p"], row["difference"]) == (1, 0)
    assert row[["low", "high"]].isna().all()  # nothing that a bootstrap could draw
    assert row["reading"] == "Not shown that the CAM's regions serve better than a random patch."


def test_roi_order_does_not_matter_and_unequal_sets_are_matched():
    right = predictions({"mask": "110101", "inverse": "000111", "original": "111000"})
    table = claims(right, results(["Xception"]), PUBLISHED, margin=0.05, seed=1)
    other = claims(right.iloc[::-1], results(["Xception"]), PUBLISHED, margin=0.05, seed=1)
    pd.testing.assert_frame_equal(table, other)
    ours = table[table["data"] == "this study"].set_index("comparison")
    assert ours.loc["mask - inverse", "statistic"] == "2 : 1"
    fewer = right[(right["regime"] != "inverse") | (right["roi_id"] != "split-0-0")]
    fewer = claims(fewer, results(["Xception"]), PUBLISHED, margin=0.05, seed=1)
    fewer = fewer[fewer["data"] == "this study"].set_index("comparison")
    assert fewer.loc["mask - inverse", "statistic"] == "1 : 1"
    assert fewer.loc["mask - inverse", "n"] == 5


def several(split_of, **right_of):
    """Regimes' predictions by run, of the same ROIs where the runs are of one split."""
    tables = []
    for k, split in enumerate(split_of):
        table = predictions({regime: right[k] for regime, right in right_of.items()}, split=split)
        for column in ("roi_id", "patient_id"):
            table[column] = table[column].str.replace(r"-seed-\d+", "", regex=True)
        tables.append(table)
    return pd.concat(tables)


ORIGINALS = ["11111111", "11111110", "11111101"]
MASKS = ["11110011", "01110110", "10111100"]


def in_runs(runs, original=ORIGINALS, mask=MASKS, margin=0.05):
    right = several(runs, original=original, mask=mask)
    table = claims(right, results(["Xception"]), PUBLISHED, margin=margin, seed=1)
    (row,) = table[table["data"] == "this study"].to_dict("records")
    return row


def test_several_splits_are_tested_over_their_folds():
    row = in_runs(["split-0", "split-1", "split-2"])
    differences = [-2 / 8, -2 / 8, -2 / 8]
    assert row["difference"] == pytest.approx(np.mean(differences))
    estimate = statistics.over_folds(np.array(differences), 8)
    assert (row["p"], (row["low"], row["high"])) == (estimate.p(), estimate.interval(-1, 1))
    assert (row["test"], row["n"]) == ("t over folds", 24)
    counts = [(m > o, o > m) for a, b in zip(ORIGINALS, MASKS, strict=True)
              for o, m in zip(a, b, strict=True)]  # fmt: skip
    assert row["statistic"] == f"{sum(a for a, _ in counts)} : {sum(b for _, b in counts)}"
    assert "two networks" not in row["reading"]


def test_several_seeds_are_tested_with_patients_and_seeds_crossed():
    row = in_runs(["split-0", "split-0-seed-1", "split-0-seed-2"])
    values = [[int(m) - int(o) for o, m in zip(a, b, strict=True)]
              for a, b in zip(ORIGINALS, MASKS, strict=True)]  # fmt: skip
    estimate = statistics.crossed(np.array(values, float).T, np.arange(8) // 2)
    assert row["test"] == "t, patients and seeds"
    assert (row["p"], row["low"]) == (
        pytest.approx(estimate.p()),
        pytest.approx(estimate.interval(-1)[0]),
    )


def test_seeds_that_agree_are_not_certain():
    row = in_runs(["split-0", "split-0-seed-1"], ["1" * 8] * 2, ["1" * 8] * 2)
    assert row["p"] == 1
    half = stats.t.ppf(0.975, 1) / (2 * 8 * np.sqrt(2))
    assert (row["low"], row["high"]) == pytest.approx((-half, half))


@pytest.mark.parametrize(
    ("margin", "reading"),
    [
        (0.1, "As accurate on the lesion alone as on whole ROIs, to the margin of 0.1."),
        (0.05, "No difference shown between the lesion alone and whole ROIs; no proof that "
               "there is none."),
    ],
)  # fmt: skip
def test_no_difference_is_read_where_the_interval_is_within_the_margin(margin, reading):
    """Five folds of 9 ROIs that all agree: known to half a ROI each, 0.07 in all."""
    splits = [f"split-{k}" for k in range(5)]
    row = in_runs(splits, ["110" * 3] * 5, ["110" * 3] * 5, margin)
    half = stats.t.ppf(0.975, 4) / (2 * 9 * np.sqrt(5))
    assert row["low"] == pytest.approx(-half)
    assert 0.05 < half < 0.1
    assert row["reading"] == reading


def test_within_the_margin_and_shown_to_be_less_is_less():
    """Of 2,000 ROIs a fiftieth: shown, and no more than the margin."""
    lost = "1" * 49 + "0"
    right = {"original": "1" * 2000, "mask": lost * 40}
    rois = predictions(right, abnormal="10" * 1000)
    table = claims(rois, results(["Xception"]), PUBLISHED, margin=0.05, seed=1)
    row = this_study(table, "H2").squeeze()
    assert row["p"] < 0.001
    assert -0.05 < row["low"] < row["high"] < 0
    assert row["reading"].startswith("Less accurate on the lesion alone")


def test_association_over_models():
    models = list("abcdef")
    ours = results(models, Dice=[1, 2, 3, 4, 5, 6], CAM_val_acc=[6, 5, 4, 3, 2, 1])
    table = claims(predictions({"original": "11"}, "a"), ours, PUBLISHED, margin=0.05, seed=1)
    row = table[(table["claim"] == "H3") & (table["data"] == "this study")].squeeze()
    assert row["statistic"] == "rho -1.000"
    assert row["p"] == pytest.approx(2 / 720)
    assert "falls as Dice rises" in row["reading"]


UNEVEN = "1" * 12 + "0"  # a fifth of 60 abnormal and 5 normal ROIs
ALL_ABNORMAL, ALL_NORMAL = UNEVEN, "0" * 12 + "1"  # right where such a network is


def this_study(table, claim):
    return table[(table["data"] == "this study") & (table["claim"] == claim)]


def test_a_network_that_gives_one_class_supports_no_reading():
    table = claims(
        predictions({"original": ALL_ABNORMAL, "cam": ALL_NORMAL}, abnormal=UNEVEN),
        results(["Xception"]), PUBLISHED, margin=0.05, seed=1,
    )  # fmt: skip
    row = this_study(table, "H1").squeeze()
    assert statistics.mcnemar(1, 12) < 0.004  # what must not be read
    assert (row["statistic"], row["n"]) == ("1 : 12", 13)
    assert row["difference"] == pytest.approx(-11 / 13)
    assert row[["low", "high", "p", "p_holm"]].isna().all()
    assert row["reading"] == "No reading: cam and original gave one class to all validation ROIs."


@pytest.mark.parametrize(
    ("original", "cam", "named"),
    [("1111111111110", "1111111111011", "original"), ("1111111111011", "0000000000001", "cam")],
)
def test_either_regime_may_be_the_one(original, cam, named):
    right = predictions({"original": original, "cam": cam}, abnormal=UNEVEN)
    row = this_study(
        claims(right, results(["Xception"]), PUBLISHED, margin=0.05, seed=1), "H1"
    ).squeeze()
    assert row["reading"] == f"No reading: {named} gave one class to all validation ROIs."


def test_what_is_not_read_counts_in_its_family_as_showing_nothing():
    """The other classifier's tests are corrected as beside two of p = 1."""
    sound = predictions(
        {"original": "1" * 16, "cam": "1" * 8 + "0" * 8, "blob": "1" * 16}, abnormal="10" * 8
    )
    alone = this_study(claims(sound, results(["Xception"]), PUBLISHED, margin=0.05, seed=1), "H1")
    silent = predictions(
        {"original": ALL_ABNORMAL, "cam": ALL_NORMAL, "blob": ALL_ABNORMAL},
        *("VGG16", "split-0", UNEVEN),
    )
    table = claims(
        pd.concat([silent, sound]), results(["VGG16", "Xception"]), PUBLISHED, margin=0.05, seed=1
    )
    both = this_study(table, "H1")
    assert both["Classifier"].tolist() == ["VGG16", "Xception"] * 2
    assert both["p_holm"].notna().tolist() == [False, True] * 2
    p = 2 / 2**8
    corrected = both[both["Classifier"] == "Xception"].reset_index(drop=True)
    pd.testing.assert_frame_equal(
        corrected.drop(columns="p_holm"), alone.reset_index(drop=True).drop(columns="p_holm")
    )
    assert alone["p_holm"].tolist() == pytest.approx([2 * p] * 2)
    assert corrected["p_holm"].tolist() == pytest.approx([4 * p] * 2)
    published = table[table["data"] == "published"]
    assert published["p_holm"].notna().all()


def test_of_several_splits_those_with_one_class_are_counted():
    right = pd.concat(
        predictions({"original": original, "mask": mask}, split=f"split-{split}")
        for split, (original, mask) in enumerate(
            [("1111", "1010"), ("1111", "1111"), ("0101", "1010"), ("1111", "1110")]
        )
    )
    row = this_study(
        claims(right, results(["Xception"]), PUBLISHED, margin=0.05, seed=1), "H2"
    ).squeeze()
    assert row["reading"] == (
        "No reading: mask in 2 of 4 trainings and original in 1 of 4 trainings gave one class to "
        "all validation ROIs."
    )
    assert row["n"] == 16
    assert row[["low", "high", "p", "p_holm"]].isna().all()


@pytest.mark.parametrize(
    ("n_abnormal", "n_normal", "caution"),
    [
        (20, 1, " Only 1 of 21 ROIs is normal."),
        (9, 20, " Only 9 of 29 ROIs are abnormal."),
        (10, 10, ""),
    ],
)
def test_what_is_shown_on_few_rois_of_a_class_is_read_with_their_number(
    n_abnormal, n_normal, caution
):
    n = n_abnormal + n_normal
    right = {"original": "1" * n, "cam": "0" * 8 + "1" * (n - 8), "blob": "1" * n}
    right["swapped"] = "0" * 7 + "1" * (n - 7)
    rois = predictions(right, abnormal="1" * n_abnormal + "0" * n_normal)
    table = this_study(claims(rois, results(["Xception"]), PUBLISHED, margin=0.05, seed=1), "H1")
    readings = table.set_index("comparison")["reading"]
    assert readings["cam - original"] == (
        f"Less accurate on what the CAM shows: what it darkens tells something, too.{caution} "
        "Of these two networks alone: other seeds give others."
    )
    # nothing shown, nothing to be cautious of
    assert readings["cam - swapped"].endswith("than another patient's CAM.")


def with_maps(cam, probe, alone):
    """H1 of one network, by comparison; `probe`, `alone` are right or wrong on the map alone."""
    right = {"original": "1" * 20, "cam": cam, "cam_alone": alone, "mask": "1" * 20}
    rois = predictions(right | {"cam_probe": probe}, abnormal="10" * 10)
    table = claims(rois, results(["Xception"]), PUBLISHED, margin=0.1, seed=1)
    return this_study(table, "H1").set_index("comparison")["reading"], this_study(table, "H2")


CAM = "1" * 10 + "0" * 10
AS_WELL = (
    " CAM_val_acc (0.500) is uninterpretable: the map alone, without any pixel, predicts as well "
    "({}; margin 0.1)."
)


@pytest.mark.parametrize(
    ("probe", "alone", "caution"),
    [
        (10, 2, AS_WELL.format("0.500, cam_probe")),  # equal
        (9, 2, AS_WELL.format("0.450, cam_probe")),  # less by half of the margin
        (2, 14, AS_WELL.format("0.700, cam_alone")),
        (7, 7, ""),
    ],
)
def test_cam_val_acc_about_that_of_the_map_alone_is_uninterpretable(probe, alone, caution):
    h1, h2 = with_maps(CAM, *("1" * right + "0" * (20 - right) for right in (probe, alone)))
    assert list(h1.index) == ["cam - original", "cam - cam_alone"]
    for reading in h1:
        assert reading.endswith(caution or ".")
        assert ("uninterpretable" in reading) == bool(caution)
    assert not h2["reading"].str.contains("uninterpretable").any()


def test_where_there_is_no_reading_there_is_nothing_to_add():
    h1, _ = with_maps("10" * 10, "1" * 20, "1" * 20)
    assert h1["cam - original"] == "No reading: cam gave one class to all validation ROIs."


def h3(silent):
    """H3 of six classifiers; the networks of `silent`, classifier and regime, give one class."""
    ours = results(list("abcdef"), Dice=[1, 2, 3, 4, 5, 6], CAM_val_acc=[2, 1, 3, 4, 6, 5])
    right = pd.concat(
        predictions({name: "1010" if (model, name) in silent else "1111"}, model)
        for model in "abcdef"
        for name in ("original", "cam", "mask")
    )
    return this_study(claims(right, ours, PUBLISHED, margin=0.05, seed=1), "H3").squeeze()


def test_h3_leaves_out_classifiers_of_one_class_and_names_them():
    whole, other = h3(set()), h3({("a", "mask")})
    pd.testing.assert_series_equal(whole, other)
    assert "Left out" not in whole["reading"]
    row = h3({("a", "cam"), ("b", "original"), ("b", "cam")})
    rho, p = statistics.spearman([3, 4, 5, 6], [3, 4, 6, 5], np.random.default_rng(0))
    assert (row["statistic"], row["n"], row["p"]) == (f"rho {rho:.3f}", 4, p)
    assert row["reading"] == (
        "Not shown that CAM_val_acc rises with Dice; few classifiers show little. Left out, as "
        "they gave one class to all validation ROIs: a (cam), b (original and cam)."
    )


def test_h3_reads_nothing_where_too_few_are_left():
    row = h3({(model, "cam") for model in "abcd"})
    assert row["reading"] == (
        "No reading. Left out, as they gave one class to all validation ROIs: "
        "a (cam), b (cam), c (cam), d (cam)."
    )
    assert (row["n"], row["statistic"]) == (2, "")
    assert row[["p", "p_holm"]].isna().all()
