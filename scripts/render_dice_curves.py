"""Render mean Dice over the threshold: a curve per classifier and per floor."""

import argparse

import numpy as np
import pandas as pd

from camseg import figures, heat_map_tables, store
from camseg.cli import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="+", required=True)
    parser.add_argument("--scores", nargs="+", required=True, help="a TSV per model, in order")
    parser.add_argument("--curves", nargs="+", required=True, help="the HDF5 files beside them")
    parser.add_argument("--baselines", required=True, help="TSV of score_baselines.py")
    parser.add_argument("--baseline-curves", required=True, help="the HDF5 file beside it")
    parser.add_argument("--output", nargs="+", required=True, help=".svg, .png to write")
    options = parser.parse_args()

    models, floors = heat_map_tables.read_scores(options.models, options.scores, options.baselines)
    models = {
        name: _mean_curve(scores, curves)
        for (name, scores), curves in zip(models.items(), options.curves, strict=True)
    }
    floors = {name: _mean_curve(scores, options.baseline_curves) for name, scores in floors.items()}
    figures.save(figures.dice_curves(models, floors), options.output)


def _mean_curve(scores: pd.DataFrame, path: str) -> np.ndarray:
    return store.read_curves(path, scores.index, scores["roi_id"]).mean(axis=0)


if __name__ == "__main__":
    run(main)
