"""Render whether networks do better than where ROIs lie, or how bright they are, tells labels."""

import argparse

from camseg.cli import run
from camseg.report import label_leaks, results, tables


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--metrics", nargs="+", required=True, help="metrics.json of all trainings")
    parser.add_argument("--predictions", nargs="+", required=True, help="their TSVs, same order")
    parser.add_argument("--leaks", nargs="+", required=True, help="a TSV of measure_leaks.py a run")
    parser.add_argument("--captions", nargs="+", required=True, help="a file for each table's name")
    parser.add_argument("--table", nargs="+", required=True, help=".csv, .md, .tex to write")
    parser.add_argument("--readings", nargs="+", required=True)
    options = parser.parse_args()

    predictions = results.read_predictions(options.metrics, options.predictions)
    leaks = label_leaks.read_leaks(options.leaks, predictions)
    table = label_leaks.label_leaks(predictions, leaks)
    readings = label_leaks.readings(table, predictions, leaks)
    captions = tables.read_captions(options.captions)
    tables.write_table(table, options.table, captions)
    tables.write_table(readings, options.readings, captions)


if __name__ == "__main__":
    run(main)
