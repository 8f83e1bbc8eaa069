"""Render Tables I and II, and Table II with all regimes."""

import argparse

from camseg.cli import run
from camseg.report import links, results, tables


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--metrics", nargs="+", required=True, help="metrics.json of all trainings")
    parser.add_argument("--dice", nargs="+", required=True, help="a TSV per model and split")
    parser.add_argument("--models", nargs="+", required=True, help="the model of each such TSV")
    parser.add_argument("--captions", nargs="+", required=True, help="a file for each table's name")
    parser.add_argument("--table1", nargs="+", required=True, help=".csv, .md, .tex to write")
    parser.add_argument("--table2", nargs="+", required=True)
    parser.add_argument("--table2-extended", nargs="+", required=True)
    options = parser.parse_args()

    trainings = results.read_trainings(options.metrics)
    collected = results.collect(
        trainings, results.read_dice(options.models, options.dice, trainings)
    )
    captions = tables.read_captions(options.captions)
    for table, paths in (
        (tables.table1(collected), options.table1),
        (tables.table2(collected), options.table2),
        (tables.table2_extended(collected), options.table2_extended),
    ):
        tables.write_table(table, paths, captions, links.to_explorer(table, options.models))
    print(tables.to_markdown(tables.table2(collected)))


if __name__ == "__main__":
    run(main)
