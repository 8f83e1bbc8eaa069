"""The library as one installs it: its package, and the examples of docs/library.md."""

import ast
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

import camseg
from camseg.formats.ddsm import read_ics
from project import ROOT, copy_project

DDSM, SCORES, EXPLAINED = re.findall(
    r"^```python\n(.*?)^```", (ROOT / "docs/library.md").read_text(), re.M | re.S
)
(OWN_MAPS,) = re.findall(
    r"^```python\n(.*?)^```", (ROOT / "docs/own_maps.md").read_text(), re.M | re.S
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
    about = f"camseg-{camseg.__version__}.dist-info"
    assert {path.name for path in installed.iterdir()} == {"bin", "camseg", about}
    assert {path.name for path in (installed / "bin").iterdir()} == {"camseg"}
    metadata = (installed / about / "METADATA").read_text()
    assert f"Version: {camseg.__version__}\n" in metadata
    assert "Requires-Dist: tensorflow" in metadata


def pins(name: str) -> dict[str, tuple[int, ...]]:
    """The lowest version that a file of requirements pins of each package."""
    found: dict[str, list] = {}
    for package, version in re.findall(
        r"^([\w.-]+)==(\d+(?:\.\d+)*)", (ROOT / name).read_text(), re.M
    ):
        found.setdefault(package, []).append(tuple(map(int, version.split("."))))
    return {package: min(versions) for package, versions in found.items()}


def imported(path: Path) -> set[str]:
    """The packages that a file imports, inside functions too."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            names.add(node.module)
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return {name.partition(".")[0] for name in names}


def test_it_asks_for_what_it_imports_as_new_as_is_pinned():
    packages = {"cv2": "opencv-python-headless", "PIL": "pillow", "sklearn": "scikit-learn"}
    packages |= {"skimage": "scikit-image", "yaml": "pyyaml"}
    packages |= {"keras": "tensorflow"}  # which brings Keras along
    names = set().union(*map(imported, (ROOT / "scripts/camseg").rglob("*.py")))
    names -= {"camseg", *sys.stdlib_module_names}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    further = project["optional-dependencies"]
    train = further["train"]
    asked = dict(text.split(">=") for text in (*project["dependencies"], *train, *further["crate"]))
    assert further["crate"] == ["rocrate>=0.16"]
    assert asked.keys() == {packages.get(name, name) for name in names}
    assert [text.partition(">")[0] for text in train] == ["tensorflow"]
    pinned = pins("requirements.txt")
    expected = {package: ".".join(map(str, pinned[package][:2])) for package in asked}
    assert asked == expected


def test_the_tests_run_with_the_versions_that_the_workflow_runs_with():
    run_with, tested_with = pins("requirements.txt"), pins("requirements-dev.txt")
    assert run_with == {package: tested_with.get(package) for package in run_with}


def test_it_says_its_version_anywhere(installed, tmp_path):
    said = run("import camseg; print(camseg.__version__, camseg.__file__)", installed, tmp_path)
    assert said.split() == [camseg.__version__, str(installed / "camseg/__init__.py")]


def test_one_image_of_the_ddsm_without_tensorflow(installed, tmp_path):
    said = run(WITHOUT_TENSORFLOW + DDSM, installed, tmp_path)
    shape = read_ics(next(tmp_path.rglob("*.ics"))).views["LEFT_CC"].shape
    assert said.startswith(f"B-0001-1 uint16 {shape} uint8 ")
    assert 128 < int(said.split()[-1]) <= 255  # windowed: a mammogram is not all dark


def test_scores_of_any_heat_maps_without_tensorflow(installed, tmp_path):
    means, limits = run(WITHOUT_TENSORFLOW + SCORES, installed, tmp_path).splitlines()
    assert min(map(float, re.findall(r": ([\d.]+)", means))) > 0.4
    assert limits == "(10, 256) True"


def test_ones_own_heat_maps_from_python_and_by_the_command(installed, tmp_path):
    said = run(WITHOUT_TENSORFLOW + OWN_MAPS, installed, tmp_path)
    assert re.search(r"^gradcam +0\.\d+ +0\.\d+ +0\.\d+$", said, re.M)
    assert said.count("centred Gaussian") == 2
    (tmp_path / "masks").mkdir()
    for path in (tmp_path / "maps").glob("*.npy"):
        np.save(tmp_path / "masks" / path.name, np.load(path) > 1)
    command = [sys.executable, installed / "bin/camseg", "score", "--maps", "maps"]
    result = subprocess.run(
        [*command, "--masks", "masks", "--out", "scored"], cwd=tmp_path, text=True,
        capture_output=True, env=os.environ | {"PYTHONPATH": str(installed)},
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("12 scored, 0 normal, 0 left out\n| map | Dice |")
    assert (tmp_path / "scored/heat_maps.csv").is_file()


@pytest.mark.slow
def test_an_explanation_of_ones_own_model(installed, tmp_path):
    assert run(EXPLAINED, installed, tmp_path) == "(5, 64, 64) uint8 (5, 16, 16)\n"


def test_what_the_page_says_works_without_tensorflow_does(installed, tmp_path):
    page = (ROOT / "docs/library.md").read_text()
    listed = re.search(r"Without TensorFlow\s+work (.+?)\. ", page, re.S)[1]
    packages, arithmetic = listed.split("explanations")
    rooms = [name.removeprefix("camseg.") for name in re.findall(r"`([\w.]+)`", packages)]
    assert {"formats", "rois", "scoring"} <= set(rooms)
    parts = [f"explanations/{name}" for name in re.findall(r"`(\w+)`", arithmetic)]
    assert parts == ["explanations/scaling", "explanations/methods"]
    library = installed / "camseg"
    files = {file for part in [*rooms, *parts] for file in (library / part).rglob("*.py")}
    files |= {library / f"{part}.py" for part in parts} & set(library.rglob("*.py"))
    names = sorted(
        ".".join(file.relative_to(installed).with_suffix("").parts)
        for file in files
        if file.name != "__init__.py"
    )
    assert len(names) > 35
    assert "camseg.explanations.scaling" in names
    code = f"import importlib\nfor name in {names}: importlib.import_module(name)\n"
    run(WITHOUT_TENSORFLOW + code, installed, tmp_path)
