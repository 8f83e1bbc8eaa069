"""What may be scored of heat maps of one's own, and what is wrong with the rest, name by name."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from tqdm import tqdm

from camseg.datasets.lists import read_lines
from camseg.errors import CamsegError
from camseg.explanations.scaling import degenerate
from camseg.formats import nifti
from camseg.io.checked import LABELS, USED
from camseg.scoring.map_files import Source, plain

STATUSES = SCORED, NORMAL, LEFT_OUT = "scored", "normal", "left out"
RESOLUTION = "micrometres per pixel"
COLUMNS = ("name", "patient", "side", "label", RESOLUTION)  # of the table that users bring


@dataclass(frozen=True)
class Examined:
    """Sources of methods' maps, of masks and of images or None, and `rois`, a row for each name.

    Its columns: `roi_id`, `patient_id`, `label`, `side`, `resolution`, `status` (SCORED; NORMAL, of
    an empty mask, which has no score; LEFT_OUT) and `note`, what is to be said of it, or "";
    `height`, `width` and `lesion_share` of the mask. `grids` has the size of the map of each scored
    name, by method and row.
    """

    methods: Mapping[str, Source]
    masks: Source
    images: Source | None
    rois: pd.DataFrame
    grids: Mapping[tuple[str, int], tuple[int, int]]

    def notes(self) -> list[str]:
        """Return what is to be said of each name, a line each, without the normal ones."""
        noted = self.rois[(self.rois["note"] != "") & (self.rois["status"] != NORMAL)]
        return [f"{row.roi_id}: {row.status}: {row.note}" for row in noted.itertuples()]


def examine(
    methods: Mapping[str, Source],
    masks: Source,
    images: Source | None = None,
    table: pd.DataFrame | str | Path | None = None,
) -> Examined:
    """Read all that is given, and return what may be scored.

    A name is scored if every method has a map of it: all have the same ROIs. `table` (a data frame,
    CSV or TSV) has the columns COLUMNS, all but the first optional; a line of a volume's name is of
    all its slices. Without it, each image, or volume, is of a patient of its own, and on the side
    "validation". Raises CamsegError if nothing is left.
    """
    known = _read_table(table) if table is not None else None
    sources = [*methods.values(), masks]
    volumes = {name: source.entry(name).volume for source in sources for name in source}
    names = list(volumes)
    if known is not None:
        names += [name for name in known if name not in {*names, *volumes.values()}]
    if not set(masks).intersection(*methods.values()):
        raise CamsegError(_no_pair(methods, masks))
    rows, grids = [], {}
    for number, name in enumerate(tqdm(names, desc="checking", unit="ROI", delay=2, mininterval=5)):
        volume = volumes.get(name) or name
        row = {"roi_id": name, "patient_id": volume, "label": "", "side": USED[-1]}
        row |= {"resolution": np.nan, "status": LEFT_OUT, "note": ""}
        row |= {"height": 0, "width": 0, "lesion_share": np.nan}
        rows.append(row)
        if known is not None:  # a volume that is abnormal may have slices that are not
            row |= known.get(name) or known.get(volume, {}) | {"label": ""}
        try:
            if name in masks:
                row |= _check_mask(masks[name], row["label"], masks.place(name))
                row |= _resolution(row["resolution"], masks.entry(name).frame)
            if row["status"] == NORMAL:
                continue
            _check_all_there(name, methods, masks, images)
            if known is not None and name not in known and volume not in known:
                raise CamsegError(
                    f"{masks.place(name)}: is not in the table; add a line of its name"
                )
            for source in (*methods.values(), *([images] if images is not None else [])):
                _check_place(source, name, masks)
            shape = row["height"], row["width"]
            notes = []
            for method, source in methods.items():
                grids[method, number], note = _check_map(source[name], shape, source.place(name))
                notes += [note] if note else []
            if images is not None and images[name].shape != shape:
                raise CamsegError(
                    f"{images.place(name)}: is of {_size(images[name].shape)} pixels, its mask of "
                    f"{_size(shape)}: bring both to one size"
                )
            row["note"] = "; ".join(notes)
        except CamsegError as error:
            row |= {"status": LEFT_OUT, "note": str(error)}
    rois = pd.DataFrame(rows)
    if not (rois["status"] == SCORED).any():
        first = next(iter(rois.loc[rois["status"] == LEFT_OUT, "note"]), "all masks are empty")
        raise CamsegError(f"none of {len(rois)} names can be scored; the first: {first}")
    return Examined(methods, masks, images, rois, grids)


def _no_pair(methods: Mapping[str, Source], masks: Source) -> str:
    if len(methods) > 1 and all(set(masks) & set(source) for source in methods.values()):
        return f"no map is of a name that all of {', '.join(methods)} have: name them alike"
    source = next(source for source in methods.values() if not set(masks) & set(source))
    return (
        f"{source.origin}: no map has a mask in {masks.origin}: the first are of {min(source)} and "
        f"of {min(masks)}; a.npy goes with a_mask.png or a.png"
    )


def _check_all_there(
    name: str,
    methods: Mapping[str, Source],
    masks: Source,
    images: Source | None,
) -> None:
    """Raise CamsegError if a name lacks its mask, a map or its image."""
    entries = [source.entry(name) for source in (*methods.values(), masks) if name in source]
    if not entries:
        raise CamsegError("is in the table alone; correct or remove its line")
    volume = entries[0].volume
    mask, map_, image = f"{name}_mask.png or {name}.png", f"{name}.npy", f"{name}.png"
    if volume:
        mask = map_ = image = f"{volume}.nii.gz, of as many slices"
    if name not in masks:
        raise CamsegError(f"{entries[0].place}: has no mask in {masks.origin}; it would be {mask}")
    for source in methods.values():
        if name not in source:
            raise CamsegError(f"{masks.place(name)}: has no map in {source.origin}; add {map_}")
    if images is not None and name not in images:
        raise CamsegError(f"{images.origin}: has no image of it; add {image}, or score without")


def _check_place(source: Source, name: str, masks: Source) -> None:
    """Raise CamsegError if an array and its mask, both of NIfTI, do not lie at one place."""
    frame, of_mask = source.entry(name).frame, masks.entry(name).frame
    if frame and of_mask and (reason := nifti.apart(frame, of_mask)):
        raise CamsegError(f"{source.place(name)}: {reason}")


def _resolution(said: float, frame: nifti.Frame | None) -> dict:
    """Return the micrometres per pixel: those of the table, or else of the mask's header."""
    return {"resolution": frame.micrometres} if frame and np.isnan(said) else {}


