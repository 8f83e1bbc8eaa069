"""Render the 95 % intervals of Tables I and II, the published numbers beside ours, and classes."""

import argparse

from camseg.cli import run
from camseg.report import by_class, intervals, links, results, tables


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--metrics", nargs="+", required=True, help="metrics.json of all trainings")
    parser.add_argument("--predictions", nargs="+", required=True, help="their TSVs, same order")
    parser.add_argument("--dice", nargs="+", required=True, help="a TSV per model and split")
    parser.add_argument("--models", nargs="+", required=True, help="the model of each such TSV")
    parser.add_argument("--published", required=True, help="the paper's results, CSV")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--captions", nargs="+", required=True, help="a file for each table's name")
    parser.add_argument("--table1", nargs="+", required=True, help=".csv, .md, .tex to write")
    parser.add_argument("--table2", nargs="+", required=True)
    parser.add_argument("--comparison", nargs="+", required=True)
    parser.add_argument("--by-class", nargs="+", required=True)
    options = parser.parse_args()

    trainings = results.read_trainings(options.metrics)
    dice = results.read_dice(options.models, options.dice, trainings)
    collected = results.collect(trainings, dice)
    predictions = results.read_predictions(options.metrics, options.predictions)
    classes = by_class.accuracy_by_class(predictions)
    ours = intervals.intervals(trainings, dice, predictions, classes, options.seed)
    published = results.read_published(options.published)
    captions = tables.read_captions(options.captions)
    for table, paths in (
        (intervals.companion(ours, tables.table1(collected)), options.table1),
        (intervals.companion(ours, tables.table2_extended(collected)), options.table2),
        (intervals.comparison(ours, published), options.comparison),
        (classes, options.by_class),
    ):
        tables.write_table(table, paths, captions, links.to_explorer(table, options.models))


if __name__ == "__main__":
    run(main)
