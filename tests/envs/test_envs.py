"""Each stage of a tiny study in its rule's own environment, built from envs/*.yaml.

This installs 4.3 GB of packages from the package index; `make test-envs` runs it.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import yaml
from packaging.utils import canonicalize_name

from project import SMALL, copy_project, snakemake

STANDIN = Path(__file__).with_name("conda-standin")
CONFIG = {
    **SMALL,
    "regimes": {"cam": "all", "mask": [], "inverse": []},
    "training": {"epochs": 1},
}


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    """Run Snakemake with the environments in the folder conda."""
    options = ["--cores", "2", "--sdm", "conda", "--conda-prefix", "conda"]
    return snakemake(folder, *options, *arguments, config=CONFIG)


@pytest.fixture(scope="module")
def project() -> Iterator[Path]:
    """A project that has run the study in its rules' environments; removed afterwards."""
    with TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        folder = copy_project(Path(name))
        # Snakemake does not quote the path of conda's activate, and conda takes none with a blank
        conda = shutil.copytree(STANDIN, folder / "conda-standin")
        patch.setenv("PATH", os.pathsep.join([str(conda / "bin"), os.environ["PATH"]]))
        result = run(folder, "all")
        assert result.returncode == 0, result.stdout + result.stderr
        yield folder


def environment(project: Path, name: str) -> Path:
    """The environment that was built from a file of envs."""
    text = (project / f"envs/{name}.yaml").read_text()
    (found,) = [path for path in (project / "conda").glob("*.yaml") if path.read_text() == text]
    return found.with_suffix("")


def pip(prefix: Path, *arguments: str) -> str:
    command = [prefix / "bin/python", "-m", "pip", *arguments]
    result = subprocess.run(command, text=True, capture_output=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.mark.parametrize("name", ["ingest", "train", "report"])
def test_the_environment_is_as_pinned_and_without_conflicts(project, name):
    prefix = environment(project, name)
    versions = {
        canonicalize_name(package["name"]): package["version"]
        for package in json.loads(pip(prefix, "list", "--format=json"))
    }
    wanted = yaml.safe_load((project / f"envs/{name}.yaml").read_text())["dependencies"][-1]["pip"]
    assert wanted
    for pin in wanted:
        package, version = pin.split("==")
        assert versions[canonicalize_name(package)] == version
    pip(prefix, "check")


def test_a_rule_fails_without_a_package_of_its_environment(project):
    target = "results/phantom/dice/grad_cam/MobileNetV2/split-0.tsv"
    assert run(project, "-f", target).returncode == 0
    pip(environment(project, "report"), "uninstall", "--yes", "h5py")
    result = run(project, "-f", target)
    assert result.returncode != 0
    assert "No module named 'h5py'" in result.stdout + result.stderr
