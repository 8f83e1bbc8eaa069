"""Say which volumes, cases and files of the raw DDSM a download has, and which it lacks."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from camseg.datasets import ddsm_volumes
from camseg.io.files import whole_file


def main(arguments: Sequence[str]) -> None:
    """Run the command with its `arguments`; CamsegError if nothing of the DDSM is there."""
    parser = argparse.ArgumentParser(prog="camseg check_ddsm", description=__doc__)
    parser.add_argument("path", type=Path, help="folder of the cases, at any depth below it")
    parser.add_argument("--out", type=Path, help="TSV to write: a row per fault")
    options = parser.parse_args(arguments)
    cases = ddsm_volumes.check(options.path)
    if options.out:
        with whole_file(options.out) as temporary:
            ddsm_volumes.table(cases).to_csv(temporary, sep="\t", index=False)
    print(*ddsm_volumes.summary(cases), sep="\n")
