"""Where the cases of a data set are listed. Needs Python alone: the workflow itself asks, too."""

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from camseg.errors import CamsegError


def walk(folder: Path) -> Iterator[tuple[Path, list[str]]]:
    """Yield every folder below `folder`, itself included, with the names of its files.

    Links are followed; a folder that several lead to is visited once. What cannot be listed is
    told on the standard error; the `._` files that macOS leaves on foreign disks are passed over.
    """
    seen = set()
    for place, subfolders, names in os.walk(folder, onerror=_tell, followlinks=True):
        real = os.path.realpath(place)
        if real in seen:  # a link that leads back
            subfolders.clear()
            continue
        seen.add(real)
        subfolders.sort()
        yield Path(place), [name for name in names if not name.startswith("._")]


def _tell(error: OSError) -> None:
    print(f"warning: {error.filename}: {error.strerror}: left out", file=sys.stderr)


def find(path: Path, listing: str) -> list[Path]:
    """Return the files that list the cases at `path`, sorted: itself, if it is a file.

    In a folder, those at any depth whose whole names match the regular expression `listing`, in any
    letter case. Raises CamsegError if there is none.
    """
    if path.is_file():
        return [path]
    found = sorted(_named(path, listing))
    if not found:
        raise CamsegError(f"{path}: no file at any depth below it is named like {listing}")
    return found


def lists_cases(path: Path, listing: str) -> bool:
    """Return whether `find` would find a file; looks no further than to the first."""
    return path.is_file() or any(_named(path, listing))


def _named(folder: Path, listing: str) -> Iterator[Path]:
    name = re.compile(listing, re.IGNORECASE)
    return (place / file for place, files in walk(folder) for file in files if name.fullmatch(file))


def home(path: Path) -> Path:
    """Return the folder that a data set's paths start from: itself, or the one its table is in."""
    return path.parent if path.is_file() else path
