"""Divide the ROIs into training and validation, and selection where it is asked for."""

import argparse
import sys
from dataclasses import asdict

from camseg.cli import run
from camseg.io import store
from camseg.options import add_options, from_arguments
from camseg.rois import split
from camseg.rois.options import SplitOptions


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shards", nargs="+", required=True, help="HDF5 shards of extract_rois.py")
    parser.add_argument("--split", type=int, required=True, help="0 is the study's first split")
    add_options(parser, SplitOptions)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--output", required=True, help="TSV to write, one row per ROI")
    args = parser.parse_args()

    rois = store.read_rois(args.shards)
    options = asdict(from_arguments(SplitOptions, args))
    table = split.split_table(rois, split=args.split, seed=args.seed, **options)
    print(table.groupby(["side", rois.label]).size().to_string())
    for line in split.few_in_validation(rois.label, table["side"].to_numpy()):
        print(f"warning: split {args.split}: {line}", file=sys.stderr)
    split.write_split(args.output, table)


if __name__ == "__main__":
    run(main)
