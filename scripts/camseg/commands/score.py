"""Score heat maps of any method against masks: tables and curves, and the floors beside them."""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from camseg.errors import CamsegError
from camseg.figures import charts
from camseg.figures.style import save
from camseg.io import store
from camseg.io.files import told_of_full_disk, whole_file
from camseg.report import own_maps as report
from camseg.report.tables import to_markdown, write_table
from camseg.scoring import map_checks, own_maps
from camseg.scoring.baselines import BASELINES
from camseg.scoring.map_files import IMAGES, MAPS, MASKS, Source, open_source

FORMATS = (".csv", ".md", ".tex", ".html")
SHOWN = 20  # notes that are printed; all stand in scores.tsv


def main(arguments: Sequence[str]) -> None:
    """Run the command with its `arguments`; CamsegError if something is wrong with them."""
    parser = argparse.ArgumentParser(prog="camseg score", description=__doc__)
    files = "a folder of NPY, PNG or TIFF files, or one NPZ or HDF5 file"
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

    methods = _methods(options.maps)
    masks = open_source(options.masks, MASKS)
    images = open_source(options.images, IMAGES) if options.images else None
    with told_of_full_disk(options.out):
        options.out.mkdir(parents=True, exist_ok=True)
    examined = map_checks.examine(methods, masks, images, options.table)
    _tell(examined, strict=options.strict)
    scores, curves = own_maps.score_examined(examined)
    _write(options.out, scores, curves)


def _methods(texts: list[str]) -> dict[str, Source]:
    """Return the maps of each method by its name: that of the folder or file, if none is given."""
    methods: dict[str, Source] = {}
    for text in texts:
        name, equals, path = text.partition("=")
        if not equals or Path(text).exists():
            whole = Path(text).resolve()
            name, path = whole.name if whole.is_dir() else whole.stem, text
        if name in methods or name in BASELINES or not name:
            why = "a floor is called so" if name in BASELINES else "each needs a name of its own"
            raise CamsegError(f"--maps {text}: cannot be called {name!r}: {why}; use NAME={path}")
        methods[name] = open_source(path, MAPS)
    return methods


def _tell(examined: map_checks.Examined, *, strict: bool) -> None:
    """Print how many names are scored, which are not and why; CamsegError if `strict` and any."""
    counts = examined.rois["status"].value_counts()
    print(", ".join(f"{counts.get(status, 0)} {status}" for status in map_checks.STATUSES))
    notes = examined.notes()
    for note in notes[:SHOWN]:
        print(note)
    if len(notes) > SHOWN:
        print(f"and {len(notes) - SHOWN} more: see the column note of scores.tsv")
    if strict and notes:
        raise CamsegError(f"{len(notes)} names are noted, and --strict is given; {notes[0]}")


def _write(out: Path, scores: pd.DataFrame, curves: np.ndarray) -> None:
    with whole_file(out / "scores.tsv") as temporary:
        scores.to_csv(temporary, sep="\t", index=False)
    store.write_curves(out / "curves.h5", curve=curves, roi_id=scores["roi_id"].to_numpy(object))
    for name, table in report.own_tables(scores).items():
        write_table(table, [out / f"{name}{suffix}" for suffix in FORMATS], report.CAPTIONS)
        print(to_markdown(table))
    figure = charts.dice_curves(*report.own_curves(scores, curves))
    save(figure, [out / "dice_curves.svg", out / "dice_curves.png"])
