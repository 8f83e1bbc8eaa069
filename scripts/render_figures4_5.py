"""Render Figures 4 and 5: a ROI in its mammogram, and the padding round its lesion."""

import argparse
from pathlib import Path

from camseg.cli import run
from camseg.datasets.discovery import home
from camseg.figures import mammograms
from camseg.figures.style import read_caption, save


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--candidates", required=True, help="TSV of merge_candidates.py")
    parser.add_argument("--index", required=True, help="TSV of index_cases.py")
    parser.add_argument("--data", type=Path, required=True, help="what index_cases.py indexed")
    parser.add_argument("--caption", type=read_caption, nargs=2, required=True, help="files")
    parser.add_argument("--note", default="", help="what stands below every figure of the study")
    parser.add_argument("--figure4", nargs="+", required=True, help=".svg, .png to write")
    parser.add_argument("--figure5", nargs="+", required=True, help=".svg, .png to write")
    args = parser.parse_args()

    sample = mammograms.read_sample(args.candidates, args.index, home(args.data))
    of_figure4, of_figure5 = args.caption
    save(mammograms.figure4(sample), args.figure4, of_figure4, args.note)
    save(mammograms.figure5(sample), args.figure5, of_figure5, args.note)


if __name__ == "__main__":
    run(main)
