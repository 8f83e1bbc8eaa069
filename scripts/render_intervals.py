"""Render the 95 % intervals of Tables I and II, and the published numbers beside ours."""

import argparse

from camseg import intervals, results, tables
from camseg.cli import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--metrics", nargs="+", required=True, help="metrics.json of all trainings")
    parser.add_argument("--dice", nargs="+", required=True, help="a TSV per model and split")
    parser.add_argument("--models", nargs="+", required=True, help="the model of each such TSV")
    parser.add_argument("--published", required=True, help="the paper's results, CSV")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--table1", nargs="+", required=True, help=".csv, .md, .tex to write")
    parser.add_argument("--table2", nargs="+", required=True)
    parser.add_argument("--comparison", nargs="+", required=True)
    options = parser.parse_args()

    trainings = results.read_trainings(options.metrics)
    dice = results.read_dice(options.models, options.dice, trainings)
    collected = results.collect(trainings, dice)
    ours = intervals.intervals(trainings, dice, options.seed)
    for table, paths, caption in (
        (
            intervals.companion(ours, tables.table1(collected)),
            options.table1,
            "Table I with 95 % intervals, accuracy in the last epoch, area under the ROC curve "
            "and number of ROIs.",
        ),
        (
            intervals.companion(ours, tables.table2_extended(collected)),
            options.table2,
            "Table II and every further regime that was run, with 95 % intervals, accuracy in the "
            "last epoch, area under the ROC curve and number of ROIs.",
        ),
        (
            intervals.comparison(ours, results.read_published(options.published)),
            options.comparison,
            "Published results and ours, with 95 % intervals.",
        ),
    ):
        tables.write_table(table, paths, caption)


if __name__ == "__main__":
    run(main)
