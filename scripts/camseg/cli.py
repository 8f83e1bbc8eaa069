"""What every command-line program of the workflow shares."""

import signal
import sys
from collections.abc import Callable

from camseg.errors import CamsegError


def run(main: Callable[[], None]) -> None:
    """Run `main`; an error of the user's making ends it with one line, without a traceback.

    Being told to stop (SIGTERM, as by Snakemake or Slurm) ends it like an error does, so that
    half-written files go.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        main()
    except (CamsegError, OSError) as error:
        sys.exit(f"error: {error}")
