"""Add up the jobs' runtimes by stage, and draw where the time goes."""

import argparse
from pathlib import Path

from camseg.cli import run
from camseg.figures import charts
from camseg.figures.style import save
from camseg.report import runtime, tables


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runtime", type=Path, required=True, help="folder with one TSV per job")
    parser.add_argument(
        "--jobs", nargs="*", default=[], help="which of the jobs in folders of it count"
    )
    parser.add_argument("--captions", nargs="+", required=True, help="a file for each table's name")
    parser.add_argument("--table", nargs="+", required=True, help=".csv, .md, .tex, .html to write")
    parser.add_argument("--note", default="", help="what stands below every figure of the study")
    parser.add_argument("--figure", nargs="+", required=True, help=".svg, .png to write")
    options = parser.parse_args()

    table = runtime.summarise(options.runtime, options.jobs)
    captions = tables.read_captions(options.captions)
    tables.write_table(table, options.table, captions)
    save(charts.where_time_goes(table), options.figure, captions["runtime"], options.note)


if __name__ == "__main__":
    run(main)
