"""Render Figure 8: Dice and CAM_val_acc of every classifier, the published ones beside them."""

import argparse

import pandas as pd

from camseg import figures
from camseg.cli import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--table2", required=True, help="CSV of render_tables.py")
    parser.add_argument("--published", required=True, help="the paper's results, CSV")
    parser.add_argument("--output", nargs="+", required=True, help=".svg, .png to write")
    options = parser.parse_args()
    figure = figures.figure8(pd.read_csv(options.table2), pd.read_csv(options.published))
    figures.save(figure, options.output)


if __name__ == "__main__":
    run(main)
