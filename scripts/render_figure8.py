"""Render Figure 8: Dice and CAM_val_acc of every classifier, the published ones beside them."""

import argparse

from camseg.cli import run
from camseg.figures import charts
from camseg.figures.style import save
from camseg.report import results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--intervals", required=True, help="Table II's, CSV of render_intervals.py")
    parser.add_argument("--extended", required=True, help="Table II, CSV of render_tables.py")
    parser.add_argument("--published", required=True, help="the paper's results, CSV")
    parser.add_argument("--boxes", action="store_true", help="boxes stand for outlines")
    parser.add_argument("--output", nargs="+", required=True, help=".svg, .png, 175 mm wide")
    parser.add_argument("--column", nargs="+", required=True, help=".svg, .png, 85 mm wide")
    options = parser.parse_args()

    tables = (
        results.read_intervals(options.intervals),
        results.read_results(options.extended),
        results.read_published(options.published),
    )
    save(charts.figure8(*tables, width=175, boxes=options.boxes), options.output)
    save(charts.figure8(*tables, width=85, boxes=options.boxes), options.column)


if __name__ == "__main__":
    run(main)
