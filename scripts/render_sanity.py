"""Render the table of sanity checks: a row per model."""

import argparse
from collections import defaultdict

import pandas as pd

from camseg import audit, store, tables
from camseg.cli import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="+", required=True, help="the model of each of these:")
    parser.add_argument(
        "--checks", nargs="+", required=True, help="a TSV of check_cams.py per model and split"
    )
    parser.add_argument(
        "--cams", nargs="+", required=True, help="the HDF5 files of compute_cams.py, likewise"
    )
    parser.add_argument("--output", nargs="+", required=True, help=".csv, .md, .tex to write")
    args = parser.parse_args()

    checks: dict[str, list[pd.DataFrame]] = defaultdict(list)  # one per split
    degenerate: dict[str, int] = defaultdict(int)
    for model, path, cams in zip(args.models, args.checks, args.cams, strict=True):
        checks[model].append(audit.read_checks(path))
        degenerate[model] += int(store.read_cams(cams, load=False).degenerate.sum())
    caption = "Sanity checks of the heat maps: means over abnormal validation ROIs and over splits."
    tables.write_table(audit.sanity(checks, degenerate), args.output, caption)


if __name__ == "__main__":
    run(main)
