"""Functions that Numba compiles, and keeps on the disk where that is possible."""

from collections.abc import Callable

import numba


def compiled(function: Callable) -> Callable:
    """Return `function`, compiled when it is first called and kept for the processes to come.

    Numba keeps it beside its module, else in the user's folder for caches; NUMBA_CACHE_DIR names
    another. Where neither can be written, as in a container, every process compiles it anew, in
    seconds: it is not kept where others could put code of theirs, as in the folder for temporary
    files.
    """
    try:
        return numba.njit(cache=True)(function)
    except RuntimeError:  # of Numba, where it finds no such folder
        return numba.njit(function)
