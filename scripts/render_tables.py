"""Render Tables I and II, the inverse-mask result, and the published numbers beside ours."""

import argparse

import pandas as pd

from camseg import tables
from camseg.cli import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--metrics", nargs="+", required=True, help="metrics.json of all trainings")
    parser.add_argument("--models", nargs="+", required=True)
    parser.add_argument("--dice", nargs="+", required=True, help="a TSV per model, in their order")
    parser.add_argument("--published", required=True, help="the paper's results, CSV")
    parser.add_argument("--table1", nargs="+", required=True, help=".csv, .md, .tex to write")
    parser.add_argument("--table2", nargs="+", required=True)
    parser.add_argument("--inverse-mask", nargs="+", required=True)
    parser.add_argument("--comparison", nargs="+", required=True)
    options = parser.parse_args()

    results = tables.collect(options.metrics, dict(zip(options.models, options.dice, strict=True)))
    published = pd.read_csv(options.published)
    for table, paths, caption in (
        (
            tables.table1(results),
            options.table1,
            "Result of Experiment 1: best validation accuracy and mean-Dice. "
            "Descending sort by validation accuracy.",
        ),
        (
            tables.table2(results),
            options.table2,
            "Result of Experiment 2: Table I and the best validation accuracy of classifiers "
            "trained on CAM-filtered and on truth-mask-filtered ROIs. Descending sort by Dice.",
        ),
        (
            tables.inverse_mask(results),
            options.inverse_mask,
            "Best validation accuracy on inverse-mask-filtered ROIs.",
        ),
        (
            tables.comparison(results, published),
            options.comparison,
            "Published results and ours.",
        ),
    ):
        tables.write_table(table, paths, caption)
    print(tables.to_markdown(tables.table2(results)))


if __name__ == "__main__":
    run(main)
