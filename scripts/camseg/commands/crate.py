"""Pack a study's record, tables, figures and workflow into a Workflow Run RO-Crate, a ZIP."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from camseg.errors import CamsegError
from camseg.report import crate

ROOT = Path(__file__).resolve().parents[3]  # of the workflow, in a clone


def main(arguments: Sequence[str]) -> None:
    """Run the command with its `arguments`; CamsegError if anything is not as recorded."""
    parser = argparse.ArgumentParser(prog="camseg crate", description=__doc__)
    parser.add_argument("results", type=Path, help="folder of a study's results")
    parser.add_argument("--out", type=Path, required=True, help="ZIP to write")
    options = parser.parse_args(arguments)
    if options.out.suffix != ".zip":
        raise CamsegError(f"--out {options.out}: a crate is a ZIP: name it {options.out}.zip")
    if not (ROOT / crate.WORKFLOW).is_file():
        raise CamsegError(
            f"camseg crate packs the workflow, too, and {ROOT} has none: run it in the clone, "
            "PYTHONPATH=scripts python -m camseg crate ..."
        )
    count = crate.write(options.results, ROOT, options.out)
    print(f"{options.out}: {count} files")
