"""What made a study's results: the versions of this code, Python and every package."""

import platform
import subprocess
from importlib.metadata import distributions
from pathlib import Path
from typing import TypedDict

import pandas as pd

DIRTY = "-dirty"  # what a version ends with if files were edited since its commit


class Code(TypedDict):
    """A version of this code: its name, its commit, and whether files were edited since.

    The last two are None where nothing tells.
    """

    version: str
    commit: str | None
    dirty: bool | None


def versions(root: Path) -> pd.DataFrame:
    """Return name and version of this code (in the folder `root`), Python, system and packages.

    The packages are those of the environment that this runs in, sorted by name.
    """
    rows = [
        ("camseg", code_version(root)),
        ("python", platform.python_version()),
        ("system", platform.platform()),
        *packages().items(),
    ]
    return pd.DataFrame(rows, columns=["name", "version"])


def packages() -> dict[str, str]:
    """Return the version of each package of this environment, sorted by name."""
    return dict(sorted((each.name.lower(), each.version) for each in distributions()))


def code_version(root: Path) -> str:
    """Return the commit that `root` is a working copy of, "-dirty" if files were edited since.

    A copy that another workflow uses by github(...) has its commit in the file `.commit`.
    """
    if (root / ".commit").exists():
        return (root / ".commit").read_text(encoding="utf-8").strip()
    if not (root / ".git").exists():
        return "not in a repository"
    return _git(root, "describe", "--always", "--tags", "--dirty") or "unknown: git cannot tell"


def code_state(root: Path) -> Code:
    """Return which version of this code `root` holds."""
    version, commit = code_version(root), None
    if (root / ".commit").exists():
        return {"version": version, "commit": version, "dirty": None}
    if (root / ".git").exists():
        commit = _git(root, "rev-parse", "HEAD") or None
    return {"version": version, "commit": commit, "dirty": commit and version.endswith(DIRTY)}


def _git(root: Path, *arguments: str) -> str:
    """Return what git says of the repository in a folder; "" if it cannot tell."""
    command = ["git", "-C", str(root), *arguments]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
