import numpy as np
import pandas as pd
import pytest

from camseg.errors import CamsegError
from camseg.report import segmentation as report
from camseg.report import statistics, tables
from typeset import typeset

ABNORMAL = [f"{patient}{number}" for patient in "pqrs" for number in range(2)]


def rois(dice, outlines=0, false=0.1, threshold=99) -> pd.DataFrame:
    """A table of score_segmenter.py: eight abnormal validation ROIs of four patients, two normal.

    And one training ROI of each kind, whose scores must not count.
    """
    of_validation = pd.DataFrame(
        {"roi_id": ABNORMAL, "label": "abnormal", "side": "validation", "dice": dice}
    )
    others = pd.DataFrame(
        [
            ("p-normal", "normal", "validation", np.nan),
            ("q-normal", "normal", "validation", np.nan),
            ("t0", "abnormal", "train", 1.0),
            ("t-normal", "normal", "train", np.nan),
        ],
        columns=["roi_id", "label", "side", "dice"],
    )
    table = pd.concat([of_validation, others], ignore_index=True)
    abnormal = table["label"] == "abnormal"
    table["patient_id"] = table["roi_id"].str[0]
    of_normal = np.where(table["roi_id"] == "t-normal", 1.0, false)
    for column, values in {
        "dice_at_threshold": table["dice"] / 2,
        "placement_gain": np.where(table["dice"] > 0.5, 0.1, 0.2),
        "placement_range": np.where(table["dice"] > 0.5, 0.2, 0.8),
        "average_precision": table["dice"] ** 2,
        "nsd": 0.5,
    }.items():
        table[column] = np.where(abnormal, values, np.nan)
    table["false_positive_share"] = np.where(abnormal, np.nan, of_normal)
    return table.assign(threshold=threshold, outlines=outlines)


def floors(dice_of: dict[str, list[float]]) -> pd.DataFrame:
    parts = []
    for name, dice in dice_of.items():
        table = rois(dice).drop(columns=["outlines", "false_positive_share"])
        parts.append(table[table["label"] == "abnormal"].assign(baseline=name))
    return pd.concat(parts)


FLOORS = floors({"all 255": [0.5] * 8, "mean training mask": [0.8] * 8, "5 outlines": [0.7] * 8})
RISING = np.linspace(0.2, 0.9, 8)
CAM, GOOD = RISING[::-1] * 0.6, RISING / 2 + 0.5


@pytest.fixture
def study(tmp_path):
    """Write tables of runs, {run: {segmenter: table}}, and read them."""

    def write(runs: dict[str, dict[str, pd.DataFrame]], baselines=FLOORS) -> pd.DataFrame:
        names, paths, below = [], [], []
        for run, of_run in runs.items():
            for name, table in of_run.items():
                path = tmp_path / name / f"split-{run}.tsv"
                path.parent.mkdir(exist_ok=True)
                table.to_csv(path, sep="\t", index=False)
                names.append(name)
                paths.append(path)
            below.append(tmp_path / f"split-{run}.tsv")
            baselines.to_csv(below[-1], sep="\t", index=False)
        return report.read_scores(names, paths, below)

    return write


def two_cams() -> dict[str, pd.DataFrame]:
    return {
        "cam-A": rois(CAM, false=0.4),
        "cam-B": rois(CAM - 0.05, false=0.3),
        "unet": rois(GOOD, 40, false=0.01),
        "few_outlines-5": rois(RISING, 5),
        "pseudo_masks-A": rois(CAM + 0.1),
    }


def test_segmenters_stand_by_dice_and_floors_below(study):
    table = report.segmentation(study({"0": two_cams()}))
    names = table[["method", "Classifier", "data", "outlines"]].to_numpy().tolist()
    assert names == [
        ["U-Net", "", "all outlines", 40],
        ["U-Net", "", "5 outlines", 5],
        ["U-Net on pseudo-masks", "A", "labels", 0],
        ["CAM", "A", "labels", 0],
        ["CAM", "B", "labels", 0],
        ["mean training mask", "", "all outlines", 1],
        ["5 outlines", "", "5 outlines", 1],
        ["all 255", "", "none", 0],
    ]
    assert set(table["n"]) == {8}
    assert set(table["interval"]) == {"t over patients"}


def test_scores_are_means_over_validation_rois(study):
    row = report.segmentation(study({"0": two_cams()})).iloc[0]
    assert row["Dice"] == pytest.approx(GOOD.mean())
    assert row["Dice_at_threshold"] == pytest.approx(GOOD.mean() / 2)
    assert row["average_precision"] == pytest.approx((GOOD**2).mean())
    assert row["placement"] == pytest.approx(0.5)
    assert row["false_positive_share"] == pytest.approx(0.01)
    mixed = report.segmentation(study({"0": {"cam-A": rois(RISING)}})).iloc[0]
    above = (RISING > 0.5).sum()
    gain, most = 0.1 * above + 0.2 * (8 - above), 0.2 * above + 0.8 * (8 - above)
    assert mixed["placement"] == pytest.approx(gain / most)


