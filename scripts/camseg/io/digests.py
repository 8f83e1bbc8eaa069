"""What a file is, by its content: its size and the SHA-256 that `sha256sum` prints, too."""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import TypedDict


class Digest(TypedDict):
    """A file's size in bytes, and the SHA-256 of its content in hexadecimal."""

    bytes: int
    sha256: str


def digest_of(path: Path) -> Digest:
    """Return what a file is; OSError if it cannot be read."""
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256")
        return {"bytes": file.tell(), "sha256": found.hexdigest()}


def digests_below(folder: Path, files: Iterable[Path]) -> dict[str, Digest]:
    """Return what files are, sorted by their paths: those below `folder` are told from there."""
    named = {
        (path.relative_to(folder) if path.is_relative_to(folder) else path).as_posix(): path
        for path in files
    }
    return {name: digest_of(path) for name, path in sorted(named.items())}
