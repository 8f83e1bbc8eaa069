"""The library as one installs it: its package, and the examples of docs/library.md."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import camseg
from project import ROOT, copy_project

DDSM, SCORES, EXPLAINED = re.findall(
    r"^```python\n(.*?)^```", (ROOT / "docs/library.md").read_text(), re.M | re.S
)
WITHOUT_TENSORFLOW = "import sys\nsys.modules |= {'tensorflow': None, 'keras': None}\n"


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """The folder that a copy of the project is installed to, as by `pip install .`."""
    project = copy_project(tmp_path_factory.mktemp("project"))
    folder = tmp_path_factory.mktemp("installed")
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--quiet"]
    command = [sys.executable, "-m", "pip", "install", *options, "--target", folder, project]
    subprocess.run(command, check=True, capture_output=True, text=True)
    return folder


def run(code: str, installed: Path, folder: Path) -> str:
    """Run code in another process and folder, with the installed library; return what it prints."""
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, text=True, capture_output=True,
        env=os.environ | {"PYTHONPATH": str(installed)},
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_the_package_is_the_library_and_nothing_else(installed):
    def modules(folder: Path) -> set[str]:
        return {str(path.relative_to(folder)) for path in folder.rglob("*.py")}

    assert modules(installed) == {f"camseg/{name}" for name in modules(ROOT / "scripts/camseg")}
    (metadata,) = installed.glob("camseg-*.dist-info/METADATA")
    assert f"Version: {camseg.__version__}\n" in metadata.read_text()
    assert "Requires-Dist: tensorflow" in metadata.read_text()


def test_it_says_its_version_anywhere(installed, tmp_path):
    said = run("import camseg; print(camseg.__version__, camseg.__file__)", installed, tmp_path)
    assert said.split() == [camseg.__version__, str(installed / "camseg/__init__.py")]


def test_one_image_of_the_ddsm_without_tensorflow(installed, tmp_path):
    said = run(WITHOUT_TENSORFLOW + DDSM, installed, tmp_path).split()
    assert said[1] == "uint16"
    assert said[-2] == "uint8"
    assert 0 < int(said[-1]) <= 255


def test_scores_of_any_heat_maps_without_tensorflow(installed, tmp_path):
    means, limits = run(WITHOUT_TENSORFLOW + SCORES, installed, tmp_path).splitlines()
    assert min(map(float, re.findall(r": ([\d.]+)", means))) > 0.4
    assert limits == "(10, 256) True"


@pytest.mark.slow
def test_an_explanation_of_ones_own_model(installed, tmp_path):
    assert run(EXPLAINED, installed, tmp_path) == "(5, 64, 64) uint8 (5, 16, 16)\n"


def test_no_module_of_the_library_without_networks_needs_tensorflow(installed, tmp_path):
    rooms = [
        "io",
        "formats",
        "phantom",
        "datasets",
        "rois",
        "scoring",
        "report",
        "figures",
        "study",
    ]
    names = [
        ".".join(path.relative_to(installed).with_suffix("").parts)
        for room in rooms
        for path in (installed / "camseg" / room).rglob("*.py")
        if path.name != "__init__.py"
    ]
    assert len(names) > 35
    code = f"import importlib\nfor name in {names}: importlib.import_module(name)\n"
    run(WITHOUT_TENSORFLOW + code, installed, tmp_path)
