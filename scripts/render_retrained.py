"""Render how accurate networks are that were trained on the maps of several methods."""

import argparse
from collections import defaultdict

from camseg.cli import run
from camseg.report import results, retrained, tables


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--metrics", nargs="+", required=True, help="metrics.json of the study")
    parser.add_argument("--explanation", required=True, help="whose maps it has trained on")
    parser.add_argument(
        "--retrained", nargs="+", required=True, help="metrics.json of trainings on other maps"
    )
    parser.add_argument("--methods", nargs="+", required=True, help="the method of each of them")
    parser.add_argument("--captions", nargs="+", required=True, help="a file for each table's name")
    parser.add_argument("--table", nargs="+", required=True, help=".csv, .md, .tex to write")
    args = parser.parse_args()

    of_method = defaultdict(list)
    for method, path in zip(args.methods, args.retrained, strict=True):
        of_method[method].append(path)
    further = {method: results.read_trainings(paths) for method, paths in of_method.items()}
    own = results.read_trainings(args.metrics)
    table = retrained.retrained(own, further, args.explanation)
    tables.write_table(table, args.table, tables.read_captions(args.captions))
    print(tables.to_markdown(table))


if __name__ == "__main__":
    run(main)
