"""Render Figure 9: the ROI of Figure 7 and a normal one, filtered by masks and inverse masks."""

import argparse

import numpy as np

from camseg import cam_pictures, figures, filters, split, store
from camseg.cli import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shards", nargs="+", required=True, help="HDF5 shards of extract_rois.py")
    parser.add_argument("--split", required=True, help="TSV of split_rois.py")
    parser.add_argument("--dice", nargs="+", required=True, help="TSV of each of the models")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--output", nargs="+", required=True, help=".svg, .png to write")
    args = parser.parse_args()
    abnormal = cam_pictures.median_roi(cam_pictures.read_dice({path: path for path in args.dice}))
    rois = store.read_rois(args.shards)
    side = split.read_split(args.split, rois.roi_id)
    rois = rois.take(side == "validation")
    normal = cam_pictures.normal_partner(abnormal, rois)
    shown = np.array([list(rois.roi_id).index(roi_id) for roi_id in (abnormal, normal)])
    mask, inverse = (
        regime(rois, None, args.seed)(shown) for regime in (filters.mask, filters.inverse)
    )
    figures.save(cam_pictures.figure9(rois.take(shown), mask, inverse), args.output)


if __name__ == "__main__":
    run(main)
