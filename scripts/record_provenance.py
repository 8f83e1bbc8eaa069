"""Record what made the results: the configuration, and the versions of all software."""

import argparse
from pathlib import Path

from camseg.cli import run
from camseg.io.files import whole_file
from camseg.report import pages, provenance, tables

ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--configuration", required=True, help="YAML, as a text")
    parser.add_argument("--captions", nargs="+", required=True, help="a file for each table's name")
    parser.add_argument("--text", required=True, help=".yaml of the configuration to write")
    parser.add_argument("--page", required=True, help=".html of the configuration to write")
    parser.add_argument("--versions", nargs="+", required=True, help=".csv, .md, ... to write")
    options = parser.parse_args()

    captions = tables.read_captions(options.captions)
    for path, text in (
        (options.text, options.configuration),
        (options.page, pages.text_page(options.configuration, captions["configuration"])),
    ):
        with whole_file(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
    tables.write_table(provenance.versions(ROOT), options.versions, captions)


if __name__ == "__main__":
    run(main)
