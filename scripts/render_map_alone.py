"""Render what CAMs alone know of the label, beside networks trained on ROIs filtered by them."""

import argparse

from camseg.cli import run
from camseg.report import map_alone, results, tables


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--metrics", nargs="+", required=True, help="metrics.json of all trainings")
    parser.add_argument("--predictions", nargs="+", required=True, help="their TSVs, same order")
    parser.add_argument("--probes", nargs="+", required=True, help="TSVs of probe_cams.py")
    parser.add_argument("--models", nargs="+", required=True, help="the model of each such TSV")
    parser.add_argument("--captions", nargs="+", required=True, help="a file for each table's name")
    parser.add_argument("--output", nargs="+", required=True, help=".csv, .md, .tex to write")
    options = parser.parse_args()

    predictions = results.read_predictions(options.metrics, options.predictions)
    probes = map_alone.read_probes(options.models, options.probes, predictions)
    table = map_alone.map_alone(results.read_trainings(options.metrics), probes)
    tables.write_table(table, options.output, tables.read_captions(options.captions))


if __name__ == "__main__":
    run(main)
