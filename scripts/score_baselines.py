"""Score heat maps that no network made, by the same scores as CAMs: the floors."""

import argparse

import numpy as np
import pandas as pd

from camseg.cli import run
from camseg.io import store
from camseg.io.files import whole_file
from camseg.rois import split
from camseg.scoring import baselines, localisation
from camseg.scoring.resolution import read_resolution


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shards", nargs="+", required=True, help="HDF5 shards of extract_rois.py")
    parser.add_argument("--split", required=True, help="TSV of split_rois.py")
    parser.add_argument("--index", required=True, help="TSV of index_cases.py")
    parser.add_argument("--candidates", required=True, help="TSV of merge_candidates.py")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--output", required=True, help="TSV to write: a row per baseline and ROI")
    parser.add_argument("--curves", required=True, help="HDF5 file of Dice curves to write")
    args = parser.parse_args()

    rois = store.read_rois(args.shards)
    abnormal = rois.label == 1  # a normal ROI has no score
    side = split.read_split(args.split, rois.roi_id)[abnormal]
    rois = rois.take(abnormal)
    resolution = read_resolution(args.index, args.candidates, rois.roi_id)
    tables, curves = [], []
    for name in baselines.BASELINES:
        maps = baselines.baseline_maps(name, rois, side == "train", args.seed)
        table, curve = localisation.score_rois(maps, rois, side, resolution)
        table.insert(0, "baseline", name)
        print(f"{name}: mean-Dice {table['dice'].mean():.3f} on average over all abnormal ROIs")
        tables.append(table)
        curves.append(curve)
    table = pd.concat(tables)
    with whole_file(args.output) as temporary:
        table.to_csv(temporary, sep="\t", index=False)
    store.write_curves(args.curves, curve=np.concatenate(curves), roi_id=table["roi_id"].to_numpy())


if __name__ == "__main__":
    run(main)
