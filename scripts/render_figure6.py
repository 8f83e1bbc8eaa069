"""Render Figure 6: samples of normal ROIs, abnormal ROIs and lesion masks, side by side."""

import argparse

from camseg import figures, pictures, store
from camseg.cli import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--candidates", required=True, help="TSV of merge_candidates.py")
    parser.add_argument("--shards", nargs="+", required=True, help="HDF5 shards of extract_rois.py")
    parser.add_argument("--output", nargs="+", required=True, help=".svg, .png to write")
    options = parser.parse_args()
    pairs = pictures.read_pairs(options.candidates, pictures.PAIRS)
    figures.save(pictures.figure6(store.read_rois(options.shards), pairs), options.output)


if __name__ == "__main__":
    run(main)
