import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from camseg.errors import CamsegError
from camseg.report import heat_maps, tables
from camseg.report.another_outline import NAME, with_ceiling
from camseg.scoring.dice import mean_dice
from project import ROOT

TABLE = pd.DataFrame({"Classifier": ["net", "all 255"], "Dice": [0.4, 0.5], "degenerate": [0, 2]})
ROWS = [
    ("a", "p1", "c1", 0.75),
    ("b", "p2", "c2", 0.5),
    ("c", "p2", "c2", 1.0),
    ("d", "p3", "c3", ""),  # has one outline
    ("e", "p4", "c4", 0.25),  # is for training
]


def candidates(folder, rows=ROWS):
    table = pd.DataFrame(rows, columns=["roi_id", "patient_id", "case_id", "reader_dice"])
    table.to_csv(folder / "candidates.tsv", sep="\t", index=False)
    return folder / "candidates.tsv"


def test_the_ceiling_is_of_validation_rois_with_several_outlines(tmp_path):
    table = with_ceiling(TABLE, candidates(tmp_path), "abcd")
    assert list(table["Classifier"]) == ["net", "all 255", NAME]
    pd.testing.assert_frame_equal(table[list(TABLE)].iloc[:2], TABLE, check_dtype=False)
    assert table.loc[:1, ["n", "Dice_low", "Dice_high"]].isna().all(axis=None)
    ceiling = table.iloc[2]
    assert ceiling["n"] == 3
    assert ceiling["Dice"] == pytest.approx(0.75 * 255 / 256)
    assert pd.isna(ceiling["degenerate"])
    # two patients: the mean of each is .75, so that they do not vary
    assert ceiling["Dice_low"] == ceiling["Dice_high"] == ceiling["Dice"]
    text = table.to_csv(index=False)
    assert text.splitlines()[1:3] == ["net,0.4,0,,,", "all 255,0.5,2,,,"]  # counts stay whole
    assert tables.to_markdown(table).splitlines()[2] == "| net | 0.400 | 0 |  |  |  |"


def test_the_interval_is_students_t_over_patients_or_images(tmp_path):
    """Oracle: SciPy's t interval of the mean of independent values."""
    values = [0.5, 0.6, 0.75, 0.55]
    for patients in (["p1", "p2", "p3", "p4"], [""] * 4):  # unknown: each image is by itself
        pairs = enumerate(zip(patients, values, strict=True))
        rows = [(f"r{n}", patient, f"c{n}", value) for n, (patient, value) in pairs]
        row = with_ceiling(TABLE, candidates(tmp_path, rows), ["r0", "r1", "r2", "r3"]).iloc[2]
        scaled = 255 / 256 * np.array(values)
        low, high = stats.t.interval(0.95, 3, scaled.mean(), stats.sem(scaled))
        assert (row["Dice_low"], row["Dice_high"]) == (pytest.approx(low), pytest.approx(high))


def test_one_patient_says_nothing_of_others(tmp_path):
    row = with_ceiling(TABLE, candidates(tmp_path), "a").iloc[2]
    assert (row["Dice_low"], row["Dice_high"]) == (0, 255 / 256)


@pytest.mark.parametrize("validation", ["d", "", ["unknown"]])
def test_without_such_rois_the_table_is_what_it_was(tmp_path, validation):
    assert with_ceiling(TABLE, candidates(tmp_path), validation) is TABLE


def test_an_outline_as_a_map_has_a_mean_dice_of_so_much_of_its_dice():
    """What the ceiling's units rest on."""
    one, other = np.zeros((2, 1, 20, 20), np.uint8)
    one[0, 2:10, 3:15], other[0, 4:12, 5:15] = 1, 1
    dice = 2 * 60 / (96 + 80)
    assert mean_dice(255 * one, other)[0] == pytest.approx(255 / 256 * dice)


def test_candidates_of_an_impossible_dice_are_refused(tmp_path):
    with pytest.raises(CamsegError, match=r"candidates.tsv:2: reader_dice is '1.5', not a number"):
        with_ceiling(TABLE, candidates(tmp_path, [("a", "p", "c", 1.5)]), "a")


def test_validation_rois_are_those_of_any_split():
    one = pd.DataFrame({"roi_id": ["a", "b", "c"], "side": ["train", "validation", "selection"]})
    other = one.assign(side=["validation", "train", "train"])
    splits = [({}, {"all 255": one}), ({}, {"all 255": other})]
    assert heat_maps.validation_rois(splits) == {"a", "b"}


SCORED = [*heat_maps.SCORES, *heat_maps.OF_NETWORKS]
NAMES = ("heat_maps", "heat_maps_scores", "heat_maps_by_group")


def render(folder, of_outlines):
    """The files that the program makes of two ROIs, whose lesions have outlines of this Dice."""
    scores = pd.DataFrame(0.25, index=range(2), columns=SCORED).assign(
        roi_id=["a", "b"],
        label="abnormal",
        side=["train", "validation"],
        degenerate=0,
        grid="2 x 2",
    )
    scores.to_csv(folder / "s.tsv", sep="\t", index=False)
    (folder / "floors").mkdir(exist_ok=True)
    scores = scores[[*heat_maps.SCORES]]
    floors = [scores.assign(baseline=name) for name in ("all 255", "mean training mask")]
    pd.concat(floors).to_csv(folder / "floors/s.tsv", sep="\t", index=False)
    command = [sys.executable, ROOT / "scripts/render_heat_maps.py", "--models", "net"]
    command += ["--scores", folder / "s.tsv", "--baselines", folder / "floors/s.tsv"]
    rows = [("a", "p1", "c1", of_outlines), ("b", "p2", "c2", of_outlines)]
    command += ["--candidates", candidates(folder, rows), "--captions"]
    command += [ROOT / f"workflow/report/{name}.rst" for name in (*NAMES, "another_outline")]
    for option, name in zip(("--heat-maps", "--further", "--by-group"), NAMES, strict=True):
        command += [option, folder / f"{name}.csv", folder / f"{name}.tex"]
    subprocess.run(list(map(str, command)), check=True, capture_output=True)
    names = [f"{name}.{end}" for name in NAMES for end in ("csv", "tex")]
    return {name: (folder / name).read_text() for name in names}


def test_the_program_adds_row_and_caption_and_changes_no_other_table(tmp_path):
    plain, more = render(tmp_path, ""), render(tmp_path, 0.5)
    header, *rows = plain["heat_maps.csv"].splitlines()
    assert more["heat_maps.csv"].splitlines()[:-1] == [
        f"{header},n,Dice_low,Dice_high",
        *(f"{row},,," for row in rows),
    ]
    assert more["heat_maps.csv"].splitlines()[-1] == f"{NAME},0.498047,,,,,,,,,1,0,0.996094"
    caption = (ROOT / "workflow/report/another_outline.rst").read_text().strip()
    words = caption.partition(" (")[0]
    assert (words in plain["heat_maps.tex"], words in more["heat_maps.tex"]) == (False, True)
    for name in plain.keys() - {"heat_maps.csv", "heat_maps.tex"}:
        assert plain[name] == more[name]
