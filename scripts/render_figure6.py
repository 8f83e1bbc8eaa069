"""Render Figure 6: samples of normal ROIs, abnormal ROIs and lesion masks, side by side."""

import argparse

from camseg.cli import run
from camseg.figures import mammograms
from camseg.figures.style import read_caption, save
from camseg.io import store


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--candidates", required=True, help="TSV of merge_candidates.py")
    parser.add_argument("--shards", nargs="+", required=True, help="HDF5 shards of extract_rois.py")
    parser.add_argument("--caption", type=read_caption, required=True, help="file of the caption")
    parser.add_argument("--note", default="", help="what stands below every figure of the study")
    parser.add_argument("--output", nargs="+", required=True, help=".svg, .png to write")
    options = parser.parse_args()
    pairs = mammograms.read_pairs(options.candidates, mammograms.PAIRS)
    save(
        mammograms.figure6(store.read_rois(options.shards), pairs),
        options.output,
        options.caption,
        options.note,
    )


if __name__ == "__main__":
    run(main)
