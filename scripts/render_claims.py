"""Render the tests of the paper's claims, on this study's results and on the published numbers."""

import argparse

from camseg import claims, results, tables
from camseg.cli import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--metrics", nargs="+", required=True, help="metrics.json of all trainings")
    parser.add_argument("--predictions", nargs="+", required=True, help="their TSVs, same order")
    parser.add_argument("--dice", nargs="+", required=True, help="a TSV per model and split")
    parser.add_argument("--models", nargs="+", required=True, help="the model of each such TSV")
    parser.add_argument("--published", required=True, help="the paper's results, CSV")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--output", nargs="+", required=True, help=".csv, .md, .tex to write")
    options = parser.parse_args()

    trainings = results.read_trainings(options.metrics)
    table = claims.claims(
        results.read_predictions(options.metrics, options.predictions),
        results.collect(trainings, results.read_dice(options.models, options.dice, trainings)),
        results.read_published(options.published),
        options.seed,
    )
    caption = (
        "Tests of the paper's claims. H1: CAM regions matter. H2: the prediction depends on the "
        "tumour. H3: Dice and CAM_val_acc go together. Statistic: ROIs that only the first and "
        "only the second regime gets right (McNemar, exact, paired), all that each gets right "
        "(Fisher, exact), rank correlation (Spearman, by permutation). p_holm: corrected for all "
        "tests of the same claim on the same data. With more than five splits, statistic, n and p "
        "are of the first five, difference, low and high of all."
    )
    tables.write_table(table, options.output, caption)


if __name__ == "__main__":
    run(main)
