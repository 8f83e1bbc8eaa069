"""Score heat maps that were made elsewhere, as the command `camseg score` does."""

import argparse
from pathlib import Path

from camseg.cli import run
from camseg.datasets import map_folder
from camseg.study.own_maps import score_files


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="folder of maps, masks, perhaps images, a table")
    parser.add_argument("--strict", action="store_true", help="end if anything is to be noted")
    parser.add_argument(
        "--scores", type=Path, required=True, help="TSV to write; all else is written beside it"
    )
    args = parser.parse_args()

    found = map_folder.find(args.folder)
    score_files(
        found.methods,
        found.masks,
        found.images,
        found.table,
        args.scores.parent,
        strict=args.strict,
    )


if __name__ == "__main__":
    run(main)
