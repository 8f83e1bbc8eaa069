"""Render Tables I and II, and Table II with all regimes."""

import argparse

from camseg import results, tables
from camseg.cli import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--metrics", nargs="+", required=True, help="metrics.json of all trainings")
    parser.add_argument("--dice", nargs="+", required=True, help="a TSV per model and split")
    parser.add_argument("--models", nargs="+", required=True, help="the model of each such TSV")
    parser.add_argument("--table1", nargs="+", required=True, help=".csv, .md, .tex to write")
    parser.add_argument("--table2", nargs="+", required=True)
    parser.add_argument("--table2-extended", nargs="+", required=True)
    options = parser.parse_args()

    trainings = results.read_trainings(options.metrics)
    collected = results.collect(
        trainings, results.read_dice(options.models, options.dice, trainings)
    )
    for table, paths, caption in (
        (
            tables.table1(collected),
            options.table1,
            "Result of Experiment 1: best validation accuracy and mean-Dice. "
            "Descending sort by validation accuracy.",
        ),
        (
            tables.table2(collected),
            options.table2,
            "Result of Experiment 2: Table I and the best validation accuracy of classifiers "
            "trained on CAM-filtered and on truth-mask-filtered ROIs. Descending sort by Dice.",
        ),
        (
            tables.table2_extended(collected),
            options.table2_extended,
            "Table II with the best validation accuracy in every regime that was run.",
        ),
    ):
        tables.write_table(table, paths, caption)
    print(tables.to_markdown(tables.table2(collected)))


if __name__ == "__main__":
    run(main)
