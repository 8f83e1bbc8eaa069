"""Write a seeded study of synthetic mammograms as DDSM case directories."""

import argparse
from pathlib import Path

from camseg.cli import run
from camseg.phantom import CONTRAST, write_study


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, required=True, help="folder to make")
    parser.add_argument("--seed", type=int, required=True, help="what the whole study follows from")
    parser.add_argument("--cases", type=int, required=True, help="number of cases, two views each")
    parser.add_argument(
        "--contrast",
        type=float,
        nargs=2,
        metavar=("LOW", "HIGH"),
        default=CONTRAST,
        help="how much masses lower the optical density, from LOW to HIGH (default: %(default)s)",
    )
    options = parser.parse_args()
    write_study(
        options.output,
        seed=options.seed,
        cases=options.cases,
        contrast=tuple(options.contrast),
    )


if __name__ == "__main__":
    run(main)
