"""Render Figure 9: the ROI of Figure 7 and a normal one, filtered by masks and inverse masks."""

import argparse

import numpy as np

from camseg.cli import run
from camseg.figures import maps
from camseg.figures.style import save
from camseg.io import store
from camseg.rois import split
from camseg.training.filtering import Given
from camseg.training.filters import inverse, mask


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shards", nargs="+", required=True, help="HDF5 shards of extract_rois.py")
    parser.add_argument("--split", required=True, help="TSV of split_rois.py")
    parser.add_argument("--dice", nargs="+", required=True, help="TSV of each of the models")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--output", nargs="+", required=True, help=".svg, .png to write")
    args = parser.parse_args()
    abnormal = maps.median_roi(maps.read_dice({path: path for path in args.dice}))
    rois = store.read_rois(args.shards)
    side = split.read_split(args.split, rois.roi_id)
    rois = rois.take(side == "validation")
    normal = maps.normal_partner(abnormal, rois)
    shown = np.array([list(rois.roi_id).index(roi_id) for roi_id in (abnormal, normal)])
    kept, rest = (regime.weights(rois, Given(), args.seed)(shown) for regime in (mask, inverse))
    save(maps.figure9(rois.take(shown), kept, rest), args.output)


if __name__ == "__main__":
    run(main)
