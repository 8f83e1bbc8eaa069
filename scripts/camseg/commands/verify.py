"""Say what of a study has changed since its record, or how two studies' tables differ."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from camseg.report import comparison
from camseg.report.verification import verify


def main(arguments: Sequence[str]) -> None:
    """Run the command with its `arguments`: it ends with 1 if anything changed or differs."""
    parser = argparse.ArgumentParser(
        prog="camseg verify", description=__doc__, epilog="It ends with 1 if anything does."
    )
    parser.add_argument("results", type=Path, help="folder of a study's results")
    parser.add_argument("other", type=Path, nargs="?", help="another one, whose tables to compare")
    options = parser.parse_args(arguments)
    if options.other:
        found = comparison.compare(options.results, options.other)
        lines, same = list(comparison.summary(options.results, options.other, found)), found.same
    else:
        lines, same = verify(options.results)
    print(*lines, sep="\n")
    sys.exit(0 if same else 1)
