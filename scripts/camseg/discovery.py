"""Where the cases of a data set are listed. Needs Python alone: the workflow itself asks, too."""

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from camseg.errors import CamsegError

ICS = re.compile(r".*\.ics(\.gz)?", re.IGNORECASE)
DESCRIPTION = re.compile(r"(mass|calc)_case_description_(train|test)_set\.csv", re.IGNORECASE)


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


def _find(folder: Path, name: re.Pattern, missing: str) -> list[Path]:
    """Return all files below a folder whose names match; CamsegError says what is missing."""
    found = [
        place / file for place, files in walk(folder) for file in files if name.fullmatch(file)
    ]
    if not found:
        raise CamsegError(f"{folder}: {missing}, or set dataset: path to where they are")
    return sorted(found)


def find_ics(folder: Path) -> list[Path]:
    """Return all .ics and .ics.gz files at any depth below a folder, sorted; links are followed.

    Raises CamsegError if there is none.
    """
    return _find(
        folder,
        ICS,
        "no .ics file at any depth below it; put DDSM case folders there "
        "(resources/ddsm/README.md says how)",
    )


def find_descriptions(folder: Path) -> list[Path]:
    """Return CBIS-DDSM's description CSVs at any depth below a folder, sorted by name.

    Raises CamsegError if there is none, or if one stands there twice.
    """
    found = _find(
        folder,
        DESCRIPTION,
        "no mass_case_description_train_set.csv or the like at any depth below it; put CBIS-DDSM's "
        "CSVs and DICOM folders there (config/README.md says how)",
    )
    names = {path.name.lower(): path for path in found}
    for path in found:
        if path is not names[path.name.lower()]:
            raise CamsegError(f"{path}: stands there twice, also as {names[path.name.lower()]}")
    return [names[name] for name in sorted(names)]


def find_table(path: Path) -> list[Path]:
    """Return the table of pictures, alone in a list; raises CamsegError if it is no file."""
    if not path.is_file():
        raise CamsegError(
            f"{path}: is no file; set dataset: path to the table of pictures itself "
            "(config/README.md says what stands in it)"
        )
    return [path]


FINDERS = {"ddsm": find_ics, "cbis_ddsm": find_descriptions, "table": find_table}


def home(path: Path) -> Path:
    """Return the folder that a data set's paths start from: itself, or the one its table is in."""
    return path.parent if path.is_file() else path
