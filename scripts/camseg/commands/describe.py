"""Say what a folder of images is, or a list of them, and with which configuration to start."""

import argparse
from collections.abc import Sequence
from pathlib import Path

import cv2

from camseg.errors import CamsegError
from camseg.study.describe import describe


def main(arguments: Sequence[str]) -> None:
    """Run the command with its `arguments`; CamsegError if it finds no data set."""
    parser = argparse.ArgumentParser(prog="camseg describe", description=__doc__)
    parser.add_argument("data", type=Path, metavar="PATH", help="a folder of images, or their list")
    parser.add_argument(
        "--out", type=Path, default=Path("describe"),
        help="folder for what is written: %(default)s",
    )  # fmt: skip
    parser.add_argument(
        "--cases", type=int, default=50,
        help="the most cases that ROIs are cut from, drawn: %(default)s",
    )  # fmt: skip
    options = parser.parse_args(arguments)
    if options.cases < 1:
        raise CamsegError(f"--cases is {options.cases}: must be at least 1")
    cv2.setNumThreads(1)
    for line in describe(options.data, options.out, options.cases):
        print(line, flush=True)
