"""The lists that people write or export, CSV or TSV: their lines with places, their paths."""

import csv
import io
import os
import re
import textwrap
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Collection, Iterable, Iterator
from itertools import chain
from pathlib import Path
from unicodedata import normalize

from camseg.errors import CamsegError

EXPORT = 'save the table as "CSV UTF-8"'
DELIMITERS = ",;\t"
AROUND = re.compile(r"^[\s\ufeff\u200b]+|[\s\ufeff\u200b]+$")  # the last two cannot be seen
TOLD = ("left", "right", "normal", "abnormal")
HASH = re.compile(r'^[ \xa0\ufeff]*("?) *#+')
SEPARATOR = re.compile(r'"?sep=([^\w\s"]|\t)"?[,;\t]*\n?', re.IGNORECASE)


def read_lines(
    path: Path, required: Collection[str], telling: str
) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the place (file:line) and the fields of every line of a CSV or TSV with a header.

    As spreadsheets export them: in UTF-8 or UTF-16, with any line ends, separated by whichever of
    comma, semicolon and tab finds the `required` columns, or by what a line `sep=;` says. Column
    names are taken in lower case, all texts without surrounding blanks, fields missing at a line's
    end as empty. Passed over are lines and columns of blanks alone, comments (lines that begin with
    #) and the header where merged tables repeat it. A comment with one of TOLD in the column
    `telling` may be a line of an image of such a name, and is refused. Raises CamsegError if the
    file cannot be read as such, lacks a required column, or has a line whose fields are not all
    named.
    """
    lines = list(io.StringIO(_read_text(path), newline=None))
    start, delimiter = _find_header(path, lines, required)
    lines[start] = HASH.sub(r"\1", lines[start])
    records = _records(path, lines, start, delimiter)
    place, header = next(records)
    names = [_name(field) for field in header]
    for name in required:
        if name not in names:
            columns = textwrap.shorten(", ".join(filter(None, names)), 300)
            raise CamsegError(f"{place}: has no column {name!r}; its columns are {columns}")
    for name in filter(None, names):
        if names.count(name) > 1:
            raise CamsegError(f"{place}: has the column {name!r} twice; remove or rename one")
    for place, fields in records:
        if not fields or list(map(_name, fields)) == names:
            continue
        line = dict(zip(names, fields + [""] * (len(names) - len(fields)), strict=False))
        if fields[0].startswith("#"):
            if line.get(telling, "").lower() in TOLD:
                raise CamsegError(
                    f"{place}: begins with #, but reads like a line of the table; remove it, or "
                    f"write ./{fields[0]} if that is a file's name"
                )
            continue
        _check_fields(place, fields, names, required, delimiter)
        yield place, {name: text for name, text in line.items() if name}


def _read_text(path: Path) -> str:
    """Return a file's text, of UTF-8 or, if it begins with a byte order mark, UTF-16."""
    content = _read_bytes(path)
    wide = content.startswith((BOM_UTF16_LE, BOM_UTF16_BE))
    encoding, name = ("utf-16", "UTF-16") if wide else ("utf-8-sig", "UTF-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        place = _place(path, content[: error.start].decode(encoding, "ignore"))
        raise CamsegError(
            f"{place}: byte {content[error.start]:#x} is no {name}; {EXPORT}"
        ) from error
    if "\0" in text:
        place = _place(path, text.partition("\0")[0])
        raise CamsegError(f"{place}: has a NUL, as no text has; {EXPORT}")
    return text


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CamsegError(f"{path}: cannot be read: {error.strerror}") from error


def _place(path: Path, before: str) -> str:
    """Return the place (file:line) in a text that comes after what is `before` it."""
    ends = before.count("\n") + before.count("\r") - before.count("\r\n")
    return f"{path}:{1 + ends}"


def _find_header(path: Path, lines: list[str], required: Collection[str]) -> tuple[int, str]:
    """Return the index of the line of column names, and the delimiter of all."""
    told = ""
    for start, line in enumerate(lines):
        if separator := SEPARATOR.fullmatch(line):
            told = separator[1]
            continue
        known = {}
        for delimiter in told or DELIMITERS:
            fields = _split(f"{path}:{start + 1}", [HASH.sub(r"\1", line)], delimiter)
            known[delimiter] = len(set(map(_name, fields)) & set(required))
        best = max(known, key=lambda each: (known[each], line.count(each)))
        if known[best] == len(required) or not (HASH.match(line) or _is_blank(line)):
            return start, best
    raise CamsegError(f"{path}: has no line of column names; they are {', '.join(required)}")


def _split(place: str, record: Iterable[str], delimiter: str, *, strict: bool = False) -> list[str]:
    """Return the fields of the first record of lines, bare, without empty last ones."""
    reader = csv.reader(record, delimiter=delimiter, skipinitialspace=True, strict=strict)
    try:
        fields = [AROUND.sub("", field) for field in next(reader)]
    except csv.Error as error:
        raise CamsegError(
            f"{place}: cannot be read as a CSV or TSV: {error}; look for a stray quote"
        ) from error
    while fields and not fields[-1]:
        fields.pop()
    return fields


def _is_blank(line: str) -> bool:
    return not AROUND.sub("", re.sub(f'[{DELIMITERS}"]', "", line))


def _records(
    path: Path, lines: list[str], start: int, delimiter: str
) -> Iterator[tuple[str, list[str]]]:
    """Yield the place and the fields of each record from line `start` on.

    A record may go on over line breaks in quotes; a comment may not, and its quotes mean nothing.
    """
    rest = iter(enumerate(lines[start:], start=start + 1))
    for number, line in rest:
        place = f"{path}:{number}"
        comment = HASH.match(line)
        if comment and not comment[1]:
            record: Iterable[str] = [line.replace('"', "")]
        else:
            record = chain([line], (text for _, text in rest))
        yield place, _split(place, record, delimiter, strict=True)


def _check_fields(
    place: str, fields: list[str], names: list[str], required: Collection[str], delimiter: str
) -> None:
    """Raise CamsegError if not every field has a name, or the line is another header."""
    if set(required) <= set(map(_name, fields)):
        raise CamsegError(
            f"{place}: is a header of other columns or another order than the first; merge only "
            "tables of the same columns"
        )
    if len(fields) == 1 < len(names) and set(fields[0]) & set(DELIMITERS):
        raise CamsegError(
            f"{place}: is one field, {fields[0]!r}; separate it by {delimiter!r}, as the header, "
            "and put no line in quotes as a whole"
        )
    if len(fields) > len(names):
        raise CamsegError(
            f"{place}: has {len(fields)} fields, the header {len(names)}; put a field that holds "
            f"a {delimiter!r} in quotes"
        )
    for number, (name, field) in enumerate(zip(names, fields, strict=False), start=1):
        if field and not name:
            raise CamsegError(
                f"{place}: {field!r} stands in column {number}, which has no name in the header; "
                "name or remove the column"
            )


def _name(field: str) -> str:
    """Return a column's name as it is compared: in lower case, with single blanks."""
    return " ".join(AROUND.sub("", field).lower().split())


def locate(folder: Path, name: str) -> Path:
    """Return the file that a list calls `name`, a path of its own or below `folder`.

    Where there is no such file, the name is tried with Windows' backslashes as slashes, and each
    of its parts with accents composed and decomposed, as macOS has them. If no file is found so,
    the path to the name as it stands is returned.
    """
    literal = folder / name
    if os.access(literal, os.F_OK):
        return literal
    for spelt in (name, name.replace("\\", "/")):
        path = folder
        for part in Path(spelt).parts:
            forms = (part, normalize("NFC", part), normalize("NFD", part))
            path = next(
                (path / form for form in forms if os.access(path / form, os.F_OK)), path / part
            )
        if os.access(path, os.F_OK):
            return path
    return literal


def one_of(copies: list[Path]) -> Path:
    """Return the first of several copies of one list; CamsegError if one is no copy of it."""
    first, *others = copies
    for other in others:
        if _read_bytes(other) != _read_bytes(first):
            raise CamsegError(f"{other}: differs from {first}; leave only one of them there")
    return first
