"""Where the case headers of a data set lie. Needs Python alone: the workflow itself asks, too."""

import os
from pathlib import Path

from camseg.errors import CamsegError


def find_ics(folder: Path) -> list[Path]:
    """Return all .ics and .ics.gz files at any depth below a folder, sorted; links are followed.

    Raises CamsegError if there is none.
    """
    found, seen = [], set()
    for place, subfolders, names in os.walk(folder, followlinks=True):
        real = os.path.realpath(place)
        if real in seen:  # a link that leads back
            subfolders.clear()
            continue
        seen.add(real)
        found += [Path(place, name) for name in names if name.lower().endswith((".ics", ".ics.gz"))]
    if not found:
        raise CamsegError(
            f"{folder}: no .ics file at any depth below it; put DDSM case folders there "
            "(resources/ddsm/README.md says how), or set dataset: path to where they are"
        )
    return sorted(found)
