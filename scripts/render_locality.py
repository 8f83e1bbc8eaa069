"""Render where the cells of every model's heat maps are drawn, and where in the ROI they look."""

import argparse

from camseg.cli import run
from camseg.figures import audits as charts
from camseg.figures.style import read_caption, save
from camseg.report import audits


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="+", required=True, help="the model of each of these:")
    parser.add_argument(
        "--locality", nargs="+", required=True, help="a TSV of check_cams.py per model"
    )
    parser.add_argument("--caption", type=read_caption, required=True, help="file of the caption")
    parser.add_argument("--note", default="", help="what stands below every figure of the study")
    parser.add_argument("--output", nargs="+", required=True, help=".svg, .png to write")
    args = parser.parse_args()

    cells = map(audits.read_locality, args.locality)
    save(
        charts.locality(dict(zip(args.models, cells, strict=True))),
        args.output,
        args.caption,
        args.note,
    )


if __name__ == "__main__":
    run(main)
