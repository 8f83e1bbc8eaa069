"""Render the table of sanity checks: a row per model."""

import argparse

from camseg import audit, store, tables
from camseg.cli import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="+", required=True)
    parser.add_argument(
        "--checks", nargs="+", required=True, help="TSVs of check_cams.py, one a model"
    )
    parser.add_argument(
        "--cams", nargs="+", required=True, help="HDF5 files of compute_cams.py, one a model"
    )
    parser.add_argument("--output", nargs="+", required=True, help=".csv, .md, .tex to write")
    args = parser.parse_args()

    checks = {
        model: audit.read_checks(path) for model, path in zip(args.models, args.checks, strict=True)
    }
    degenerate = {
        model: int(store.read_cams(path, load=False).degenerate.sum())
        for model, path in zip(args.models, args.cams, strict=True)
    }
    caption = "Sanity checks of the heat maps: means over abnormal validation ROIs."
    tables.write_table(audit.sanity(checks, degenerate), args.output, caption)


if __name__ == "__main__":
    run(main)
