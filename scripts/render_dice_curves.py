"""Render mean Dice over the threshold: a curve per classifier and per floor."""

import argparse

from camseg.cli import run
from camseg.figures import charts
from camseg.figures.style import read_caption, save
from camseg.report.curves import mean_curves


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="+", required=True, help="the model of each of these:")
    parser.add_argument("--scores", nargs="+", required=True, help="a TSV per model and split")
    parser.add_argument("--curves", nargs="+", required=True, help="the HDF5 files beside them")
    parser.add_argument(
        "--baselines", nargs="+", required=True, help="a TSV of score_baselines.py per split"
    )
    parser.add_argument(
        "--baseline-curves", nargs="+", required=True, help="the HDF5 files beside them"
    )
    parser.add_argument("--caption", type=read_caption, required=True, help="file of the caption")
    parser.add_argument("--note", default="", help="what stands below every figure of the study")
    parser.add_argument("--output", nargs="+", required=True, help=".svg, .png to write")
    args = parser.parse_args()

    curves = mean_curves(
        args.models, args.scores, args.curves, args.baselines, args.baseline_curves
    )
    save(charts.dice_curves(*curves), args.output, args.caption, args.note)


if __name__ == "__main__":
    run(main)
