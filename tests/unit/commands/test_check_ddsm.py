"""The command `check_ddsm`: what it prints and writes, and how it ends."""

import subprocess
import sys

import pandas as pd

from conftest import write_case
from project import ROOT


def run(*arguments):
    command = [sys.executable, "-m", "camseg", "check_ddsm", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT / "scripts", capture_output=True, text=True)


def test_a_partial_download_is_summed_up_and_its_faults_are_written(tmp_path):
    case = write_case(tmp_path / "ddsm/cancer_01")
    (case / "B_0001_1.RIGHT_CC.LJPEG").unlink()
    result = run(tmp_path / "ddsm", "--out", tmp_path / "faults.tsv")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.splitlines()[1] == "cancer_01: 1 of 69 cases, 1 of them not whole"
    rows = pd.read_csv(tmp_path / "faults.tsv", sep="\t", keep_default_na=False)
    assert rows.iloc[-1].tolist() == [
        "cancer_01", "B-0001-1", "cancer_01/case0001/B_0001_1.RIGHT_CC.LJPEG", "yes", "is missing",
    ]  # fmt: skip


def test_nothing_there_is_one_line_and_a_failure(tmp_path):
    result = run(tmp_path, "--out", tmp_path / "faults.tsv")
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == (
        f"error: {tmp_path}: holds nothing of the DDSM: no file at any depth is named like "
        "C-0001-1.ics or C_0001_1.LEFT_CC.LJPEG\n"
    )
    assert not (tmp_path / "faults.tsv").exists()
