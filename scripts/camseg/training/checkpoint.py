"""What a killed training goes on from: its state after an epoch, in a folder beside its model.

The folder is no output that a workflow knows of, so that no failure removes it. It holds

    lock          held by the training at work, as long as its process lives
    waiting       held by one that waits for that lock: the first then saves its state and ends
    <key>.h5      the state of the training whose identity has this key

The identity is all that determines a training's result. One lock for all identities: a training
left over from an earlier run, with other settings too, must not write over its successor's files.
"""

import hashlib
import json
import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from camseg.errors import CamsegError
from camseg.io import hdf5
from camseg.io.locks import NoLockError, lock

ARRAYS = ("variables", "best_weights")


@dataclass(frozen=True)
class State:
    """A training after an epoch: its history, and the values of all variables that change in it."""

    history: list[dict]
    variables: list[np.ndarray]  # of the model and the optimizer
    best_weights: list[np.ndarray]  # the model's in the best epoch


class Checkpoint:
    """The saved state of the training with this `identity` (JSON values) in `folder`.

    The state is saved at the end of an epoch, at most every `seconds`. Use it inside `locked`.
    """

    def __init__(self, folder: Path, identity: dict, seconds: float):
        self.folder = folder
        self.identity = json.loads(json.dumps(identity))  # as it comes back from a file
        key = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:16]
        self.path = folder / f"{key}.h5"
        self.seconds = seconds
        self.saved = time.monotonic()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other trainings out of the folder; wait for one that is at work to give way.

        Where the file system has no locks, say so and go on without.
        """
        with ExitStack() as stack:
            try:
                with _held(self.folder / "waiting"):
                    if _is_held(self.folder / "lock"):
                        _say(f"{self.folder}: waiting for a training that is at work to give way")
                    stack.enter_context(_held(self.folder / "lock"))
            except NoLockError as error:
                _say(
                    f"warning: {self.folder}: cannot be locked ({error.strerror}), so a second "
                    "training of the same target would not wait: never let two run at a time"
                )
            else:
                for half in self.folder.glob(".*.h5"):  # left by one killed while it saved
                    half.unlink()
            yield

    def load(self) -> State | None:
        """Return the saved state; None if there is none, with a line on states of others.

        Raises CamsegError if the file is damaged, or holds another training than its name says.
        """
        for other in sorted(set(self.folder.glob("[!.]*.h5")) - {self.path}):
            with _opened(other) as file:
                _say(f"{other}: not used: {self._mismatch(file)}")
        if not self.path.exists():
            return None
        with _opened(self.path) as file:
            if mismatch := self._mismatch(file):
                raise CamsegError(f"{self.path}: {mismatch}: remove it to start afresh")
            history = json.loads(bytes(file["history"][()]))
            variables, best_weights = (
                [file[name][0] for name in sorted(file) if name.startswith(group)]
                for group in ARRAYS
            )
        _say(f"resuming after epoch {len(history)}, saved in {self.path}")
        return State(history, variables, best_weights)

    def is_due(self) -> bool:
        """Return whether to save now: `seconds` have passed, or another training waits."""
        return time.monotonic() - self.saved >= self.seconds or _is_held(self.folder / "waiting")

    def save(self, state: State) -> None:
        """Save the state; then give way, by a CamsegError, if another training waits."""
        with hdf5.new_file(self.path) as file:
            for name, value in (("identity", self.identity), ("history", state.history)):
                hdf5.put(file, name, np.frombuffer(json.dumps(value).encode(), np.uint8))
            for group in ARRAYS:
                for number, value in enumerate(getattr(state, group)):
                    hdf5.put(file, f"{group}-{number:05}", np.asarray(value)[np.newaxis])
        self.saved = time.monotonic()
        if _is_held(self.folder / "waiting"):
            raise CamsegError(f"{self.folder}: another run of this training has taken over")

    def remove(self) -> None:
        """Remove the folder: the final files are safe."""
        shutil.rmtree(self.folder)

    def _mismatch(self, file: h5py.File) -> str:
        """Return how the identity in a saved state differs from this one; empty if it does not."""
        places = _differences(json.loads(bytes(file["identity"][()])), self.identity)
        return f"is of a training with other {', '.join(places)}" if places else ""


@contextmanager
def _opened(path: Path) -> Iterator[h5py.File]:
    """Open a saved state to read; what is wrong with the file becomes a CamsegError."""
    try:
        with hdf5.open_file(path) as file:
            yield file
    except CamsegError:
        raise
    except (OSError, KeyError, ValueError, TypeError) as error:
        what = "is no whole saved state"
        raise hdf5.fault(path, what, error, "remove it to start afresh") from error


def _differences(one: dict, other: dict) -> list[str]:
    """Return the places ("settings.epochs") where two identities differ."""
    found = []
    for key in sorted(one.keys() | other.keys()):
        mine, theirs = one.get(key), other.get(key)
        if isinstance(mine, dict) and isinstance(theirs, dict):
            found += [f"{key}.{place}" for place in _differences(mine, theirs)]
        elif mine != theirs:
            found.append(key)
    return found


@contextmanager
def _held(path: Path) -> Iterator[None]:
    """Hold the lock of a file, waiting for it; it ends with the process at the latest."""
    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a") as file:
            lock(file, wait=True)
            # the one who held it may have removed the folder
            if path.exists() and os.path.samestat(os.fstat(file.fileno()), path.stat()):
                yield
                return


def _is_held(path: Path) -> bool:
    """Return whether some process holds the lock of a file; nobody does where there are none."""
    if not path.exists():
        return False
    with path.open("a") as file, suppress(NoLockError):
        return not lock(file, wait=False)
    return False


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
