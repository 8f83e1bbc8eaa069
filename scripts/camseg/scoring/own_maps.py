"""Heat maps made elsewhere, by any method, scored as a study's own are; and the floors beside them.

Each map is enlarged to its mask, whatever the size of that, by `explanations.scaling.to_grey`; no
mask is resized. What a ROI's score is made of is its own pixels alone, so that sizes may differ.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline
from tqdm import tqdm

from camseg.datasets.map_folder import IMAGES, MAPS, MASKS
from camseg.explanations.scaling import to_grey
from camseg.io.store import Rois
from camseg.scoring import baselines, localisation
from camseg.scoring.distances import surface_dice
from camseg.scoring.grid_limit import grid_limits
from camseg.scoring.map_checks import SCORED, Examined, examine
from camseg.scoring.map_files import source_of
from camseg.segmentation.outlines import draw_outlines

SEED = 1  # of what floors draw: the default study's
BLOCK = 1 << 22  # pixels of the ROIs that are in memory together
COARSE = 4  # pixels of the mask, at least, that a cell of a coarse map is wide and high
MEAN_SIZE = 256  # pixels per side of the mean training mask where masks differ in size


def score_maps(
    maps: Any,
    masks: Any,
    images: Any = None,
    table: pd.DataFrame | str | Path | None = None,
    *,
    name: str = MAPS,
) -> pd.DataFrame:
    """Return all scores of heat maps against masks, and of the floors: a row per ROI of each.

    `maps`, `masks` and `images` are arrays (n, H, W), mappings of a name to an array (H, W), or
    what `map_files.open_source` returns; maps may be of any size and numbers, masks are 0 and one
    other value, images (optional: for the floors that look at them) any grey levels. `table` is as
    of `map_checks.examine`. `name` is what the maps are called in the column `method`.

    Columns: `method`, `roi_id`, ..., `status` and `note` as of `map_checks.Examined`; the scores of
    `localisation.score`; `grid`, the map's rows and columns, and `grid_limit`, the best Dice found
    for so coarse a map (NaN where it is not). What is scored at a threshold is NaN unless the table
    has sides: the ROIs for selection choose it, or else those for training. Raises CamsegError if
    nothing can be scored.
    """
    examined = examine(
        {name: source_of(maps, MAPS)},
        source_of(masks, MASKS),
        None if images is None else source_of(images, IMAGES),
        table,
    )
    return score_examined(examined)[0]


@dataclass
class _Gathered:
    """The scores of one method so far: tables and curves of rows, the pixels of all together."""

    tables: list[pd.DataFrame] = field(default_factory=list)
    curves: list[np.ndarray] = field(default_factory=list)
    counts: np.ndarray = field(default_factory=lambda: np.zeros((1, 2, 256), np.int64))


@dataclass(frozen=True)
class _Floors:
    """The floors that can be made, and what two of them have learned of the training ROIs."""

    names: list[str]
    mean: np.ndarray | None
    regression: Pipeline | None

    def maps(self, name: str, block: Rois) -> np.ndarray:
        """Return the maps of a floor: (n, H, W) uint8."""
        shape = block.mask.shape[1:]
        if name == "mean training mask" and self.mean is not None:
            return np.repeat(to_grey(self.mean[np.newaxis], shape), len(block), axis=0)
        if name == "5 outlines":
            return to_grey(baselines.lesion_probability(self.regression, block.image), shape)
        return baselines.baseline_maps(name, block, np.zeros(len(block), bool), SEED)


def score_examined(examined: Examined) -> tuple[pd.DataFrame, np.ndarray]:
    """Return the table of `score_maps`, of several methods, and the Dice curve of each row.

    Curves are (rows, 256), NaN where nothing was scored. Methods come first, with all names, then
    the floors, with those that were scored.
    """
    floors = _floors(examined)
    gathered = {name: _Gathered() for name in (*examined.methods, *floors.names)}
    limits: dict[tuple[int, tuple[int, int]], float] = {}
    for rows, block in _blocks(examined, "scoring"):
        for name, found in gathered.items():
            maps = _maps(examined, floors, name, block)
            table, curves, counts = localisation.score_each(maps, block.mask)
            found.tables.append(table.set_axis(rows))
            found.curves.append(curves)
            found.counts += counts.sum(axis=0)
        for row, mask in zip(rows, block.mask, strict=True):
            for grid in {examined.grids[method, row] for method in examined.methods}:
                limits[row, grid] = _limit(mask, grid)
    thresholds = {name: _threshold(examined, found) for name, found in gathered.items()}
    nsd = _surface_dice(examined, floors, thresholds)
    tables, all_curves = [], []
    for name, found in gathered.items():
        each = pd.concat(found.tables)
        curves = np.concatenate(found.curves)
        scores = localisation.add_pooled(
            each, curves, found.counts, thresholds[name], nsd[name].loc[each.index].to_numpy()
        )
        if name in examined.methods:
            grids = [examined.grids[name, row] for row in scores.index]
            scores["grid"] = [f"{rows} x {columns}" for rows, columns in grids]
            scores["grid_limit"] = [limits[key] for key in zip(scores.index, grids, strict=True)]
        rois = _described(examined, scored_only=name not in examined.methods)
        rois.insert(0, "method", name)
        tables.append(rois.join(scores))
        all_curves.append(pd.DataFrame(curves, each.index).reindex(rois.index).to_numpy())
    table = pd.concat(tables, ignore_index=True)
    whole = dict.fromkeys(("threshold", "degenerate"), "Int64")  # blank where not scored
    return table.astype(whole), np.concatenate(all_curves)


def _described(examined: Examined, *, scored_only: bool) -> pd.DataFrame:
    rois = examined.rois
    if scored_only:
        rois = rois[rois["status"] == SCORED]
    area = rois["lesion_share"] * rois["width"] * rois["height"]
    columns = ["roi_id", "patient_id", "label", "side", "status", "note", "resolution"]
    return rois[[*columns, "lesion_share"]].assign(lesion_area=area)


def _blocks(examined: Examined, what: str) -> Iterator[tuple[np.ndarray, Rois]]:
    """Yield the ROIs to score, with their rows in `rois`: of one size, and few enough at a time."""
    scored = examined.rois[examined.rois["status"] == SCORED]
    with tqdm(total=len(scored), desc=what, unit="ROI", delay=2, mininterval=5) as progress:
        for (height, width), rois in scored.groupby(["height", "width"]):
            step = max(BLOCK // (height * width), 1)
            for start in range(0, len(rois), step):
                part = rois.iloc[start : start + step]
                yield part.index.to_numpy(), _read(examined, part)
                progress.update(len(part))


def _read(examined: Examined, rois: pd.DataFrame) -> Rois:
    ids = rois["roi_id"].to_numpy(object)
    masks = np.stack([examined.masks[name] for name in ids])
    images = np.zeros_like(masks)
    if examined.images is not None:
        images = np.stack([examined.images[name] for name in ids])
    unknown = np.full(len(ids), "", object)
    return Rois(
        image=images,
        mask=masks,
        label=np.ones(len(ids), np.uint8),
        roi_id=ids,
        patient_id=rois["patient_id"].to_numpy(object),
        view=unknown,
        pathology=unknown,
        lesion_type=unknown,
        box=localisation.own_boxes(masks).astype(np.int32),
    )


def _maps(examined: Examined, floors: _Floors, name: str, block: Rois) -> np.ndarray:
    """Return the maps of a method or floor as they are scored: (n, H, W) uint8."""
    if name not in examined.methods:
        return floors.maps(name, block)
    source, shape = examined.methods[name], block.mask.shape[1:]
    return np.concatenate([to_grey(source[roi][np.newaxis], shape) for roi in block.roi_id])


def _floors(examined: Examined) -> _Floors:
    scored = examined.rois[examined.rois["status"] == SCORED]
    training = scored[scored["side"] == "train"]
    left = set() if len(training) else set(baselines.OF_TRAINING)
    left |= set() if examined.images is not None else set(baselines.OF_IMAGES)
    names = [name for name in baselines.BASELINES if name not in left]
    mean = _mean_mask(examined, training) if len(training) else None
    regression = None
    if "5 outlines" in names:
        drawn = draw_outlines(training.index.to_numpy(), baselines.OUTLINES, SEED)
        parts = [_read(examined, training.loc[[row]]) for row in drawn]
        regression = baselines.pixel_regression(
            [part.image[0] for part in parts], [part.mask[0] for part in parts]
        )
    return _Floors(names, mean, regression)


def _mean_mask(examined: Examined, training: pd.DataFrame) -> np.ndarray:
    """Return the mean of the training masks: of their size, or MEAN_SIZE x MEAN_SIZE."""
    sizes = set(zip(training["height"], training["width"], strict=True))
    size = next(iter(sizes)) if len(sizes) == 1 else (MEAN_SIZE, MEAN_SIZE)
    total = np.zeros(size)
    for name in training["roi_id"]:
        mask = examined.masks[name].astype(np.float64)
        total += cv2.resize(mask, size[::-1], interpolation=cv2.INTER_AREA)
    return total / len(training)


def _threshold(examined: Examined, found: _Gathered) -> float:
    """Return the threshold that the ROIs for it choose; NaN if there are none."""
    rows = np.concatenate([table.index for table in found.tables])
    side = examined.rois["side"].to_numpy()[rows]
    choosing = side == ("selection" if "selection" in side else "train")
    if not choosing.any():
        return float("nan")
    return localisation.best_threshold(np.concatenate(found.curves)[choosing])


def _surface_dice(
    examined: Examined, floors: _Floors, thresholds: Mapping[str, float]
) -> pd.DataFrame:
    """Return the NSD of each method and floor, a column each, at its threshold; NaN if unknown."""
    nsd = pd.DataFrame(np.nan, examined.rois.index, list(thresholds))
    resolution = examined.rois["resolution"]
    if resolution.isna().all() or any(map(np.isnan, thresholds.values())):
        return nsd
    for rows, block in _blocks(examined, "distances"):
        for name, threshold in thresholds.items():
            above = _maps(examined, floors, name, block) > threshold
            micrometres = resolution.loc[rows].to_numpy()
            nsd.loc[rows, name] = surface_dice(above, block.mask, block.box, micrometres)
    return nsd


def _limit(mask: np.ndarray, grid: tuple[int, int]) -> float:
    """Return the best Dice found for a mask (H, W) on a grid; NaN if that is not coarse."""
    if min(grid) < 2 or any(COARSE * n > size for n, size in zip(grid, mask.shape, strict=True)):
        return float("nan")
    return float(grid_limits(mask[np.newaxis], grid)[0])
