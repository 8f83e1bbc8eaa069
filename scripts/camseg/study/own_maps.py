"""Heat maps that were made elsewhere, from files to tables, curves and what these are made of."""

from collections.abc import Mapping
from pathlib import Path

from camseg.datasets.map_folder import IMAGES, MAPS, MASKS
from camseg.errors import CamsegError
from camseg.figures import charts
from camseg.figures.style import save
from camseg.io import store
from camseg.io.files import told_of_full_disk, whole_file
from camseg.report import own_maps as report
from camseg.report.tables import to_markdown, write_table
from camseg.scoring import map_checks, own_maps
from camseg.scoring.baselines import BASELINES
from camseg.scoring.map_files import open_source
from camseg.scoring.map_store import write_maps

FORMATS = (".csv", ".md", ".tex", ".html")
SHOWN = 20  # notes that are printed; all stand in scores.tsv


def score_files(
    methods: Mapping[str, Path],
    masks: Path,
    images: Path | None,
    table: Path | None,
    out: Path,
    *,
    strict: bool,
) -> None:
    """Score the maps in a folder or file of each method, and write all that follows to `out`.

    What it finds, and the first table, are printed. Raises CamsegError if nothing can be scored, a
    method is called as a floor is, or, with `strict`, there is anything to be noted.
    """
    for name, path in methods.items():
        if name in BASELINES:
            raise CamsegError(
                f"{path}: cannot be called {name!r}: a floor is called so; choose another name"
            )
    sources = {name: open_source(path, MAPS) for name, path in methods.items()}
    of_masks = open_source(masks, MASKS)
    of_images = open_source(images, IMAGES) if images else None
    with told_of_full_disk(out):
        out.mkdir(parents=True, exist_ok=True)
    examined = map_checks.examine(sources, of_masks, of_images, table)
    _tell(examined, strict=strict)
    scores, curves = own_maps.score_examined(examined)
    with whole_file(out / "scores.tsv") as temporary:
        scores.to_csv(temporary, sep="\t", index=False)
    store.write_curves(out / "curves.h5", curve=curves, roi_id=scores["roi_id"].to_numpy(object))
    write_maps(out / "maps.h5", examined)
    for name, rows in report.own_tables(scores).items():
        write_table(rows, [out / f"{name}{suffix}" for suffix in FORMATS], report.CAPTIONS)
        print(to_markdown(rows))
    figure = charts.dice_curves(*report.own_curves(scores, curves))
    save(figure, [out / "dice_curves.svg", out / "dice_curves.png"], report.OF_CURVES)


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
