"""Render the study's answers, read off its finished tables, and why each is what it is."""

import argparse
from pathlib import Path

from camseg.cli import run
from camseg.report import links, tables, verdicts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", nargs="+", required=True, help="the tables' CSVs, by any order")
    parser.add_argument("--margin", type=float, required=True, help="of accuracies that matters")
    parser.add_argument("--captions", nargs="+", required=True, help="a file for each table's name")
    parser.add_argument("--verdicts", nargs="+", required=True, help=".csv, .md, .tex to write")
    parser.add_argument("--reasons", nargs="+", required=True, help="likewise")
    options = parser.parse_args()

    found = verdicts.read({Path(path).stem: path for path in options.tables})
    answers = verdicts.answers(found, options.margin)
    captions, table = tables.read_captions(options.captions), verdicts.verdicts(answers)
    tables.write_table(table, options.verdicts, captions, links.to_explorer(table, answers))
    reasons = verdicts.reasons(answers)
    led = links.to_explorer(reasons, answers)
    led |= {"table": [f"{name}.html" for name in reasons["table"]]}  # which lie beside it
    tables.write_table(reasons, options.reasons, captions, led)
    print(tables.to_markdown(table))


if __name__ == "__main__":
    run(main)
