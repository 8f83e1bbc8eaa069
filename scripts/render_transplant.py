"""Render how much of each classifier's margin hangs on which region, and what that shows."""

import argparse
from collections import defaultdict

import pandas as pd

from camseg.cli import run
from camseg.figures import audits as charts
from camseg.figures.style import save
from camseg.report import audits, tables, transplants
from camseg.seeds import generator


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="+", required=True, help="the model of each of these:")
    parser.add_argument(
        "--measured", nargs="+", required=True, help="a TSV of transplant_regions.py per split"
    )
    parser.add_argument(
        "--locality", nargs="+", required=True, help="the TSVs of check_cams.py, likewise"
    )
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--captions", nargs="+", required=True, help="a file for each table's name")
    parser.add_argument("--table", nargs="+", required=True, help=".csv, .md, .tex to write")
    parser.add_argument("--readings", nargs="+", required=True, help="likewise")
    parser.add_argument("--note", default="", help="what stands below every figure of the study")
    parser.add_argument("--figure", nargs="+", required=True, help=".svg, .png to write")
    args = parser.parse_args()

    measured: dict[str, list[pd.DataFrame]] = defaultdict(list)  # one per split
    cells: dict[str, list[pd.DataFrame]] = defaultdict(list)
    for model, path, locality in zip(args.models, args.measured, args.locality, strict=True):
        measured[model].append(transplants.read_transplants(path))
        cells[model].append(audits.read_locality(locality))
    found = {
        model: {
            side: transplants.evidence(
                splits, side, generator(args.seed, "bootstrap of transplants", model, side)
            )
            for side in transplants.SIDES
        }
        for model, splits in measured.items()
    }
    local = {model: min(audits.locality(splits).values()) for model, splits in cells.items()}
    captions, table = tables.read_captions(args.captions), transplants.transplant(found)
    tables.write_table(table, args.table, captions)
    tables.write_table(transplants.readings(found, local), args.readings, captions)
    save(charts.transplant(table), args.figure, captions["transplant"], args.note)


if __name__ == "__main__":
    run(main)
