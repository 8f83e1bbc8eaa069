"""What is known of each ROI of a study and of its heat maps: the rows of the explorer's table."""

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from camseg.errors import CamsegError
from camseg.explorer.shards import MapSet, read_scores
from camseg.io import store
from camseg.io.checked import LABELS, PREDICTIONS, REMEDY, SIDES, read_table
from camseg.io.store import Rois
from camseg.rois.split import read_split
from camseg.scoring.origins import read_origins

DIGITS = 9  # significant ones of a number: those that are shown follow without a second rounding
UNUSED = "u"  # the letter of the side "unused"


def read_study(shards: Sequence[str | Path]) -> tuple[Rois, np.ndarray]:
    """Return the ROIs of all shards, shard by shard, and (n, 2) which row of which shard each is.

    A shard's ROIs are in the order of their ids. Errors as of `store.read_rois`.
    """
    parts = [store.read_rois([path]) for path in shards]
    place = [(number, row) for number, part in enumerate(parts) for row in range(len(part))]
    every = store.read_rois(shards)  # which checks that sizes agree and ids differ
    order = {name: row for row, name in enumerate(every.roi_id)}
    rows = [order[name] for part in parts for name in part.roi_id]
    return every.take(np.array(rows, int)), np.array(place, int).reshape(-1, 2)


def describe(
    rois: Rois, place: np.ndarray, index: str | Path, candidates: str | Path
) -> dict[str, list]:
    """Return what is known of each ROI itself: a list per column, in the order of `rois`.

    `index` and `candidates` are the study's tables; errors as of `read_origins`. `share` is the
    lesion's of the ROI, `area` its mm² where the resolution is known, else 0 (None of a normal
    one); `box` x, y, w, h in the picture of `picture` width and height; `flags` are words.
    """
    rows, views = read_origins(index, candidates, rois.roi_id)
    share = rois.mask.mean(axis=(1, 2))
    area = [
        part * w * h * (view["resolution"] or 0) ** 2 / 1e6
        for part, (_, _, w, h), view in zip(share, rois.box, views, strict=True)
    ]
    abnormal = rois.label == 1
    return {
        "id": list(rois.roi_id),
        "place": place.tolist(),
        "patient": list(rois.patient_id),
        "abnormal": [int(label) for label in abnormal],
        "view": list(rois.view),
        "pathology": list(rois.pathology),
        "type": list(rois.lesion_type),
        "box": rois.box.tolist(),
        "picture": [[view["pixels_per_line"], view["lines"]] for view in views],
        "share": numbers(np.where(abnormal, share, np.nan)),
        "area": numbers(np.where(abnormal, area, np.nan)),
        "flags": [flags_of(row) for row in rows.to_dict("records")],
        "notes": list(rows["notes"]),
    }


def flags_of(row: dict[str, str]) -> list[str]:
    """Return what may be odd about a ROI, by its row of the candidates, in a few words each."""
    cut = any(int(row[f"clipped_{side}"] or 0) for side in ("left", "top", "right", "bottom"))
    found = {
        "cut off at the picture's edge": cut,
        "lesion touches the picture's edge": row["touches_edge"] == "yes",
        "lesion of several parts": int(row["components"] or 0) > 1,
        "another lesion in the ROI": int(row["neighbours"] or 0) > 0,
        "mask mended": row["mask_mended"] == "yes",
        "noted": bool(row["notes"]),
    }
    return [name for name, is_so in found.items() if is_so]


def of_sets(sets: Iterable[MapSet], rois: Rois) -> list[dict[str, Any]]:
    """Return the scores of each set of maps: lists in the order of `rois`, with gaps.

    None is where a ROI has no score. `threshold` is one number, `degenerate` the places of the maps
    that show no place. Raises CamsegError if a table is not whole, or of other ROIs.
    """
    found = []
    for each in sets:
        table = read_scores(each.scores).set_index("roi_id")
        odd = set(table.index) - set(rois.roi_id)
        odd |= set(rois.roi_id[rois.label == 1]) - set(table.index)
        if odd:
            raise CamsegError(f"{each.scores}: ROI {min(odd)} is not of this study; {REMEDY}")
        rows = table.reindex(rois.roi_id)
        found.append(
            {
                "explanation": each.explanation,
                "model": each.model,
                "split": each.split,
                "threshold": int(table["threshold"].iloc[0]),
                "dice": numbers(rows["dice"]),
                "placement": numbers(rows["placement"]),
                "degenerate": np.flatnonzero(rows["degenerate"] == 1).tolist(),
            }
        )
    return found


def of_splits(splits: Iterable[str | Path], rois: Rois) -> dict[str, str]:
    """Return the sides of the ROIs on each split: a letter per ROI, the first of its side's name.

    Errors as of `split.read_split`.
    """
    assert len({side[0] for side in SIDES}) == len(SIDES)
    return {
        Path(path).stem: "".join(side[0] for side in read_split(path, rois.roi_id))
        for path in splits
    }


def of_trainings(
    regimes: Sequence[str],
    models: Sequence[str],
    predictions: Sequence[str | Path],
    rois: Rois,
    splits: Mapping[str, str],
) -> list[dict[str, Any]]:
    """Return the probability of "abnormal" that each training gives each ROI, None where unused.

    `regimes` and `models` name what each file of `predictions` is of, its folder the split;
    `splits` are those of `of_splits`. Raises CamsegError if a file is not whole, or of other ROIs.
    """
    found = []
    for regime, model, path in zip(regimes, models, map(Path, predictions), strict=True):
        table = read_table(path, PREDICTIONS, ["roi_id"]).set_index("roi_id")
        labels = zip(rois.roi_id, rois.label, splits[path.parent.name], strict=True)
        expected = {name: LABELS[label] for name, label, side in labels if side != UNUSED}
        if table["label"].to_dict() != expected:
            raise CamsegError(f"{path}: is not of the split's ROIs; {REMEDY}")
        probability = numbers(table["probability"].reindex(rois.roi_id))
        names = {"regime": regime, "model": model, "split": path.parent.name}
        found.append(names | {"probability": probability})
    return found


def numbers(values: pd.Series | np.ndarray) -> list[float | None]:
    """Return numbers as JSON has them: DIGITS significant digits, None for what is missing."""
    return [
        None if math.isnan(value) else float(f"{value:.{DIGITS}g}") for value in map(float, values)
    ]


def maps_of(cams: str | Path, rois: Rois) -> list[np.ndarray | None]:
    """Return the heat map (S, S) uint8 of each ROI from a file of CAMs, None where it has none."""
    found = store.read_cams(cams)
    place = {name: row for row, name in enumerate(found.roi_id)}
    return [found.cam[place[name]] if name in place else None for name in rois.roi_id]
