"""Add up the jobs' runtimes by stage, and draw where the time goes."""

import argparse
from pathlib import Path

from camseg import figures, runtime, tables
from camseg.cli import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runtime", type=Path, required=True, help="folder of a TSV per job")
    parser.add_argument(
        "--jobs", nargs="*", default=[], help="which of the jobs in folders of it count"
    )
    parser.add_argument("--table", nargs="+", required=True, help=".csv, .md, .tex, .html to write")
    parser.add_argument("--figure", nargs="+", required=True, help=".svg, .png to write")
    options = parser.parse_args()

    table = runtime.summarise(options.runtime, options.jobs)
    caption = (
        "Wall and CPU time of all jobs of a stage together, in seconds, whether they ran beside "
        "each other or not, and the peak memory of one of them, in MB."
    )
    tables.write_table(table, options.table, caption)
    figures.save(runtime.where_time_goes(table), options.figure)


if __name__ == "__main__":
    run(main)
