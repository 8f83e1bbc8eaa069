"""Two results trees beside each other: which cells of their tables differ, and whether by much."""

import csv
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from camseg.errors import CamsegError
from camseg.report import manifest

DIGITS = 6  # that tables are written with
FOLDERS = ("tables", "own_maps")  # of tables
# the standard deviation of one training's number between two kinds of processor, the largest of
# three pairs of the default study (README), and the tables that hold these numbers
SPREAD = {"val_acc": 0.04, "Dice": 0.03, "CAM_val_acc": 0.05, "mask_val_acc": 0.02}
SPREAD_TABLES = ("tables/table1.csv", "tables/table2.csv", "tables/table2_extended.csv")
FACTOR = 1.96 * math.sqrt(2)  # 5 of 100 pairs of such numbers are further apart, in deviations
SHOWN = 20  # cells that are named

Row = dict[str, str]


@dataclass(frozen=True)
class Difference:
    """A cell that differs: where it is, both its texts, and the known spread's limit, or None."""

    table: str
    row: str
    column: str
    one: str
    other: str
    limit: float | None

    @property
    def beyond(self) -> bool:
        """Whether the spread is known and its limit exceeded; one number alone exceeds it."""
        return self.limit is not None and not _distance(self.one, self.other) <= self.limit

    def __str__(self) -> str:
        place = f"{self.table}: {self.row}: {self.column}: {self.one!r}, {self.other!r}"
        if self.limit is None:
            return place
        return f"{place}, {'beyond' if self.beyond else 'within'} {self.limit:.2f}"


@dataclass(frozen=True)
class Comparison:
    """What two results trees share: tables, cells; which cells differ, and what only one has."""

    tables: int
    cells: int
    differences: list[Difference]
    lacking: list[str]

    @property
    def same(self) -> bool:
        """Whether nothing differs by more than rounding."""
        return not self.differences and not self.lacking


def compare(one: Path, other: Path) -> Comparison:
    """Return how the tables, CSV, of two results trees differ.

    Rows are matched by what they are of, in whatever order they stand; numbers are the same within
    one unit of the DIGITS-th digit. Raises CamsegError if a tree has no table, or one is broken.
    """
    ours, theirs = _tables(one), _tables(other)
    lacking = [f"{name}: the table" for name in sorted(ours.keys() ^ theirs.keys())]
    common = sorted(ours.keys() & theirs.keys())
    differences: list[Difference] = []
    cells = 0
    for name in common:
        first, second = _matched(_read(ours[name]), _read(theirs[name]))
        lacking += [f"{name}: the row {' '.join(key)}" for key in first.keys() ^ second.keys()]
        for key in [key for key in first if key in second]:
            a, b = first[key], second[key]
            lacking += [f"{name}: {' '.join(key)}: {column}" for column in a.keys() ^ b.keys()]
            shared = [column for column in a if column in b]
            cells += len(shared)
            differences += [
                Difference(name, " ".join(key), column, a[column], b[column], _limit(name, column))
                for column in shared
                if not _same(a[column], b[column])
            ]
    return Comparison(len(common), cells, differences, sorted(lacking))


def _tables(folder: Path) -> dict[str, Path]:
    found = [path for place in FOLDERS for path in sorted((folder / place).glob("*.csv"))]
    if not found:
        raise CamsegError(f"{folder}: has no tables to compare: no CSV in {' or '.join(FOLDERS)}")
    return {path.relative_to(folder).as_posix(): path for path in found}


def _read(path: Path) -> list[Row]:
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file, strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise CamsegError(f"{path}: is no table: {error}") from error
    if any(None in row or None in row.values() for row in rows):
        raise CamsegError(f"{path}: has a row that is longer or shorter than its header")
    return rows


def _matched(one: list[Row], other: list[Row]) -> tuple[dict[tuple, Row], dict[tuple, Row]]:
    """Return the rows of two tables by what they are of.

    That is the texts in the first columns, as many as tell all rows apart; then the numbers of
    columns that hold the same in both; and of rows still alike, which of them it is.
    """
    texts, numbers = [], []
    for column in one[0] if one else []:
        ours, theirs = ([row.get(column, "") for row in rows] for rows in (one, other))
        if any(math.isnan(_number(cell)) and cell for cell in [*ours, *theirs]):
            texts.append(column)
        elif Counter(ours) == Counter(theirs):
            numbers.append(column)
    columns: list[str] = []
    for column in [*texts, *numbers]:
        if all(len({_key(row, columns) for row in rows}) == len(rows) for rows in (one, other)):
            break
        columns.append(column)
    return _by_key(one, columns), _by_key(other, columns)


