"""Say how many seconds each segmenter took, from the jobs' benchmark files."""

import argparse
from pathlib import Path

from camseg.cli import run
from camseg.report import segmentation, tables


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runtime", type=Path, required=True, help="folder with one TSV per job")
    parser.add_argument("--jobs", nargs="+", required=True, help="STAGE/SEGMENTER/NAME below it")
    parser.add_argument("--captions", nargs="+", required=True, help="a file for the table's name")
    parser.add_argument("--table", nargs="+", required=True, help=".csv, .md, .tex to write")
    args = parser.parse_args()

    table = segmentation.seconds(args.runtime, args.jobs)
    tables.write_table(table, args.table, tables.read_captions(args.captions))


if __name__ == "__main__":
    run(main)
