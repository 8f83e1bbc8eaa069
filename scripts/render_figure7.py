"""Render Figure 7: one abnormal ROI, its mask, and its CAMs by all models."""

import argparse

import numpy as np

from camseg.cli import run
from camseg.figures import maps
from camseg.figures.style import save
from camseg.io import store


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shards", nargs="+", required=True, help="HDF5 shards of extract_rois.py")
    parser.add_argument("--models", nargs="+", required=True)
    parser.add_argument("--cams", nargs="+", required=True, help="HDF5 of each of the models")
    parser.add_argument("--dice", nargs="+", required=True, help="TSV of each of the models")
    parser.add_argument("--output", nargs="+", required=True, help=".svg, .png to write")
    args = parser.parse_args()
    dice = maps.read_dice(dict(zip(args.models, args.dice, strict=True)))
    roi_id = maps.median_roi(dice)
    rois = store.read_rois(args.shards)
    cams = {
        model: store.read_cams(path, np.array([roi_id])).cam[0]
        for model, path in zip(args.models, args.cams, strict=True)
    }
    figure = maps.figure7(rois.take(rois.roi_id == roi_id), cams, dice.loc[roi_id])
    save(figure, args.output)


if __name__ == "__main__":
    run(main)
