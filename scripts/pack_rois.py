"""Pack what the explorer shows of the ROIs of one shard: images, outlines, heat maps, curves."""

import argparse

import cv2

from camseg.cli import run
from camseg.explorer import shards


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shard", required=True, help="HDF5 shard of extract_rois.py")
    parser.add_argument("--number", type=int, required=True, help="the shard's, from 0")
    parser.add_argument("--index", required=True, help="TSV of index_cases.py")
    parser.add_argument("--candidates", required=True, help="TSV of merge_candidates.py")
    parser.add_argument("--views", required=True, help="JSON file of shrink_views.py")
    parser.add_argument("--explanations", nargs="+", required=True, help="of each file of CAMs")
    parser.add_argument("--models", nargs="+", required=True, help="of each file of CAMs")
    parser.add_argument("--cams", nargs="+", required=True, help="HDF5 files of compute_cams.py")
    parser.add_argument("--scores", nargs="+", required=True, help="their TSVs of score_dice.py")
    parser.add_argument("--curves", nargs="+", required=True, help="their HDF5 files of curves")
    parser.add_argument("--output", required=True, help="script (.js) to write")
    args = parser.parse_args()

    cv2.setNumThreads(1)  # a job has one core; shards are what is spread
    sets = shards.map_sets(args.explanations, args.models, args.scores)
    packed = shards.pack_shard(
        args.shard, args.index, args.candidates, args.views, sets, args.cams, args.curves
    )
    shards.write_shard(args.output, args.number, packed)


if __name__ == "__main__":
    run(main)