def _check_mask(mask: np.ndarray, label: str, place: str) -> dict:
    abnormal = bool(mask.any())
    if label and label != LABELS[abnormal]:
        what = "marks a lesion" if abnormal else "is empty"
        raise CamsegError(f"{place}: {what}, but the table says {label}; correct one of them")
    row = {"label": LABELS[abnormal], "height": mask.shape[0], "width": mask.shape[1]}
    if not abnormal:
        return row | {"status": NORMAL, "note": f"{place}: is empty: normal, it has no score"}
    return row | {"status": SCORED, "lesion_share": mask.mean()}


def _check_map(raw: np.ndarray, shape: tuple[int, int], place: str) -> tuple[tuple[int, int], str]:
    """Return a map's size, and what is to be said of a map that can be scored, or "".

    One that says nothing of places is scored, as all 0: were it left out, a method that fails on
    some images would look better.
    """
    rows, columns = raw.shape
    height, width = shape
    fits = abs(rows - columns * width / height) < 1 or abs(columns - rows * height / width) < 1
    if (rows - columns) * (height - width) < 0 and fits:
        raise CamsegError(
            f"{place}: is of {_size(raw.shape)}, its mask of {_size(shape)} pixels: rows and "
            "columns seem to be exchanged; save its transpose"
        )
    note = ""
    if not np.isfinite(raw).all():
        count = int((~np.isfinite(raw)).sum())
        note = f"{place}: {count} of its values are NaN or infinite: scored as all 0; make it again"
    elif degenerate(raw[np.newaxis])[0]:
        note = f"{place}: is constant: scored as all 0; see why the method gives no map"
    return (rows, columns), note


def _size(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))


def _read_table(table: pd.DataFrame | str | Path) -> dict[str, dict]:
    """Return what a table says of each name: patient_id, side, label, resolution."""
    lines: Iterable[tuple[str, Mapping[str, Any]]]
    lines = _lines_of(table) if isinstance(table, pd.DataFrame) else _lines_in(Path(table))
    known: dict[str, dict] = {}
    for place, line in lines:
        for column in set(line) - set(COLUMNS):
            if close := get_close_matches(column, COLUMNS, n=1, cutoff=0.8):
                raise CamsegError(f"{place}: has a column {column!r}: did you mean {close[0]!r}?")
        name = plain(line["name"])
        if not name or name in known:
            what = f"has the name {name} of a line before" if name else "has no name"
            raise CamsegError(f"{place}: {what}; correct or remove the line")
        known[name] = _row(place, line)
    return known


def _lines_in(path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    yield from read_lines(path, ["name"], "name")


def _lines_of(table: pd.DataFrame) -> Iterator[tuple[str, dict[str, str]]]:
    if "name" not in table:
        raise CamsegError(f"table: has no column 'name'; its columns are {', '.join(table)}")
    texts = table.astype(object).where(table.notna(), "").astype(str)
    for number, line in enumerate(texts.to_dict("records")):
        yield f"table, row {number}", line


def _row(place: str, line: Mapping[str, str]) -> dict:
    row: dict = {"patient_id": line.get("patient") or line["name"]}
    for column, words in (("side", USED), ("label", LABELS)):
        text = line.get(column, "").lower()
        needed = column == "side" and column in line
        if (text or needed) and text not in words:
            raise CamsegError(f"{place}: {column} is {text!r}: must be one of {', '.join(words)}")
        row |= {column: text} if text else {}
    try:
        row["resolution"] = float(line.get(RESOLUTION, "") or "nan")
        if row["resolution"] <= 0:
            raise ValueError
    except ValueError as error:
        raise CamsegError(
            f"{place}: {RESOLUTION} is {line[RESOLUTION]!r}: must be a number above 0"
        ) from error
    return row
