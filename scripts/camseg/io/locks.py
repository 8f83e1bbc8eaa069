"""Locks on files, between processes; some file systems have none."""

import fcntl
from typing import IO


class NoLockError(OSError):
    """A lock cannot be had: the file system has none, or its service for them is down."""


def lock(file: IO | int, *, wait: bool) -> bool:
    """Lock an open file until it is closed, at the latest by the end of the process.

    Returns False if another process holds the lock; with `wait` it waits for that one instead.
    Raises NoLockError if the file system refuses: ENOLCK (NFS without its daemon), ENOSYS (Lustre
    without the mount option `flock`), EOPNOTSUPP (of some containers) and the like.
    """
    try:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    except OSError as error:
        raise NoLockError(error.errno, error.strerror) from error
    return True
