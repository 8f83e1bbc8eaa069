"""The command `describe`, as it is run."""

import subprocess
import sys

import pytest

from camseg.commands import describe
from camseg.errors import CamsegError
from conftest import rectangle, write_case
from project import ROOT


def run(*arguments):
    command = [sys.executable, "-m", "camseg", "describe", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT / "scripts", text=True, capture_output=True)


def test_as_a_program_it_says_what_a_folder_is(tmp_path):
    write_case(tmp_path / "cases", left_lesions=(rectangle(20, 30, 20, 20),))
    result = run(tmp_path / "cases", "--out", tmp_path / "out")
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith(f"{tmp_path / 'cases'}: DDSM (dataset: source: ddsm)\n1 cases,")
    assert (tmp_path / "out/contact_sheet.png").is_file()
    assert "Traceback" not in result.stderr


def test_an_error_of_the_program_is_one_line_and_nothing_is_written(tmp_path):
    result = run(tmp_path, "--out", tmp_path / "out")
    assert result.returncode == 1
    assert result.stdout == ""
    assert result.stderr.startswith(f"error: {tmp_path}: no data set is recognised; looked for")
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_no_cases_are_no_sample(tmp_path):
    with pytest.raises(CamsegError, match="--cases is 0: must be at least 1"):
        describe.main([str(tmp_path), "--cases", "0"])
