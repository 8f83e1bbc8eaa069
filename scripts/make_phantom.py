"""Write a seeded study of synthetic mammograms as DDSM case directories."""

import argparse
from pathlib import Path

from camseg.cli import run
from camseg.options import add_options, from_arguments
from camseg.phantom.cases import write_study
from camseg.phantom.options import PhantomOptions


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, required=True, help="folder to make")
    parser.add_argument("--seed", type=int, required=True, help="what the whole study follows from")
    add_options(parser, PhantomOptions)
    args = parser.parse_args()

    options = from_arguments(PhantomOptions, args)
    write_study(args.output, seed=args.seed, cases=options.cases, contrast=options.contrast)


if __name__ == "__main__":
    run(main)
