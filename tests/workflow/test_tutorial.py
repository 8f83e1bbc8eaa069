"""The tutorial's notebook, run as it stands: its cells in order, in a process of their own."""

import os
import re
import subprocess
import sys

import nbformat
import pytest
from PIL import Image

from project import ROOT

NOTEBOOK = ROOT / "docs/tutorial.ipynb"


@pytest.fixture(scope="module")
def notebook():
    return nbformat.read(NOTEBOOK, as_version=4)


def test_it_is_a_notebook_without_the_output_of_somebodys_run(notebook):
    nbformat.validate(notebook)
    codes = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert len(codes) == 6
    assert all(not cell.outputs and cell.execution_count is None for cell in codes)


@pytest.mark.slow
def test_it_leads_from_the_codec_to_scores(notebook, tmp_path):
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    environment = os.environ | {"PYTHONPATH": str(ROOT / "scripts"), "MPLBACKEND": "agg"}
    command = [sys.executable, "-c", code]
    result = subprocess.run(
        command, cwd=tmp_path, env=environment, text=True, capture_output=True, check=False
    )
    assert result.returncode == 0, result.stderr
    said = result.stdout
    assert re.search(r"^[A-D]-\d{4}-1 .+ uint16 \(\d+, \d+\) 0\.\d\d of its size$", said, re.M)
    total, abnormal = map(int, re.search(r"^(\d+) ROIs, (\d+) of them", said, re.M).groups())
    assert total >= 2 * abnormal - 4 > 8
    right, of = map(int, re.search(r"^right on (\d+) of (\d+)", said, re.M).groups())
    assert 0 < right <= of
    assert f"({abnormal}, 8, 8) -> ({abnormal}, 64, 64) uint8" in said
    dice, floor = map(float, re.search(r"mean-Dice ([\d.]+), .+ ([\d.]+)$", said, re.M).groups())
    assert 0 < dice < 1
    assert 0.4 < floor < 0.7  # of lesions that fill half of the ROI
    # a network that has learned looks at the lesion: 0.8 on the machine that this was written on
    assert float(re.search(r"^placement +([\d.]+)$", said, re.M)[1]) > 0.6
    with Image.open(tmp_path / "tutorial/heat_maps.png") as picture:
        assert picture.size == (800, 400)
