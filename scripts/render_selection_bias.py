"""Render what choosing the best epoch is worth, and the inverse-mask result beside it."""

import argparse

from camseg import intervals, results, tables
from camseg.cli import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--metrics", nargs="+", required=True, help="metrics.json of all trainings")
    parser.add_argument("--predictions", nargs="+", required=True, help="their TSVs, same order")
    parser.add_argument("--output", nargs="+", required=True, help=".csv, .md, .tex to write")
    parser.add_argument("--inverse-mask", nargs="+", required=True)
    options = parser.parse_args()

    table = intervals.selection_bias(
        results.read_trainings(options.metrics),
        results.read_predictions(options.metrics, options.predictions),
    )
    chance = (
        "expected_best, best_95: mean and 95 % quantile of the best of as many epochs, on as many "
        "ROIs, of a network that knows nothing."
    )
    caption = f"Validation accuracy of the best and of the last epoch. {chance}"
    tables.write_table(table, options.output, caption)
    caption = f"Best validation accuracy on inverse-mask-filtered ROIs. {chance}"
    tables.write_table(intervals.inverse_mask(table), options.inverse_mask, caption)


if __name__ == "__main__":
    run(main)
