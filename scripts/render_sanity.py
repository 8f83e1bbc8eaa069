"""Render the table of sanity checks: one row per model."""

import argparse
from collections import defaultdict

import pandas as pd

from camseg.cli import run
from camseg.io import store
from camseg.report import audits, links, tables


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="+", required=True, help="the model of each of these:")
    parser.add_argument(
        "--checks", nargs="+", required=True, help="a TSV of check_cams.py per model and split"
    )
    parser.add_argument("--locality", nargs="+", required=True, help="its other TSV, likewise")
    parser.add_argument(
        "--cams", nargs="+", required=True, help="the HDF5 files of compute_cams.py, likewise"
    )
    parser.add_argument("--captions", nargs="+", required=True, help="a file for each table's name")
    parser.add_argument("--output", nargs="+", required=True, help=".csv, .md, .tex to write")
    args = parser.parse_args()

    checks: dict[str, list[pd.DataFrame]] = defaultdict(list)  # one per split
    cells: dict[str, list[pd.DataFrame]] = defaultdict(list)
    degenerate: dict[str, int] = defaultdict(int)
    files = zip(args.models, args.checks, args.locality, args.cams, strict=True)
    for model, path, locality, cams in files:
        checks[model].append(audits.read_checks(path))
        cells[model].append(audits.read_locality(locality))
        degenerate[model] += int(store.read_cams(cams, load=False).degenerate.sum())
    captions, table = tables.read_captions(args.captions), audits.sanity(checks, cells, degenerate)
    tables.write_table(table, args.output, captions, links.to_explorer(table, args.models))


if __name__ == "__main__":
    run(main)
