"""Whether a study's files are those that its record counts."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from camseg.datasets.discovery import home
from camseg.io.digests import Digest, digest_of
from camseg.report import manifest

SHOWN = 20  # files of a kind that are named


@dataclass(frozen=True)
class Changes:
    """How many files are as they were, and which are `missing`, `altered` or `new`, by name."""

    same: int
    missing: list[str]
    altered: list[str]
    new: list[str]

    def __bool__(self) -> bool:
        """Whether anything has changed."""
        return bool(self.missing or self.altered or self.new)

    def lines(self, what: str) -> Iterator[str]:
        """Yield what there is to say of files of the kind `what`, a file a line."""
        kinds = {"missing": self.missing, "altered": self.altered, "new": self.new}
        counted = "".join(f", {len(names)} {kind}" for kind, names in kinds.items() if names)
        yield f"{what}: {self.same} files as recorded{counted}"
        for kind, names in kinds.items():
            yield from (f"  {kind}: {name}" for name in names[:SHOWN])
            if len(names) > SHOWN:
                yield f"  {kind}: {len(names) - SHOWN} more"


def changes(recorded: Mapping[str, Digest], folder: Path, there: set[str] | None = None) -> Changes:
    """Return how the files of a record, told from `folder`, are now.

    `there` are all that there are; without it, none counts as new.
    """
    same, missing, altered = 0, [], []
    for name, digest in recorded.items():
        path = folder / name
        if not path.is_file():
            missing.append(name)
        elif path.stat().st_size != digest["bytes"] or digest_of(path) != digest:
            altered.append(name)
        else:
            same += 1
    new = sorted(there - recorded.keys()) if there is not None else []
    return Changes(same, missing, altered, new)


def results_since(results: Path, found: Mapping) -> Changes:
    """Return what of the files below `results` has changed since its record."""
    there = {path.relative_to(results).as_posix() for path in manifest.outcomes(results)}
    return changes(found["outputs"], results, there)


def verify(results: Path) -> tuple[list[str], bool]:
    """Return what to say of a study and its record, and whether all is as recorded.

    What it was made from is compared only where it lies: relative paths are told from here.
    """
    found = manifest.read(results)
    kinds = {"results": results_since(results, found)}
    data, given = found["inputs"]["data"], found["inputs"]["given"]
    lines = [f"{results}: {manifest.told(found)}"]
    if data["files"] and Path(data["path"]).exists():
        kinds["data"] = changes(data["files"], home(Path(data["path"])))
    elif data["files"]:
        lines.append(f"data: {len(data['files'])} files not checked: there is no {data['path']}")
    if given:
        kinds["given files"] = changes(given, Path())
    for what, each in kinds.items():
        lines += each.lines(what)
    return lines, not any(kinds.values())