def test_differences_are_paired_with_the_best_cam(study):
    """Oracle: Student's t of the patients' mean differences, which have two ROIs each."""
    table = report.segmentation(study({"0": two_cams()}))
    paired = np.reshape(GOOD - CAM, (4, 2)).mean(axis=1)
    half = 3.182446305 * paired.std(ddof=1) / 2  # t of 3 degrees of freedom
    row = table.iloc[0]
    assert row["difference"] == pytest.approx(paired.mean())
    assert row["difference_low"] == pytest.approx(max(-1, paired.mean() - half))
    assert row["difference_high"] == pytest.approx(min(1, paired.mean() + half))
    assert table.loc[4, "difference"] == pytest.approx(-0.05)  # of the other CAM
    assert table.loc[3, report.DIFFERENCE].isna().all()
    assert table.loc[5, "difference"] == pytest.approx(0.8 - CAM.mean())  # of a floor


def test_one_run_has_student_t_over_patients(study):
    row = report.segmentation(study({"0": two_cams()})).iloc[3]
    patients = np.reshape(CAM, (4, 2)).mean(axis=1)
    half = 3.182446305 * patients.std(ddof=1) / 2
    ends = patients.mean() - half, patients.mean() + half
    assert (row["low"], row["high"]) == pytest.approx(ends)
    ends = (patients.mean() - half) / 2, (patients.mean() + half) / 2
    assert (row["low_at_threshold"], row["high_at_threshold"]) == pytest.approx(ends)


def test_runs_have_means_and_t_over_folds(study):
    first, second = two_cams(), two_cams() | {"unet": rois(GOOD - 0.2, 44, false=0.03)}
    table = report.segmentation(study({"0": first, "1": second}))
    row = table.iloc[0]
    assert row["Dice"] == pytest.approx(GOOD.mean() - 0.1)
    assert row["outlines"] == 42
    assert row["false_positive_share"] == pytest.approx(0.02)
    half = 12.7062 * 0.1  # t of one degree of freedom, both 0.1 from their mean
    assert row["low"] == pytest.approx(max(0, row["Dice"] - half), abs=1e-5)
    assert row["difference"] == pytest.approx((GOOD - CAM).mean() - 0.1)
    assert row["interval"] == "t over folds"
    assert row["n"] == 8


def test_seeds_and_patients_are_crossed(study):
    """Oracle: the estimate of the ROIs' scores by run."""
    first, second = two_cams(), two_cams() | {"unet": rois(GOOD - 0.2, 40)}
    row = report.segmentation(study({"0": first, "0-seed-1": second})).iloc[0]
    patients = np.repeat(list("pqrs"), 2)
    expected = statistics.crossed(np.stack([GOOD, GOOD - 0.2], axis=1), patients)
    assert (row["low"], row["high"]) == pytest.approx(expected.interval())
    assert row["interval"] == "t, patients and seeds"


def test_a_study_without_cams_or_normal_rois_has_blanks(study):
    table = rois(GOOD, 40)
    scores = study({"0": {"unet": table[table["label"] == "abnormal"]}})
    row = report.segmentation(scores).iloc[0]
    assert row[[*report.DIFFERENCE, "false_positive_share"]].isna().all()
    assert report.gains(scores).empty


def test_gains_are_over_what_a_method_builds_on(study):
    tables_of = two_cams() | {
        "pseudo_masks_again-A": rois(CAM + 0.25),
        "crf-B": rois(CAM + 0.05),
        "fused-B": rois(GOOD - 0.1),
        "fused_shuffled-B": rois(GOOD - 0.15),
    }
    found = report.gains(study({"0": tables_of}))
    pairs = list(zip(found["method"], found["Classifier"], found["against"], strict=True))
    assert pairs == [
        ("U-Net on pseudo-masks", "A", "CAM"),
        ("U-Net on that one's masks", "A", "U-Net on pseudo-masks"),
        ("dense CRF of the CAM", "B", "CAM"),
        ("U-Net of ROI and CAM", "B", "U-Net"),
        ("U-Net of ROI and CAM", "B", "U-Net of ROI and another's CAM"),
    ]
    assert found["difference"].tolist() == pytest.approx([0.1, 0.15, 0.1, -0.1, 0.05])
    assert (found["low"] <= found["difference"]).all()


def curve_of(dice, outlines=(5, 10, 20, 80), cam=0.5, ends=(0.1, 0.95)) -> pd.DataFrame:
    """A table with a curve of Dice over outlines, and one CAM."""
    table = pd.DataFrame({"method": "U-Net", "outlines": outlines, "Dice": dice})
    table = table.assign(data="few outlines", Classifier="", low=0.0, high=1.0)
    row = {"method": "CAM", "outlines": 0, "Dice": cam, "data": "labels", "Classifier": "A"}
    row |= {"low": ends[0], "high": ends[1]}
    table = pd.concat([table, pd.DataFrame([row])], ignore_index=True)
    at_threshold = {"Dice_at_threshold": table["Dice"], "low_at_threshold": 0.0}
    return table.assign(**at_threshold, high_at_threshold=1.0, n=8, interval="t")


