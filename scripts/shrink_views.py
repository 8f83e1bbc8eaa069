"""Make a small picture of every view that the ROIs of one shard were cut from."""

import argparse
from pathlib import Path

import cv2

from camseg.cli import run
from camseg.datasets.discovery import home
from camseg.explorer import pictures
from camseg.io import store
from camseg.scoring.origins import read_origins


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shard", required=True, help="HDF5 shard of extract_rois.py")
    parser.add_argument("--index", required=True, help="TSV of index_cases.py")
    parser.add_argument("--candidates", required=True, help="TSV of merge_candidates.py")
    parser.add_argument("--data", type=Path, required=True, help="what index_cases.py indexed")
    parser.add_argument("--output", required=True, help="JSON file to write")
    args = parser.parse_args()

    cv2.setNumThreads(1)  # a job has one core; shards are what is spread
    ids = store.read_rois([args.shard], load=False).roi_id
    _, views = read_origins(args.index, args.candidates, ids)
    pictures.write_pictures(args.output, pictures.pictures(views, home(args.data)))


if __name__ == "__main__":
    run(main)
