"""Which source a folder, or a list, is of: told by the files there and the registry's listings."""

import re
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from camseg.datasets.discovery import home, walk
from camseg.datasets.readers import reader
from camseg.datasets.registry import SOURCES, Source, require_cases
from camseg.errors import CamsegError
from camseg.formats.pictures import MIN_MAX

IMAGE = "image.png"  # a listing that takes this for a list takes any image
LISTS = (".csv", ".tsv", ".txt")
SPREADSHEETS = (".xls", ".xlsx", ".ods")
BELOW = " at any depth below it"  # ends what the registry says is missing
PAGES = "docs/datasets.md and docs/data.md say what can be read"


@dataclass(frozen=True)
class Detected:
    """A data set: the source's name in the registry, and what `dataset: path` would be.

    `refused` says why lists that lie directly in a folder are not what its cases are taken from;
    `others` are further sources that the same list may be of.
    """

    name: str
    path: Path
    refused: tuple[str, ...] = ()
    others: tuple[str, ...] = ()

    @property
    def source(self) -> Source:
        """The registry's entry."""
        return SOURCES[self.name]


def detect(path: Path) -> Detected:
    """Return what is at `path`: a folder with lists that a source knows, or a list itself.

    A folder is of the source that knows the name of a file in it, at any depth; else of one that a
    list directly in it is for, by its content; last of one that takes any image. Raises CamsegError
    if it is missing, is of no source or of several, or holds heat maps in place of images.
    """
    if path.is_file():
        return _list(path)
    if not path.is_dir():
        raise CamsegError(f"{path}: there is no such file or folder")
    examples: dict[str, Path] = {}
    patterns = {
        name: re.compile(source.listing, re.IGNORECASE) for name, source in _folders().items()
    }
    sheets: list[Path] = []
    for place, files in walk(path):
        sheets += [place / file for file in sorted(files) if file.lower().endswith(SPREADSHEETS)]
        for name, pattern in patterns.items():
            named = (file for file in sorted(files) if pattern.fullmatch(file))
            if name not in examples and (example := next(named, None)):
                examples[name] = place / example
    special = [name for name in examples if not patterns[name].fullmatch(IMAGE)]
    if len(special) > 1:
        told = ", ".join(f"{SOURCES[name].title} ({examples[name]})" for name in special)
        raise CamsegError(f"{path}: holds several data sets: {told}; name the folder of one")
    if special:
        return Detected(special[0], path)
    reasons = [
        f"{sheet}: is a spreadsheet: save it as {sheet.stem}.csv, in UTF-8" for sheet in sheets
    ]
    lists = [each for each in _lists_in(path) if _sources_of(each, reasons)]
    if len(lists) > 1:
        told = ", ".join(map(str, lists))
        raise CamsegError(f"{path}: holds several lists: {told}; name one of them")
    if lists:
        return _list(lists[0])
    _refuse_maps(path)
    for name in examples:  # any images
        return Detected(name, path, tuple(reasons))
    wanted = [
        f"{source.title} ({source.missing.partition(';')[0].removesuffix(BELOW)})"
        for source in _folders().values()
    ]
    of_table = reasons[0] if reasons else "no CSV or TSV with its columns directly in it"
    raise CamsegError(
        f"{path}: no data set is recognised; looked for, at any depth below it, were "
        f"{', '.join(wanted)}, a table of images ({of_table}); {PAGES}"
    )


def _folders() -> dict[str, Source]:
    """Return the sources that a folder's files may tell."""
    return {name: each for name, each in SOURCES.items() if each.path == "folder" and each.listing}


def _list(path: Path) -> Detected:
    """Return what a file is that lists cases itself."""
    for source in _folders().values():
        named = re.fullmatch(source.listing, path.name, re.IGNORECASE)
        if named and not re.fullmatch(source.listing, IMAGE, re.IGNORECASE):
            raise CamsegError(
                f"{path}: is a list of {source.title}: name its folder, {path.parent}"
            )
    reasons: list[str] = []
    fitting = _sources_of(path, reasons)
    if not fitting:
        raise CamsegError(f"{path}: is no list that can be read: {reasons[0]} ({PAGES})")
    return Detected(fitting[0], path, others=tuple(fitting[1:]))


def _lists_in(folder: Path) -> list[Path]:
    files = sorted(folder.iterdir())
    return [file for file in files if file.suffix.lower() in LISTS and file.is_file()]


def _sources_of(file: Path, reasons: list[str]) -> list[str]:
    """Return the sources whose reader takes a file for its list; append to `reasons` why not."""
    fitting = []
    for name, source in SOURCES.items():
        if source.path != "file":
            continue
        try:
            cases = reader(source.reader).index_cases([file], home(file), MIN_MAX)
            list(islice(cases, 1))
            fitting.append(name)
        except CamsegError as error:
            reasons.append(str(error))
    return fitting


def _refuse_maps(folder: Path) -> None:
    """Raise CamsegError, saying what scores them, if a folder holds heat maps."""
    for source in (each for each in SOURCES.values() if not each.reader):
        try:
            require_cases(source, folder)
        except CamsegError:
            continue
        raise CamsegError(
            f"{folder}: holds {source.title}: `camseg score` scores them (docs/own_maps.md)"
        )
