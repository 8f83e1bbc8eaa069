"""Write the SHA-256 of every file of the data that a study reads."""

import argparse
from pathlib import Path

from tqdm import tqdm

from camseg.cli import run
from camseg.datasets import inputs, map_folder
from camseg.datasets.discovery import home
from camseg.datasets.views import read_index
from camseg.io.digests import digests_below
from camseg.io.files import whole_file


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder of the data, or a table")
    parser.add_argument("--index", help="TSV of index_cases.py; without it, data are heat maps")
    parser.add_argument(
        "--listing", default="", help="regular expression of the files that list a folder's cases"
    )
    parser.add_argument("--output", required=True, help="TSV to write, one row per file")
    options = parser.parse_args()

    if options.index:
        files = inputs.files_read(read_index(options.index), options.data, options.listing)
    else:
        files = map_folder.find(options.data).files()
    found = digests_below(home(options.data), tqdm(files, unit="file", mininterval=5))
    with whole_file(options.output) as temporary:
        inputs.table_of(found).to_csv(temporary, sep="\t", index=False)


if __name__ == "__main__":
    run(main)
