"""Render Figure 7: one abnormal ROI, its mask, and its CAMs by all models."""

import argparse

from camseg.cli import run
from camseg.figures import maps
from camseg.figures.style import read_caption, save


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shards", nargs="+", required=True, help="HDF5 shards of extract_rois.py")
    parser.add_argument("--models", nargs="+", required=True)
    parser.add_argument("--cams", nargs="+", required=True, help="HDF5 of each of the models")
    parser.add_argument("--dice", nargs="+", required=True, help="TSV of each of the models")
    parser.add_argument("--caption", type=read_caption, required=True, help="file of the caption")
    parser.add_argument("--note", default="", help="what stands below every figure of the study")
    parser.add_argument("--output", nargs="+", required=True, help=".svg, .png to write")
    args = parser.parse_args()
    roi, cams, dice = maps.read_example(
        args.shards,
        dict(zip(args.models, args.cams, strict=True)),
        dict(zip(args.models, args.dice, strict=True)),
    )
    save(maps.figure7(roi, cams, dice), args.output, args.caption, args.note)


if __name__ == "__main__":
    run(main)
