"""What every command-line program of the workflow shares."""

import sys
from collections.abc import Callable

from camseg.errors import CamsegError


def run(main: Callable[[], None]) -> None:
    """Run `main`; a CamsegError ends the program with its one line, without a traceback."""
    try:
        main()
    except CamsegError as error:
        sys.exit(f"error: {error}")
