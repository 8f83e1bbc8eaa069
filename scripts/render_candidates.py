"""Count what became of the views and candidate ROIs: used, or rejected and why."""

import argparse

import pandas as pd

from camseg import rejections, tables
from camseg.cli import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--index", required=True, help="TSV of index_cases.py")
    parser.add_argument("--candidates", required=True, help="TSV of merge_candidates.py")
    parser.add_argument("--output", nargs="+", required=True, help=".csv, .md, ... to write")
    options = parser.parse_args()

    index, candidates = (
        pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False)
        for path in (options.index, options.candidates)
    )
    caption = (
        "What became of the views and of the candidate ROIs. Words with digits are shown as ... "
        "where reasons that differ in nothing else are counted together."
    )
    tables.write_table(rejections.summary(index, candidates), options.output, caption)


if __name__ == "__main__":
    run(main)
