"""Render the study's front page: its answers, then links to all tables, figures and records."""

import argparse
import json
from pathlib import Path

from camseg.cli import run
from camseg.io.files import whole_file
from camseg.report import front_page, summary, tables


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", nargs="+", required=True, help="the tables' CSVs, by any order")
    parser.add_argument("--source", required=True, help="the data source's name in print")
    parser.add_argument("--note", default="", help="what to say of all its pictures, or nothing")
    parser.add_argument("--trained", required=True, help="how networks were trained, in words")
    parser.add_argument("--shown", required=True, help="JSON: path, category and label of each")
    parser.add_argument("--curves", nargs="+", required=True, help="of each training, likewise")
    parser.add_argument("--captions", nargs="+", required=True, help="a file for each thing's name")
    parser.add_argument("--output", required=True, help="index.html, which paths begin beside")
    options = parser.parse_args()

    page = front_page.render(
        summary.read({Path(path).stem: path for path in options.tables}),
        front_page.Study(options.source, options.trained, options.note),
        [front_page.Shown(*each) for each in json.loads(options.shown)],
        options.curves,
        tables.read_captions(options.captions),
    )
    with whole_file(options.output) as temporary:
        temporary.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    run(main)
