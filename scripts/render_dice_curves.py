"""Render mean Dice over the threshold: a curve per classifier and per floor."""

import argparse
from collections import defaultdict
from pathlib import Path

import numpy as np
import pandas as pd

from camseg import figures, heat_map_tables, store
from camseg.cli import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="+", required=True, help="the model of each of these:")
    parser.add_argument("--scores", nargs="+", required=True, help="a TSV per model and split")
    parser.add_argument("--curves", nargs="+", required=True, help="the HDF5 files beside them")
    parser.add_argument(
        "--baselines", nargs="+", required=True, help="a TSV of score_baselines.py per split"
    )
    parser.add_argument(
        "--baseline-curves", nargs="+", required=True, help="the HDF5 files beside them"
    )
    parser.add_argument("--output", nargs="+", required=True, help=".svg, .png to write")
    options = parser.parse_args()

    splits = heat_map_tables.read_scores(options.models, options.scores, options.baselines)
    paths = {
        (model, Path(path).stem): path
        for model, path in zip(options.models, options.curves, strict=True)
    }
    floor_paths = {Path(path).stem: path for path in options.baseline_curves}
    model_curves: dict[str, list[np.ndarray]] = defaultdict(list)  # one per split
    floor_curves: dict[str, list[np.ndarray]] = defaultdict(list)
    for split, (models, floors) in splits.items():
        for model, scores in models.items():
            model_curves[model].append(_mean_curve(scores, paths[model, split]))
        for floor, scores in floors.items():
            floor_curves[floor].append(_mean_curve(scores, floor_paths[split]))
    figure = figures.dice_curves(_over_splits(model_curves), _over_splits(floor_curves))
    figures.save(figure, options.output)


def _mean_curve(scores: pd.DataFrame, path: str) -> np.ndarray:
    return store.read_curves(path, scores.index, scores["roi_id"]).mean(axis=0)


def _over_splits(curves: dict[str, list[np.ndarray]]) -> dict[str, np.ndarray]:
    return {name: np.mean(of_splits, axis=0) for name, of_splits in curves.items()}


if __name__ == "__main__":
    run(main)
