"""Score heat maps of any method against masks: tables and curves, and the floors beside them."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from camseg.errors import CamsegError
from camseg.scoring import map_checks
from camseg.study.own_maps import score_files


def main(arguments: Sequence[str]) -> None:
    """Run the command with its `arguments`; CamsegError if something is wrong with them."""
    parser = argparse.ArgumentParser(prog="camseg score", description=__doc__)
    files = "a folder of NPY, PNG, TIFF or NIfTI files, or one NPZ or HDF5 file"
    parser.add_argument(
        "--maps", action="append", required=True, metavar="[NAME=]PATH",
        help=f"{files}; again for each further method",
    )  # fmt: skip
    parser.add_argument("--masks", type=Path, required=True, help=f"likewise: {files}")
    parser.add_argument("--images", type=Path, help="likewise, for the floors that look at them")
    parser.add_argument("--table", type=Path, help=f"CSV or TSV: {', '.join(map_checks.COLUMNS)}")
    parser.add_argument("--out", type=Path, required=True, help="folder for what is written")
    parser.add_argument("--strict", action="store_true", help="end if anything is to be noted")
    options = parser.parse_args(arguments)
    score_files(
        _methods(options.maps),
        options.masks,
        options.images,
        options.table,
        options.out,
        strict=options.strict,
    )


def _methods(texts: list[str]) -> dict[str, Path]:
    """Return where the maps of each method are, by its name: if none is given, the path's own."""
    methods: dict[str, Path] = {}
    for text in texts:
        name, equals, path = text.partition("=")
        if not equals or Path(text).exists():
            whole = Path(text).resolve()
            name, path = whole.name if whole.is_dir() else whole.stem, text
        if name in methods or not name:
            why = "each needs a name of its own"
            raise CamsegError(f"--maps {text}: cannot be called {name!r}: {why}; use NAME={path}")
        methods[name] = Path(path)
    return methods
