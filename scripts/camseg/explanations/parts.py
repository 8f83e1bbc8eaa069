"""What killed work on heat maps goes on from: the maps so far, in a folder beside their file.

The folder is no output that a workflow knows of, so that no failure removes it. It holds a file
<key>-<first>.npz of the maps from that ROI on, whose key stands for all that determines them.
"""

import hashlib
import json
import shutil
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from camseg.errors import CamsegError
from camseg.io.files import whole_file


class Parts:
    """The maps saved in `folder` of the work with this `identity` (JSON values).

    They are saved at most every `seconds`, so that quick work saves nothing.
    """

    def __init__(self, folder: Path, identity: dict, seconds: float):
        self.folder, self.seconds = folder, seconds
        self.key = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:16]
        self.first = 0  # ROI that is not saved yet
        self.kept: list[tuple[np.ndarray, ...]] = []
        self.saved = time.monotonic()

    def load(self) -> Iterator[tuple[np.ndarray, ...]]:
        """Yield the saved arrays, part by part from the first ROI on, without a gap.

        Raises CamsegError if a file is damaged.
        """
        while (path := self._path()).exists():
            try:
                with np.load(path) as file:
                    arrays = tuple(file[f"arr_{number}"] for number in range(len(file.files)))
            except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
                raise CamsegError(f"{path}: is no whole part: remove it to go on") from error
            self.first += len(arrays[0])
            yield arrays
        if self.first:
            _say(f"going on after {self.first} ROIs, saved in {self.folder}")

    def add(self, *arrays: np.ndarray) -> None:
        """Keep the next ROIs' arrays, a row per ROI each; if due, save all since the last time."""
        self.kept.append(arrays)
        if time.monotonic() - self.saved >= self.seconds:
            joined = [np.concatenate(each) for each in zip(*self.kept, strict=True)]
            with whole_file(self._path()) as temporary:
                np.savez(temporary, *joined)
            self.first += len(joined[0])
            self.kept = []
            self.saved = time.monotonic()

    def remove(self) -> None:
        """Remove the folder: the final file is safe."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _path(self) -> Path:
        return self.folder / f"{self.key}-{self.first:06}.npz"


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
