"""Render what the choices behind a heat map do to its Dice, beside what the networks do."""

import argparse
from dataclasses import asdict

from camseg.cli import run
from camseg.explanations.options import CamOptions
from camseg.options import add_options, from_arguments
from camseg.report import audits, results, tables


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--measured", required=True, help="TSV of measure_sensitivity.py")
    add_options(parser, CamOptions)  # the study's own choice
    parser.add_argument("--models", nargs="+", required=True)
    parser.add_argument("--dice", nargs="+", required=True, help="TSVs of score_dice.py, one each")
    parser.add_argument("--captions", nargs="+", required=True, help="a file for each table's name")
    parser.add_argument("--table", nargs="+", required=True, help=".csv, .md, .tex to write")
    parser.add_argument("--spread", nargs="+", required=True, help=".csv, .md, .tex to write")
    args = parser.parse_args()

    captions = tables.read_captions(args.captions)
    measured = audits.read_measured(args.measured)
    layer = "input" if (measured["layer"] == "input").all() else "pooled"
    own = asdict(from_arguments(CamOptions, args)) | {"layer": layer}
    networks = results.read_dice(args.models, args.dice).groupby("model", sort=False)["dice"].mean()
    spread = audits.spread(measured, own, networks.to_dict())
    tables.write_table(audits.sensitivity(measured, own), args.table, captions)
    tables.write_table(spread, args.spread, captions)
    print(tables.to_markdown(spread))


if __name__ == "__main__":
    run(main)
