"""What made a study's results: the versions of this code, Python and every package."""

import platform
import subprocess
from importlib.metadata import distributions
from pathlib import Path

import pandas as pd


def versions(root: Path) -> pd.DataFrame:
    """Return name and version of this code (in the folder `root`), Python, system and packages.

    The packages are those of the environment that this runs in, sorted by name.
    """
    packages = {package.name.lower(): package.version for package in distributions()}
    rows = [
        ("camseg", code_version(root)),
        ("python", platform.python_version()),
        ("system", platform.platform()),
        *sorted(packages.items()),
    ]
    return pd.DataFrame(rows, columns=["name", "version"])


def code_version(root: Path) -> str:
    """Return the commit that `root` is a working copy of, "-dirty" if files were edited since.

    A copy that another workflow uses by github(...) has its commit in the file `.commit`.
    """
    if (root / ".commit").exists():
        return (root / ".commit").read_text(encoding="utf-8").strip()
    if not (root / ".git").exists():
        return "not in a repository"
    command = ["git", "-C", str(root), "describe", "--always", "--tags", "--dirty"]
    try:
        described = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown: git cannot tell"
    return described.stdout.strip()
