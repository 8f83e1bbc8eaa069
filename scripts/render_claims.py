"""Render the tests of the paper's claims, on this study's results and on the published numbers."""

import argparse

import pandas as pd

from camseg.cli import run
from camseg.report import claims, map_alone, results, tables


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--metrics", nargs="+", required=True, help="metrics.json of all trainings")
    parser.add_argument("--predictions", nargs="+", required=True, help="their TSVs, same order")
    parser.add_argument("--dice", nargs="+", required=True, help="a TSV per model and split")
    parser.add_argument("--models", nargs="+", required=True, help="the model of each such TSV")
    parser.add_argument(
        "--probes", nargs="+", required=True, help="TSVs of probe_cams.py, as these"
    )
    parser.add_argument("--published", required=True, help="the paper's results, CSV")
    parser.add_argument("--margin", type=float, required=True, help="of non-inferiority")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--captions", nargs="+", required=True, help="a file for each table's name")
    parser.add_argument("--output", nargs="+", required=True, help=".csv, .md, .tex to write")
    options = parser.parse_args()

    trainings = results.read_trainings(options.metrics)
    predictions = results.read_predictions(options.metrics, options.predictions)
    probes = map_alone.read_probes(options.models, options.probes, predictions)
    table = claims.claims(
        pd.concat([predictions, probes]),
        results.collect(trainings, results.read_dice(options.models, options.dice, trainings)),
        results.read_published(options.published),
        margin=options.margin,
        seed=options.seed,
    )
    tables.write_table(table, options.output, tables.read_captions(options.captions))


if __name__ == "__main__":
    run(main)
