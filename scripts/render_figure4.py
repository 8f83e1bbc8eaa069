"""Render Figure 4: a ROI in its mammogram, with the lesion's outline."""

import argparse
from pathlib import Path

from camseg import figures, pictures
from camseg.cli import run
from camseg.discovery import home


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--candidates", required=True, help="TSV of merge_candidates.py")
    parser.add_argument("--index", required=True, help="TSV of index_cases.py")
    parser.add_argument("--data", type=Path, required=True, help="what index_cases.py indexed")
    parser.add_argument("--output", nargs="+", required=True, help=".svg, .png to write")
    options = parser.parse_args()
    sample = pictures.read_sample(options.candidates, options.index, home(options.data))
    figures.save(pictures.figure4(sample), options.output)


if __name__ == "__main__":
    run(main)
