"""Cut the ROIs of one shard of the indexed cases and say what became of every candidate."""

import argparse
from dataclasses import asdict
from pathlib import Path

import cv2
from tqdm import tqdm

from camseg.cli import run
from camseg.datasets.discovery import home
from camseg.datasets.views import read_index
from camseg.io import store
from camseg.options import add_options, from_arguments
from camseg.rois import extraction, lesions
from camseg.rois.candidates import write_candidates
from camseg.rois.normals import OtherImages
from camseg.rois.options import RoiOptions


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--index", required=True, help="TSV of index_cases.py")
    parser.add_argument("--data", type=Path, required=True, help="what index_cases.py indexed")
    parser.add_argument("--shard", type=int, required=True, help="0 to SHARDS - 1")
    parser.add_argument("--shards", type=int, required=True)
    add_options(parser, RoiOptions)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--whole", action="store_true", help="pictures are regions already cut")
    parser.add_argument("--rois", required=True, help="HDF5 shard to write")
    parser.add_argument("--candidates", required=True, help="TSV to write, one row per candidate")
    args = parser.parse_args()

    cv2.setNumThreads(1)  # a job has one core; shards are what is spread
    options = asdict(from_arguments(RoiOptions, args))
    rules = lesions.Rules(**options, seed=args.seed, whole=args.whole)
    index = read_index(args.index)
    others = OtherImages(index, rules.seed) if rules.normal == "other_images" else None
    candidates = []
    cases = extraction.cases_of_shard(index, args.shard, args.shards, whole=rules.whole)
    for rows in tqdm(cases, unit="case", mininterval=5):
        candidates += extraction.extract_case(rows, home(args.data), rules, others)
    table = extraction.to_table(candidates)
    print(table.groupby(["label", "status"]).size().to_string())
    write_candidates(args.candidates, table)
    rois = extraction.to_rois(candidates, rules.size)
    store.write_shard(args.rois, rois, source=str(args.data))


if __name__ == "__main__":
    run(main)
