"""Render what the choices behind a heat map do to its Dice, beside what the networks do."""

import argparse

from camseg import audit, results, tables
from camseg.cli import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--measured", required=True, help="TSV of measure_sensitivity.py")
    parser.add_argument("--example", required=True, help="the model it was measured with")
    parser.add_argument("--score", required=True, help="the study's own choice, as are these:")
    parser.add_argument("--target", required=True)
    parser.add_argument("--relu", action=argparse.BooleanOptionalAction, required=True)
    parser.add_argument("--resize", required=True)
    parser.add_argument("--models", nargs="+", required=True)
    parser.add_argument("--dice", nargs="+", required=True, help="TSVs of score_dice.py, one each")
    parser.add_argument("--table", nargs="+", required=True, help=".csv, .md, .tex to write")
    parser.add_argument("--spread", nargs="+", required=True, help=".csv, .md, .tex to write")
    args = parser.parse_args()

    measured = audit.read_measured(args.measured)
    own = {name: getattr(args, name) for name in ("score", "target", "relu", "resize")}
    own["layer"] = "pooled"
    networks = results.read_dice(args.models, args.dice).groupby("model", sort=False)["dice"].mean()
    spread = audit.spread(measured, own, networks.to_dict())
    tables.write_table(
        audit.sensitivity(measured, own),
        args.table,
        f"Mean-Dice of {args.example} by the choices behind its heat maps.",
    )
    tables.write_table(
        spread,
        args.spread,
        f"Mean-Dice of {args.example} if one choice is varied, if all are, and of all networks.",
    )
    print(tables.to_markdown(spread))


if __name__ == "__main__":
    run(main)
