"""Render Figure 9: the ROI of Figure 7 and a normal one, filtered by CAMs and by masks."""

import argparse

import numpy as np

from camseg.cli import run
from camseg.figures import maps
from camseg.figures.style import read_caption, save
from camseg.io import store
from camseg.rois import split
from camseg.training.filtering import Given
from camseg.training.filters import cam, inverse, mask


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shards", nargs="+", required=True, help="HDF5 shards of extract_rois.py")
    parser.add_argument("--split", required=True, help="TSV of split_rois.py")
    parser.add_argument("--dice", nargs="+", required=True, help="TSV of each of the models")
    parser.add_argument("--model", required=True, help="whose CAMs filter the ROIs")
    parser.add_argument("--cams", required=True, help="HDF5 of compute_cams.py of that model")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--caption", type=read_caption, required=True, help="file of the caption")
    parser.add_argument("--note", default="", help="what stands below every figure of the study")
    parser.add_argument("--output", nargs="+", required=True, help=".svg, .png to write")
    args = parser.parse_args()
    abnormal = maps.median_roi(maps.read_dice({path: path for path in args.dice}))
    rois = store.read_rois(args.shards)
    side = split.read_split(args.split, rois.roi_id)
    rois = rois.take(side == "validation")
    normal = maps.normal_partner(abnormal, rois)
    shown = np.array([list(rois.roi_id).index(roi_id) for roi_id in (abnormal, normal)])
    given = Given(cams=store.read_cams(args.cams, rois.roi_id).cam)
    kept, outlined, rest = (
        regime.weights(rois, given, args.seed)(shown) for regime in (cam, mask, inverse)
    )
    figure = maps.figure9(rois.take(shown), kept, outlined, rest, args.model)
    save(figure, args.output, args.caption, args.note)


if __name__ == "__main__":
    run(main)
