import subprocess
import sys
from pathlib import PurePath

import pandas as pd
import pytest

from camseg.datasets.selection import EVERYTHING, Selection
from camseg.datasets.views import describe_lesions, new_row
from camseg.errors import CamsegError
from conftest import overlay_text, rectangle, write_case
from project import ROOT

SCRIPTS = ROOT / "scripts"
DDSM = ("--source", "ddsm", "--listing", r".*\.ics(\.gz)?")


MASS = ("MASS", "BENIGN")
SPECKS = ("CALCIFICATION", "MALIGNANT")
BOTH = ("CALCIFICATION+MASS", "BENIGN")


@pytest.mark.parametrize(
    ("selection", "taken"),
    [
        (EVERYTHING, [MASS, SPECKS, BOTH]),
        (Selection(lesion_types=("MASS",)), [MASS, BOTH]),
        (Selection(lesion_types=("calcification",)), [SPECKS, BOTH]),
        (Selection(pathologies=("Malignant",)), [SPECKS]),
        (Selection(lesion_types=("MASS",), pathologies=("MALIGNANT",)), []),
        (Selection(lesion_types=("OTHER", "MASS"), pathologies=("BENIGN", "X")), [MASS, BOTH]),
        (Selection(pathologies=("BENIGN_WITHOUT_CALLBACK",)), []),  # whole names only
    ],
)
def test_lesions_are_taken_by_type_and_pathology(selection, taken):
    assert [lesion for lesion in (MASS, SPECKS, BOTH) if selection.takes_lesion(*lesion)] == taken


def test_an_index_row_has_types_without_their_details_and_pathologies():
    lesions = [
        ("BENIGN", ["MASS SHAPE OVAL", "CALCIFICATION TYPE LUCENT", "MASS SHAPE ROUND"]),
        ("MALIGNANT", []),
    ]
    row = new_row(view="LEFT_CC")
    describe_lesions(row, lesions)
    assert row == new_row(
        view="LEFT_CC",
        abnormalities=2,
        lesion_types="CALCIFICATION+MASS; ",
        pathologies="BENIGN; MALIGNANT",
    )


@pytest.mark.parametrize(
    ("volumes", "taken"),
    [
        ((), True),
        (("cancer_01",), True),
        (("benign_01", "CANCER_01"), True),
        (("cancers",), True),
        (("cancer_0",), False),
        (("C-0001-1.ics",), False),
    ],
)
def test_cases_are_taken_by_a_folder_above_them(volumes, taken):
    place = PurePath("DDSM/cancers/Cancer_01/case0001/C-0001-1.ics")
    assert Selection(volumes=volumes).takes_case(place) == taken


def test_a_volume_without_a_case_is_named():
    folders = {"cancer_01", "case0001"}
    Selection(volumes=("CANCER_01",)).check_volumes(folders)
    with pytest.raises(CamsegError, match="no case lies below a folder named cancer_99"):
        Selection(volumes=("cancer_01", "cancer_99")).check_volumes(folders)


def run(script, *arguments):
    command = [sys.executable, SCRIPTS / script, *map(str, arguments)]
    return subprocess.run(command, text=True, capture_output=True, check=False)


@pytest.fixture
def two_volumes(tmp_path):
    """A mass, and a mass beside a cluster, in one volume; a mass in another."""
    folder = tmp_path / "ddsm"
    mass, cluster = rectangle(20, 50, 16, 8), rectangle(30, 20, 8, 8)
    write_case(folder / "cancer_01", "B-0001-1", left_lesions=(mass,))
    case = write_case(folder / "cancer_01", "B-0002-1", left_lesions=(mass,))
    overlay = case / "B_0002_1.LEFT_CC.OVERLAY"
    text = overlay_text(cluster, lesion_types=("CALCIFICATION",))
    overlay.write_text(overlay.read_text() + text)
    write_case(folder / "cancer_02", "B-0003-1", left_lesions=(mass,))
    return folder


def test_a_selection_goes_through_the_programs_and_counts_add_up(two_volumes, tmp_path):
    index, rois, candidates = (tmp_path / name for name in ("index.tsv", "0.h5", "0.tsv"))
    # an unselected volume is nothing bad: --strict does not mind
    result = run(
        *("index_cases.py", two_volumes, *DDSM, "--output", index),
        *("--grey", "optical_density"),
        *("--strict", "--lesion-types", "MASS", "--pathologies", "--volumes", "cancer_01"),
    )
    assert result.returncode == 0, result.stderr
    assert "4 usable with 3 lesions, 2 of them selected; 0 rejected, 0 absent, 2 of vol" in (
        result.stdout
    )
    result = run(
        *("extract_rois.py", "--index", index, "--data", two_volumes, "--shard", 0),
        *("--shards", 1, "--size", 32, "--padding", 0.1, 0.3, "--outline", "boundary"),
        *("--overlap", "drop_normal", "--min-breast-share", 0.5, "--seed", 1),
        *("--rois", rois, "--candidates", candidates),
    )
    assert result.returncode == 0, result.stderr
    rows = pd.read_csv(index, sep="\t", keep_default_na=False)
    table = pd.read_csv(candidates, sep="\t", keep_default_na=False)
    usable = rows[rows["status"] == "usable"]
    assert len(table) == 2 * usable["abnormalities"].sum() == 6
    assert (table["status"] == "used").sum() == 4
    (row,) = table[
        table["lesion_type"].str.startswith("CALC") & (table["label"] == "abnormal")
    ].to_dict("records")
    assert row["reason"] == "its lesion type or pathology is not selected"
    assert int(row["w"]) > 8  # where it lies is recorded all the same


@pytest.mark.parametrize("volumes", [[], ["a"], ["z"]])
def test_a_case_that_stands_there_twice_gives_its_rois_once(tmp_path, volumes):
    for volume in ("a", "z"):
        write_case(tmp_path / "ddsm" / volume, left_lesions=(rectangle(20, 50, 16, 8),))
    index, candidates = tmp_path / "index.tsv", tmp_path / "0.tsv"
    result = run(
        *("index_cases.py", tmp_path / "ddsm", *DDSM, "--output", index),
        *("--grey", "optical_density", "--volumes", *volumes),
    )
    assert result.returncode == 0, result.stderr
    result = run(
        *("extract_rois.py", "--index", index, "--data", tmp_path / "ddsm", "--shard", 0),
        *("--shards", 1, "--size", 32, "--padding", 0.1, 0.3, "--outline", "boundary"),
        *("--overlap", "drop_normal", "--min-breast-share", 0.5, "--seed", 1),
        *("--rois", tmp_path / "0.h5", "--candidates", candidates),
    )
    assert result.returncode == 0, result.stderr
    table = pd.read_csv(candidates, sep="\t")
    assert list(table["status"]) == ["used", "used"]


def test_a_selection_that_takes_nothing_says_what_there_is(two_volumes, tmp_path):
    result = run(
        *("index_cases.py", two_volumes, *DDSM),
        *("--output", tmp_path / "index.tsv"),
        *("--grey", "optical_density", "--pathologies", "BENIGN"),
    )
    assert result.returncode != 0
    assert result.stderr.splitlines()[-1] == (
        "error: config: selection takes none of the 4 lesions; they are of the types "
        "CALCIFICATION, MASS and the pathologies MALIGNANT"
    )
    assert not (tmp_path / "index.tsv").exists()
