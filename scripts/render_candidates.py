"""Count what became of the views and candidate ROIs: used, or rejected and why."""

import argparse

from camseg import rejections, tables
from camseg.candidates import read_candidates
from camseg.cli import run
from camseg.views import read_index


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--index", required=True, help="TSV of index_cases.py")
    parser.add_argument("--candidates", required=True, help="TSV of merge_candidates.py")
    parser.add_argument("--output", nargs="+", required=True, help=".csv, .md, ... to write")
    options = parser.parse_args()

    index, candidates = read_index(options.index), read_candidates(options.candidates)
    caption = (
        "What became of the views and of the candidate ROIs. Words with digits are shown as ... "
        "where reasons that differ in nothing else are counted together."
    )
    tables.write_table(rejections.summary(index, candidates), options.output, caption)


if __name__ == "__main__":
    run(main)
