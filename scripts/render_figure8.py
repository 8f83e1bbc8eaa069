"""Render Figure 8: Dice and CAM_val_acc of every classifier, the published ones beside them."""

import argparse

from camseg.cli import run
from camseg.figures import charts
from camseg.figures.style import read_caption, save
from camseg.report import results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="+", required=True, help="all, in the study's order")
    parser.add_argument("--intervals", required=True, help="Table II's, CSV of render_intervals.py")
    parser.add_argument("--extended", required=True, help="Table II, CSV of render_tables.py")
    parser.add_argument("--published", required=True, help="the paper's results, CSV")
    parser.add_argument("--boxes", action="store_true", help="boxes stand for outlines")
    parser.add_argument("--caption", type=read_caption, required=True, help="file of the caption")
    parser.add_argument("--note", default="", help="what stands below every figure of the study")
    parser.add_argument("--output", nargs="+", required=True, help=".svg, .png, 175 mm wide")
    parser.add_argument("--column", nargs="+", required=True, help=".svg, .png, 85 mm wide")
    options = parser.parse_args()

    extended = results.read_results(options.extended).set_index("Classifier")
    extended = extended.loc[options.models].reset_index()
    tables = (
        results.read_intervals(options.intervals),
        extended,
        results.read_published(options.published),
    )
    for width, paths in ((175, options.output), (85, options.column)):
        figure = charts.figure8(*tables, width=width, boxes=options.boxes)
        save(figure, paths, options.caption, options.note)


if __name__ == "__main__":
    run(main)
