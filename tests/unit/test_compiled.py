import os
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest

from camseg.scoring.dice import mean_dice
from project import ROOT

# one function of every module that has some, called in a process of its own
CALL = """
import numpy as np
from camseg.formats import ljpeg_kernels
from camseg.scoring import dice, grid_limit

maps = np.arange(60, dtype=np.uint8).reshape(2, 5, 6)
print(dice.mean_dice(maps, maps % 2).tolist())
print(ljpeg_kernels._category(1000), grid_limit.pixel_gains.stats.cache_path is not None)
"""


def call(code, home):
    """Run CALL with the library in the folder `code`, by a user whose home is `home`."""
    places = {"PYTHONPATH": str(code), "HOME": str(home)}
    kept = {name: value for name, value in os.environ.items() if "CACHE" not in name}
    return subprocess.run(
        [sys.executable, "-c", CALL], env=kept | places, text=True, capture_output=True, check=False
    )


@pytest.fixture
def read_only(tmp_path):
    """The library where no folder __pycache__ can be made, not even by root."""
    code = tmp_path / "code"
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "scripts/camseg", code / "camseg", ignore=ignore)
    for package in (code / "camseg").glob("**/__init__.py"):
        (package.parent / "__pycache__").touch()
    return code


def expected(kept):
    maps = np.arange(60, dtype=np.uint8).reshape(2, 5, 6)
    return f"{mean_dice(maps, maps % 2).tolist()}\n10 {kept}\n"


def test_without_any_place_to_keep_it_code_is_compiled_all_the_same(read_only):
    called = call(read_only, "/dev/null")
    assert (called.stdout, called.stderr) == (expected(False), "")


def test_it_is_kept_in_the_users_folder_for_caches(read_only, tmp_path):
    (tmp_path / "home").mkdir()
    called = call(read_only, tmp_path / "home")
    assert (called.stdout, called.stderr) == (expected(True), "")
    kept = {path.name.partition("-")[0] for path in (tmp_path / "home").rglob("*.nbi")}
    assert kept == {"dice._curves", "ljpeg_kernels._category"}


def test_all_compiled_code_is_kept_that_way():
    direct = [
        path.name
        for path in (ROOT / "scripts/camseg").rglob("*.py")
        if re.search(r"cache=True|import njit", path.read_text())
    ]
    assert direct == ["compiled.py"]