def _by_key(rows: list[Row], columns: list[str]) -> dict[tuple, Row]:
    seen: Counter[tuple] = Counter()
    found = {}
    for row in rows:
        key = _key(row, columns)
        seen[key] += 1
        found[(*key, *([f"({seen[key]})"] if seen[key] > 1 or not key else []))] = row
    return found


def _key(row: Row, columns: list[str]) -> tuple[str, ...]:
    return tuple(row.get(column, "") for column in columns)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _distance(one: str, other: str) -> float:
    return abs(_number(one) - _number(other))


def _same(one: str, other: str) -> bool:
    """Return whether two cells are the same but for rounding."""
    largest = max(abs(_number(one)), abs(_number(other)))
    if one == other or not 0 < largest < math.inf:
        return one == other or largest == 0
    unit = 10.0 ** (math.floor(math.log10(largest)) - DIGITS + 1)
    return _distance(one, other) <= 1.001 * unit


def _limit(table: str, column: str) -> float | None:
    return FACTOR * SPREAD[column] if table in SPREAD_TABLES and column in SPREAD else None


def summary(one: Path, other: Path, found: Comparison) -> Iterator[str]:
    """Yield what there is to say of two results trees, in lines that can be pasted."""
    records = []
    for letter, folder in (("A", one), ("B", other)):
        if (folder / manifest.NAME).is_file():
            records.append(manifest.read(folder))
            yield f"{letter} {folder}: {manifest.told(records[-1])}"
        else:
            yield f"{letter} {folder}: has no record"
    if len(records) == 2:
        yield from _beside(*records)
    beyond = [each for each in found.differences if each.beyond]
    unknown = [each for each in found.differences if each.limit is None]
    yield (
        f"{found.tables} tables, {found.cells} cells in both: {len(found.differences)} differ by "
        f"more than rounding, {len(found.lacking)} things are in one alone"
    )
    if found.differences:
        known = len(found.differences) - len(unknown)
        yield (
            f"of {known} cells with a known spread between kinds of processor {len(beyond)} are "
            f"beyond it; of {len(unknown)} none is known"
        )
    told = [*map(str, sorted(found.differences, key=_by_weight)), *found.lacking]
    yield from (f"  {each}" for each in told[:SHOWN])
    if len(told) > SHOWN:
        yield f"  {len(told) - SHOWN} more"


def _by_weight(each: Difference) -> tuple[bool, bool]:
    """Order: what is beyond a limit, what has one, the rest."""
    return (not each.beyond, each.limit is None)


def _beside(one: dict, other: dict) -> Iterator[str]:
    """Yield in what two records agree, or which keys of the configuration differ."""
    flat = [dict(_flat(each["configuration"]["values"])) for each in (one, other)]
    keys = sorted(key for key in flat[0].keys() | flat[1].keys() if _differ(key, *flat))
    yield f"configuration: {'differs in ' + ', '.join(keys) if keys else 'the same'}"
    for what, folder in (("cases indexed", "index.tsv"), ("splits", "splits/")):
        files = [
            {name: each for name, each in found["outputs"].items() if name.startswith(folder)}
            for found in (one, other)
        ]
        yield f"{what}: {'the same' if files[0] == files[1] else 'differ'}"
    digests = {each["machine"]["rounding"]["sha256"] for each in (one, other)}
    yield f"rounding of the machines: {'the same' if len(digests) == 1 else 'differs'}"
    processors = sorted({manifest.processor(found) for found in (one, other)})
    known = one["machine"]["processor"].get("family")
    alike = "the same" if known else "of one name, which may be of two families"
    yield f"processors: {alike if len(processors) == 1 else ' and '.join(processors)}"


def _differ(key: str, one: dict, other: dict) -> bool:
    return key not in one or key not in other or one[key] != other[key]


def _flat(values: dict, above: str = "") -> Iterator[tuple[str, object]]:
    """Yield the keys of a configuration with their sections, as training.epochs, and values."""
    for key, value in values.items():
        if isinstance(value, dict) and value:
            yield from _flat(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value
