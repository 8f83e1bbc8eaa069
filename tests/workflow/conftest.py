import fcntl
import shutil
from pathlib import Path

import pytest
from project import SMALL, copy_project, snakemake


@pytest.fixture(scope="session")
def finished_study(tmp_path_factory) -> Path:
    """A copy of the project that has run the small study; shared by all tests: never change it."""
    shared = tmp_path_factory.getbasetemp()
    if shared.name.startswith("popen-"):  # a worker of pytest-xdist: its siblings' folder
        shared = shared.parent
    with (shared / "study.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        folder = shared / "finished-study"
        if not folder.exists():
            building = copy_project(shared / "building-study")
            result = snakemake(building, "--cores", "2", "all", config=SMALL)
            assert result.returncode == 0, result.stdout + result.stderr
            building.rename(folder)
    return folder


@pytest.fixture(scope="module")
def study(finished_study, tmp_path_factory) -> Path:
    """A copy of the finished small study, of one network in all regimes."""
    folder = tmp_path_factory.mktemp("study")
    return shutil.copytree(finished_study, folder, symlinks=True, dirs_exist_ok=True)
