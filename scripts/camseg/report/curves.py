"""Mean Dice over the threshold, of networks and of floors, from the curves beside their scores."""

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from camseg.io.store import read_curves
from camseg.report.heat_maps import read_scores

Curves = dict[str, np.ndarray]
# the floors that are drawn: what needs no image, no outline, few outlines and most of them
DRAWN = ("all 255", "smooth noise", "brightness", "5 outlines", "mean training mask")


def mean_curves(
    models: Iterable[str],
    scores: Iterable[str | Path],
    curves: Iterable[str | Path],
    baselines: Iterable[str | Path],
    baseline_curves: Iterable[str | Path],
) -> tuple[Curves, Curves, int]:
    """Return the mean Dice at every threshold, (256,), of each model and of each floor DRAWN.

    And how many ROIs are behind them. Averages over used abnormal ROIs, then over splits. `models`
    names the model of each table of `scores` and of each file of `curves`; `baselines` and
    `baseline_curves` have one per split. Errors as of `heat_maps.read_scores` and
    `store.read_curves`.
    """
    models, scores = list(models), list(scores)
    of_models = {(model, Path(path).stem): path for model, path in zip(models, curves, strict=True)}
    of_floors = {Path(path).stem: path for path in baseline_curves}
    networks: dict[str, list[np.ndarray]] = defaultdict(list)  # a curve per split
    floors: dict[str, list[np.ndarray]] = defaultdict(list)
    shown: set[str] = set()  # ROIs
    for split, (tables, floor_tables) in read_scores(models, scores, baselines).items():
        for model, rows in tables.items():
            curve = read_curves(of_models[model, split], rows.index, rows["roi_id"])
            networks[model].append(curve.mean(axis=0))
            shown |= set(rows["roi_id"])
        for floor in filter(floor_tables.__contains__, DRAWN):
            rows = floor_tables[floor]
            curve = read_curves(of_floors[split], rows.index, rows["roi_id"])
            floors[floor].append(curve.mean(axis=0))
    return _over_splits(networks), _over_splits(floors), len(shown)


def _over_splits(curves: dict[str, list[np.ndarray]]) -> Curves:
    return {name: np.mean(of_splits, axis=0) for name, of_splits in curves.items()}
