"""What the page shows of each ROI of a shard: image, outline, heat maps, curves, its place."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from camseg.errors import CamsegError
from camseg.explorer import packing
from camseg.explorer.pictures import name_of, read_pictures
from camseg.io import store
from camseg.io.checked import LABELS, REMEDY, SHARE, SIDES, Columns, Number, read_table
from camseg.io.files import whole_file
from camseg.scoring.origins import read_origins

SCORES: Columns = {"roi_id": None, "label": LABELS, "side": SIDES}
SCORES |= {"dice": Number(0, 1, blank=True), "placement": Number(blank=True)}
SCORES |= {"degenerate": SHARE, "threshold": Number(0, 255), "lesion_area": Number(0, blank=True)}
SCORES |= {"resolution": Number(0, blank=True), "lesion_share": Number(0, 1, blank=True)}


@dataclass(frozen=True)
class MapSet:
    """The heat maps of one explanation of one model on one split, and their scores.

    `scores` has a row per ROI that has a map, with the columns SCORES at least, and `rows` (n,),
    the place of each in the file of curves.
    """

    explanation: str
    model: str
    split: str
    scores: Path


def map_sets(
    explanations: Sequence[str], models: Sequence[str], scores: Sequence[str | Path]
) -> list[MapSet]:
    """Return the sets of maps of a study: `scores` are their tables, the others name what each is.

    A split is named as the table's file is.
    """
    return [
        MapSet(explanation, model, Path(path).stem, Path(path))
        for explanation, model, path in zip(explanations, models, scores, strict=True)
    ]


def read_scores(path: str | Path) -> pd.DataFrame:
    """Return a table of score_dice.py, a row per ROI that has a map; CamsegError if not whole."""
    return read_table(path, SCORES, ["roi_id"])


def pack_shard(
    shard: str | Path,
    index: str | Path,
    candidates: str | Path,
    views: str | Path,
    sets: Sequence[MapSet],
    cams: Sequence[str | Path],
    curves: Sequence[str | Path],
) -> dict:
    """Return what the page shows of the ROIs of a shard, ready to be written as JSON.

    `index` and `candidates` are the study's tables, `views` the file of pictures of the shard's
    views, `cams` and `curves` the HDF5 files of each of `sets`. The result has `views`, pictures by
    name, and `rois`, in the order of their ids: the name of its `view`, its `image`, its `mask` (""
    of a normal one), its `maps`, one per set or None, and its `curves` ("" of a normal one), a row
    per set. Raises CamsegError if a file is not whole, or of other ROIs.
    """
    rois = store.read_rois([shard])
    _, origins = read_origins(index, candidates, rois.roi_id)
    names = [name_of(row) for row in origins]
    pictures = read_pictures(views, set(names))
    maps: list[list] = [[] for _ in names]
    found: list[list] = [[] for _ in names]
    for each, path, of_curves in zip(sets, cams, curves, strict=True):
        place = {name: row for row, name in enumerate(read_scores(each.scores)["roi_id"])}
        mapped = np.array([name in place for name in rois.roi_id], bool)
        if not mapped[rois.label == 1].all():
            raise CamsegError(f"{each.scores}: is not of the ROIs of {shard}; {REMEDY}")
        grey = iter(store.read_cams(path, rois.roi_id[mapped]).cam)
        for has, texts in zip(mapped, maps, strict=True):
            texts.append(packing.pack_map(next(grey)) if has else None)
        abnormal = rois.roi_id[rois.label == 1]
        if len(abnormal):
            rows = np.array([place[name] for name in abnormal])
            curve = iter(store.read_curves(of_curves, rows, abnormal))
            for label, kept in zip(rois.label, found, strict=True):
                kept += [next(curve)] if label else []
    parts = zip(names, rois.image, rois.mask, maps, found, strict=True)
    return {
        "views": {name: pictures[name] for name in sorted(set(names))},
        "rois": [
            {
                "view": name,
                "image": packing.pack_image(image),
                "mask": packing.pack_mask(mask) if mask.any() else "",
                "maps": texts,
                "curves": packing.pack_curves(np.array(kept)) if kept else "",
            }
            for name, image, mask, texts, kept in parts
        ],
    }


def write_shard(path: str | Path, number: int, packed: dict) -> None:
    """Write what `pack_shard` returns as a script, which hands it to the page when it is loaded."""
    text = json.dumps(packed, separators=(",", ":"))
    with whole_file(path) as temporary:
        temporary.write_text(f"explorer.take({number}, {text});\n", encoding="utf-8")
