"""Render what CAMs alone know of the label, and whether networks trained with them err alike."""

import argparse

from camseg.cli import run
from camseg.report import map_alone, mimicry, results, tables


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--metrics", nargs="+", required=True, help="metrics.json of all trainings")
    parser.add_argument("--predictions", nargs="+", required=True, help="their TSVs, same order")
    parser.add_argument("--probes", nargs="+", required=True, help="TSVs of probe_cams.py")
    parser.add_argument("--models", nargs="+", required=True, help="the model of each such TSV")
    parser.add_argument("--captions", nargs="+", required=True, help="a file for each table's name")
    parser.add_argument("--map-alone", nargs="+", required=True, help=".csv, .md, .tex to write")
    parser.add_argument("--error-mimicry", nargs="+", required=True)
    options = parser.parse_args()

    predictions = results.read_predictions(options.metrics, options.predictions)
    probes = map_alone.read_probes(options.models, options.probes, predictions)
    alone = map_alone.map_alone(results.read_trainings(options.metrics), probes)
    captions = tables.read_captions(options.captions)
    tables.write_table(alone, options.map_alone, captions)
    tables.write_table(mimicry.error_mimicry(predictions), options.error_mimicry, captions)


if __name__ == "__main__":
    run(main)
