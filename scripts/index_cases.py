"""List the cases and views of a data set: usable, or rejected and why."""

import argparse
from pathlib import Path

from tqdm import tqdm

from camseg.cli import run
from camseg.datasets import index
from camseg.datasets.copies import reject_copies
from camseg.datasets.discovery import home
from camseg.datasets.selection import GreyOptions, Selection
from camseg.options import add_options, from_arguments


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder searched at any depth, or a table")
    parser.add_argument("--source", required=True, help="what reads it, say ddsm")
    parser.add_argument(
        "--listing", default="", help="regular expression of the files that list a folder's cases"
    )
    add_options(parser, GreyOptions)
    add_options(parser, Selection)
    parser.add_argument(
        "--normal-images", action="store_true", help="ROIs are cut from pictures without lesions"
    )
    parser.add_argument("--strict", action="store_true", help="a rejected view is an error")
    parser.add_argument("--output", required=True, help="TSV to write, one row per case and view")
    args = parser.parse_args()

    cases = index.index_cases(
        args.data,
        args.source,
        args.listing,
        selection=from_arguments(Selection, args),
        grey=from_arguments(GreyOptions, args).grey,
    )
    rows = index.in_order(tqdm(cases, unit="case", mininterval=5))
    reject_copies(rows, home(args.data), everywhere=args.normal_images)
    print(*index.summary(rows), sep="\n")
    index.check_usable(rows, args.data, strict=args.strict)
    index.write_index(args.output, rows)


if __name__ == "__main__":
    run(main)
