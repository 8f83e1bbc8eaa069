"""Render Figure 10: abnormal ROIs, from small to large lesions, and their CAMs by one model."""

import argparse

import numpy as np

from camseg.cli import run
from camseg.figures import maps
from camseg.figures.style import read_caption, save
from camseg.io import store


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shards", nargs="+", required=True, help="HDF5 shards of extract_rois.py")
    parser.add_argument("--model", required=True)
    parser.add_argument("--cams", required=True, help="HDF5 of compute_cams.py")
    parser.add_argument("--dice", required=True, help="TSV of score_dice.py")
    parser.add_argument("--caption", type=read_caption, required=True, help="file of the caption")
    parser.add_argument("--note", default="", help="what stands below every figure of the study")
    parser.add_argument("--output", nargs="+", required=True, help=".svg, .png to write")
    args = parser.parse_args()
    dice = maps.read_dice({args.model: args.dice})[args.model]
    rois = store.read_rois(args.shards)
    rois = rois.take(np.isin(rois.roi_id, dice.index))
    rois = rois.take(maps.by_size(rois, maps.SHOWN))
    cams = store.read_cams(args.cams, rois.roi_id).cam
    figure = maps.figure10(rois, cams, list(dice[rois.roi_id]), args.model)
    save(figure, args.output, args.caption, args.note)


if __name__ == "__main__":
    run(main)
