"""Count what became of the views and candidate ROIs: used, or rejected and why."""

import argparse

from camseg.cli import run
from camseg.datasets.views import read_index
from camseg.report import links, rejections, tables
from camseg.rois.candidates import read_candidates


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--index", required=True, help="TSV of index_cases.py")
    parser.add_argument("--candidates", required=True, help="TSV of merge_candidates.py")
    parser.add_argument("--captions", nargs="+", required=True, help="a file for each table's name")
    parser.add_argument("--output", nargs="+", required=True, help=".csv, .md, ... to write")
    options = parser.parse_args()

    index, candidates = read_index(options.index), read_candidates(options.candidates)
    table = rejections.summary(index, candidates)
    captions = tables.read_captions(options.captions)
    tables.write_table(table, options.output, captions, links.of_candidates(table))


if __name__ == "__main__":
    run(main)