@pytest.mark.parametrize(
    ("dice", "cam", "outlines"),
    [
        ([0.2, 0.4, 0.6, 0.8], 0.4, "10"),
        ([0.2, 0.4, 0.6, 0.8], 0.5, "14"),  # sqrt(10 * 20)
        ([0.2, 0.4, 0.6, 0.8], 0.7, "40"),
        ([0.2, 0.4, 0.6, 0.8], 0.19, "< 5"),
        ([0.2, 0.4, 0.6, 0.8], 0.2, "5"),
        ([0.2, 0.4, 0.6, 0.8], 0.81, "> 80"),
        ([0.2, 0.6, 0.4, 0.8], 0.5, "10"),  # the rising curve is flat at 0.5 from 10 to 20
        ([0.2, 0.6, 0.4, 0.8], 0.35, "7"),  # sqrt(5 * 10)
    ],
)
def test_a_cam_is_worth_the_outlines_where_the_curve_comes_to_its_dice(dice, cam, outlines):
    rows = report.worth(curve_of(dice, cam=cam)).to_dict("records")
    row = rows.pop()
    assert {each["outlines_worth"] + each["worth_at_threshold"] for each in rows} == {""}
    assert (row["method"], row["Classifier"], row["Dice"]) == ("CAM", "A", cam)
    assert row["outlines_worth"] == row["worth_at_threshold"] == outlines
    assert (row["worth_low"], row["worth_high"]) == ("< 5", "> 80")


def test_the_crossing_is_where_a_fine_search_finds_it():
    random = np.random.default_rng(0)
    fine = 2 ** np.linspace(np.log2(5), np.log2(80), 100_001)
    for _ in range(20):
        dice = np.sort(random.uniform(0.2, 0.9, 4))
        cam = random.uniform(dice[0], dice[-1])
        found = report.worth(curve_of(dice, cam=cam))["outlines_worth"].iloc[-1]
        level = np.interp(np.log2(fine), np.log2([5, 10, 20, 80]), dice)
        assert abs(fine[np.argmax(level >= cam)] - int(found)) < 0.51


def test_without_a_curve_nothing_is_worth_outlines():
    table = curve_of([0.2, 0.4, 0.6, 0.8])
    (row,) = report.worth(table[table["method"] == "CAM"]).to_dict("records")
    assert row["outlines_worth"] == row["worth_low"] == ""


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda table: table.assign(dice=2.0), r"unet/split-0.tsv:2: dice is '2.0'"),
        (lambda table: table.drop(columns="outlines"), "has no column outlines"),
        (lambda table: table.assign(outlines=range(12)), "not all of one number of outlines"),
        (lambda table: table.assign(dice=np.nan), "8 of 8 abnormal validation ROIs have no Dice"),
        (lambda table: table[1:], "unet/split-0.tsv: is of other ROIs than the rest; remove"),
    ],
)
def test_what_is_wrong_with_a_table_is_one_line(study, change, fault):
    with pytest.raises(CamsegError, match=fault) as raised:
        study({"0": two_cams() | {"unet": change(rois(GOOD, 40))}})
    assert "\n" not in str(raised.value)


def test_the_tables_fit_a_page(study, tmp_path):
    tables_of = {"cam-MobileNetV2-flatten": rois(CAM), "unet": rois(GOOD, 1234)}
    tables_of["fused_shuffled-MobileNetV2-flatten"] = rois(GOOD - 0.1, 1234)
    tables_of["fused-MobileNetV2-flatten"] = rois(GOOD, 1234)
    scores = study({str(run): tables_of for run in range(6)})
    table = report.segmentation(scores)
    assert set(table["interval"]) == {"t over folds or patients"}
    main = table.drop(columns=report.FURTHER)
    made = {"table": main, "worth": report.worth(table), "gains": report.gains(scores)}
    for name, each in made.items():
        (tmp_path / f"{name}.tex").write_text(tables.to_latex(each, "A caption."))
    (tmp_path / "page").mkdir()
    names = [f"../{name}" for name in made]
    assert "Overfull" not in typeset(tmp_path / "page", names)


def test_seconds_are_means_over_the_jobs_that_ran(tmp_path):
    for job, wall, cpu in (
        ("train/unet/split-0", 60, 100),
        ("train/unet/split-1", 40, 50),
        ("refine/crf-A/split-0", 2, "NA"),  # over before it was looked at
        ("train/few_outlines-5/split-0", 9, 9),  # of another study
    ):
        path = tmp_path / f"{job}.tsv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"s\tmax_rss\tcpu_time\n{wall}\t1\t{cpu}\n")
    names = ["refine/crf-A/split-0", *(f"train/unet/split-{run}" for run in range(3))]
    table = report.seconds(tmp_path, names)
    assert table.fillna("none").to_numpy().tolist() == [
        ["crf-A", "dense CRF of the CAM", 1, 2, "none"],
        ["unet", "U-Net", 2, 50, 75],
    ]
    (tmp_path / "refine/crf-A/split-0.tsv").write_text("s\n")
    with pytest.raises(CamsegError, match=r"split-0.tsv: is no benchmark file of Snakemake"):
        report.seconds(tmp_path, names)
