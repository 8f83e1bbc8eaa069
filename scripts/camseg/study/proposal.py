"""The configuration that a study may start from: the keys that differ, each with its reason."""

from collections import Counter
from collections.abc import Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

import camseg
from camseg.datasets.views import OPPOSITE, Row, patient_or_image, side_of
from camseg.errors import CamsegError
from camseg.io.files import whole_file
from camseg.study.config import check_schema, check_study
from camseg.study.sample import Grey

CONFIG, SCHEMA = Path("config/config.yaml"), Path("workflow/schemas/config.schema.yaml")
TURNED = 0.9  # the share of pictures with the breast on one side, of which all are stored turned
FEW = 20  # validation ROIs of a class on one split, under which several splits are worth it


@dataclass(frozen=True)
class Change:
    """A key that differs from the default study's, "rois.normal" or "splits": value and reason."""

    key: str
    value: Any
    why: str = ""

    def __str__(self) -> str:
        why = f" ({self.why})" if self.why else ""
        return f"{self.key.replace('.', ': ')}: {self.value}{why}"


def workflow() -> Path:
    """Return the folder of the clone: that of this code or, where it was installed, this one.

    Raises CamsegError if neither is one.
    """
    for folder in (Path(camseg.__file__).resolve().parents[2], Path.cwd()):
        if (folder / CONFIG).is_file() and (folder / SCHEMA).is_file():
            return folder
    raise CamsegError(
        f"{Path.cwd()}: has no {CONFIG}: run camseg describe in the folder of a clone"
    )


def defaults(root: Path) -> dict:
    """Return the default study's configuration, of the clone at `root`."""
    return yaml.safe_load((root / CONFIG).read_text(encoding="utf-8"))


def of_index(rows: Sequence[Row], *, whole: bool) -> list[Change]:
    """Return what an index alone tells: where normal ROIs may come from, what the split is by.

    `whole` says that the pictures are regions already cut, and that nothing is cut from them.
    """
    changes = []
    if not whole:
        normal = _normal(rows)
        if normal.value != "contralateral":
            changes.append(normal)
    if not any(row["patient_id"] for row in rows):
        changes.append(Change("split.by", "image", "patients are not known"))
    return changes


def _normal(rows: Sequence[Row]) -> Change:
    usable = {(row["case_id"], str(row["ics"]), row["view"]): row for row in _usable(rows)}
    ill = {patient_or_image(row) for row in rows if row["abnormalities"]}
    healthy = (row for row in usable.values() if patient_or_image(row) not in ill)
    normal = Counter(row["view"] for row in healthy)
    lesions = opposite = elsewhere = 0
    for (case, ics, view), row in usable.items():
        side, count = side_of(view), row["abnormalities"]
        lesions += count
        if side and (case, ics, OPPOSITE[side] + view.removeprefix(side)) in usable:
            opposite += count
        elsewhere += count if normal[view] else 0
    if 2 * opposite >= lesions:
        return Change("rois.normal", "contralateral")
    why = f"{opposite} of {lesions} lesions have a usable picture of the other side"
    if 2 * elsewhere >= lesions:
        pictures = f"{sum(normal.values())} pictures are of patients without a lesion"
        return Change("rois.normal", "other_images", f"{why}, {pictures}")
    return Change("rois.normal", "same_image", why)


def _usable(rows: Iterable[Row]) -> list[Row]:
    return [row for row in rows if row["status"] == "usable"]


def chest_wall(candidates: pd.DataFrame) -> list[Change]:
    """Return the key of pictures stored turned, if the breasts found in a sample say so.

    `candidates` is the table of `extraction.to_table`, cut with `chest_wall: by_side`.
    """
    views = candidates[candidates["breast_side"] != ""].drop_duplicates(["case_id", "view"])
    sides = views["view"].map(side_of).str.lower()
    found = views["breast_side"]
    other = int((found != sides).sum())
    if 10 * other < len(views) or not other:
        return []
    why = f"in {other} of {len(views)} pictures the breast lies at the other edge"
    for side in ("left", "right"):
        if (found == side).mean() >= TURNED and len(set(sides)) > 1:
            return [Change("rois.chest_wall", side, f"{why}: stored turned to one side")]
    return [Change("rois.chest_wall", "found", why)]


def splits(candidates: pd.DataFrame, share: float) -> list[Change]:
    """Return the key of several splits, if one validates few ROIs; `share` was cut of all cases."""
    used = candidates[candidates["status"] == "used"]
    counts = [int((used["label"] == label).sum()) for label in ("abnormal", "normal")]
    validated = round(min(counts) / share / 5)
    if validated >= FEW:
        return []
    why = f"one would validate about {validated} ROIs of a class; 5 times the trainings"
    return [Change("splits", 5, why)]


def grey(greys: Sequence[Grey]) -> list[Change]:
    """Return the key of a robust grey range, if few pixels stretch that of pictures of a sample."""
    stretched = sum(each.stretched for each in greys)
    if not stretched:
        return []
    why = f"few pixels hold most of the range of {stretched} of {len(greys)} pictures"
    return [Change("rois.grey", "robust", why)]


def merged(config: dict, changes: Iterable[Change]) -> dict:
    """Return a configuration with the changes made."""
    config = deepcopy(config)
    for change in changes:
        section, _, key = change.key.rpartition(".")
        (config[section] if section else config)[key] = change.value
    return config


def check(config: dict, root: Path) -> None:
    """Raise CamsegError if a configuration is not one that a study of the clone would run with."""
    check_schema(config, root / SCHEMA)
    check_study(config)


def write(path: Path, changes: Sequence[Change], heading: Sequence[str]) -> None:
    """Write the changes as a YAML file for --configfile, each with its reason, below a heading."""
    lines = [f"# {text}" for text in heading]
    open_section = ""
    for change in changes:
        section, _, key = change.key.rpartition(".")
        if section and section != open_section:
            lines.append(f"{section}:")
        open_section = section
        written = yaml.safe_dump({key: change.value}, width=10**6, allow_unicode=True).strip()
        why = f"    # {change.why}" if change.why else ""
        lines.append(f"{'  ' if section else ''}{written}{why}")
    with whole_file(path) as temporary:
        temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")
