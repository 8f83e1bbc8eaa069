"""Render what goes with a good heat map: every classifier's network beside its map."""

import argparse

from camseg.cli import run
from camseg.figures import architectures as charts
from camseg.figures.style import save
from camseg.report import architectures, tables


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="+", required=True, help="all, in the study's order")
    parser.add_argument("--metrics", nargs="+", required=True, help="metrics.json of the trainings")
    parser.add_argument("--heat-maps", required=True, help="the table's CSV")
    parser.add_argument("--sanity", required=True, help="likewise")
    parser.add_argument("--intervals", required=True, help="likewise, of Table I")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--captions", nargs="+", required=True, help="a file for each table's name")
    parser.add_argument("--table", nargs="+", required=True, help=".csv, .md, .tex to write")
    parser.add_argument("--correlations", nargs="+", required=True, help="likewise")
    parser.add_argument("--note", default="", help="what stands below every figure of the study")
    parser.add_argument("--figure", nargs="+", required=True, help=".svg, .png to write")
    args = parser.parse_args()

    paths = {"heat_maps": args.heat_maps, "sanity": args.sanity}
    classifiers, floors = architectures.read(
        args.metrics, paths | {"table1_intervals": args.intervals}
    )
    captions, table = tables.read_captions(args.captions), classifiers[architectures.COLUMNS]
    tables.write_table(table, args.table, captions)
    ranks = architectures.correlations(classifiers, args.seed)
    tables.write_table(ranks, args.correlations, captions)
    figure = charts.architectures(classifiers, floors, args.models)
    save(figure, args.figure, captions["architectures"], args.note)
    print(tables.to_markdown(table))
    print(tables.to_markdown(ranks))


if __name__ == "__main__":
    run(main)
