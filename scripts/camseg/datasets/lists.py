"""The lists that people write or export, CSV or TSV, read line by line with their places."""

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path

from camseg.errors import CamsegError


def read_lines(path: Path, required: Iterable[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the place (file:line) and the fields of every line of a CSV or TSV with a header.

    The first line tells which (a tab in it). Column names are taken in lower case, all texts
    without surrounding blanks, fields missing at a line's end as empty. Raises CamsegError if the
    file cannot be read as such, lacks a required column, or has a line with too many fields.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            delimiter = "\t" if "\t" in file.readline() else ","
            file.seek(0)
            reader = csv.reader(file, delimiter=delimiter, strict=True)
            names = [name.strip().lower() for name in next(reader, [])]
            missing = [name for name in required if name not in names]
            if missing or len(set(names)) < len(names):
                fault = f"has no column {missing[0]!r}" if missing else "has a column twice"
                raise CamsegError(f"{path}: {fault}; its columns are {', '.join(names)}")
            line = reader.line_num + 1
            for fields in reader:
                place, line = f"{path}:{line}", reader.line_num + 1
                if not any(fields):
                    continue
                if len(fields) > len(names):
                    raise CamsegError(f"{place}: has {len(fields)} fields, the header {len(names)}")
                fields += [""] * (len(names) - len(fields))
                texts = (field.replace("\0", "").strip() for field in fields)
                yield place, dict(zip(names, texts, strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CamsegError(f"{path}: cannot be read as a CSV or TSV: {error}") from error
