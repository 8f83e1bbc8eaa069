"""Whole files or none: everything is written beside its target and renamed."""

import errno
import glob
import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from camseg.errors import CamsegError

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def whole_file(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path in `path`'s folder; rename it to `path` if the block succeeds.

    The temporary name keeps the suffix (`model.keras` -> `.model.tmp-<pid>.keras`), since some
    writers choose the format by it. If the block raises, the temporary file is removed; what a
    killed process has left, the next one to write `path` removes. One that is still at work, left
    over by a killed Snakemake, is left alone. Raises CamsegError if there is no room on the disk.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.stem}.tmp-{os.getpid()}{path.suffix}")
    with told_of_full_disk(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        for other in path.parent.glob(f".{glob.escape(path.stem)}.tmp-*"):
            if other.suffix == path.suffix and not _is_alive(other.stem.rpartition("-")[2]):
                other.unlink(missing_ok=True)
        try:
            yield temporary
            with temporary.open("rb") as written:
                os.fsync(written.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


def _is_alive(pid: str) -> bool:
    """Return whether a process of this number is at work on this machine, besides this one."""
    try:
        os.kill(int(pid), 0)
    except (ProcessLookupError, ValueError, OverflowError):
        return False
    except PermissionError:  # it is somebody else's
        return True
    return int(pid) != os.getpid()


@contextmanager
def told_of_full_disk(path: Path) -> Iterator[None]:
    """Turn the error of a full disk, in whatever words, into a CamsegError that names `path`."""
    try:
        yield
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        reason = os.strerror(error.errno)
        raise CamsegError(f"{path}: {reason}; make room and run the workflow again") from error


def digest(paths: Iterable[str | Path]) -> str:
    """Return the SHA-256 of the files' contents, one after the other, in hexadecimal."""
    total = hashlib.sha256()
    for path in paths:
        with Path(path).open("rb") as file:
            total.update(hashlib.file_digest(file, "sha256").digest())
    return total.hexdigest()
