"""The command `verify`, as it is run."""

import os
import subprocess
import sys

import pytest

from project import ROOT
from recorded import write_record


@pytest.fixture
def results(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return write_record(tmp_path)


def run(*arguments):
    command = [sys.executable, "-m", "camseg", "verify", *map(str, arguments)]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "scripts")}
    return subprocess.run(command, capture_output=True, text=True, env=environment)


def test_it_ends_with_0_if_all_is_as_recorded_and_with_1_if_not(results):
    result = run(results)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.splitlines()[1] == "results: 11 files as recorded"
    (results / "index.tsv").unlink()
    result = run(results)
    assert (result.returncode, result.stderr) == (1, "")
    assert "  missing: index.tsv\n" in result.stdout


def test_two_trees_that_differ_end_with_1_and_what_is_no_study_in_one_line(results, tmp_path):
    assert run(results, results).returncode == 0
    other = tmp_path / "other"
    (other / "tables").mkdir(parents=True)
    (other / "tables/table2.csv").write_text("Classifier,Dice\nXception,0.1\n")
    result = run(results, other)
    assert (result.returncode, result.stderr) == (1, "")
    assert "Xception: Dice: '0.434405', '0.1', beyond 0.08" in result.stdout
    result = run(tmp_path)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith(f"error: {tmp_path}: has no manifest.json")
    assert result.stderr.count("\n") == 1
