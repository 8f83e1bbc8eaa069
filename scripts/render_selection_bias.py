"""Render what choosing the best epoch is worth, and the inverse-mask result beside it."""

import argparse

from camseg.cli import run
from camseg.report import results, selection, tables


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--metrics", nargs="+", required=True, help="metrics.json of all trainings")
    parser.add_argument("--predictions", nargs="+", required=True, help="their TSVs, same order")
    parser.add_argument("--captions", nargs="+", required=True, help="a file for each table's name")
    parser.add_argument("--output", nargs="+", required=True, help=".csv, .md, .tex to write")
    parser.add_argument("--inverse-mask", nargs="+", required=True)
    options = parser.parse_args()

    table = selection.selection_bias(
        results.read_trainings(options.metrics),
        results.read_predictions(options.metrics, options.predictions),
    )
    captions = tables.read_captions(options.captions)
    tables.write_table(table, options.output, captions)
    tables.write_table(selection.inverse_mask(table), options.inverse_mask, captions)


if __name__ == "__main__":
    run(main)
