"""A study as its report tells of it, and the words for numbers, counts and sides."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

from camseg.io.checked import UNKNOWN_PATIENT

FILL_IN = "not known to the workflow: fill in"


@dataclass(frozen=True)
class Study:
    """What a study is made of, and what came of it, as its files hold it.

    `configuration` has all keys, its `models` are entries with all theirs; `source` is the data
    source's name in print. `index` and `candidates` have a row per view and candidate ROI; each of
    `splits`, one a run, has the used ones with their `side`. `trainings` are as of
    `results.read_trainings`, `intervals` is table2_intervals, `classes` is accuracy_by_class,
    `versions` are those of packages by name.
    """

    configuration: Mapping
    source: str
    index: pd.DataFrame
    candidates: pd.DataFrame
    splits: list[pd.DataFrame]
    trainings: pd.DataFrame
    intervals: pd.DataFrame
    classes: pd.DataFrame
    versions: Mapping[str, str]

    @property
    def synthetic(self) -> bool:
        """Whether the cases are phantoms."""
        return self.configuration["dataset"]["source"] == "phantom"

    @property
    def whole(self) -> bool:
        """Whether the data are regions already cut."""
        return self.configuration["dataset"]["source"] == "rois"

    @property
    def persons(self) -> str:
        """What the ROIs' `patient_id` counts: patients, or images in the place of unknown ones."""
        unknown = self.used["patient_id"].str.startswith(UNKNOWN_PATIENT)
        if unknown.all():
            return "images of unknown patients"
        return "patients, and images of unknown ones" if unknown.any() else "patients"

    @property
    def tested(self) -> bool:
        """Whether the ROIs that are scored have chosen nothing."""
        return any("selection" in set(split["side"]) for split in self.splits)

    @property
    def used(self) -> pd.DataFrame:
        """The candidate ROIs that are used."""
        return self.candidates[self.candidates["status"] == "used"]


def side_name(side: str, study: Study) -> str:
    """Return a side's name in print."""
    if side == "validation" and study.tested:
        return "test (validation)"
    return "training" if side == "train" else side


def number(n: int, noun: str) -> str:
    return f"{n} {noun}{'' if n == 1 else 's'}"


def span(values: Iterable[float], digits: int | None = None) -> str:
    """Return the least and the greatest of numbers, one of them if they are the same."""
    known = [value for value in values if not pd.isna(value)]
    if not known:
        return "not known"
    told = [
        f"{end:g}" if digits is None else f"{end:.{digits}f}" for end in (min(known), max(known))
    ]
    return " to ".join(dict.fromkeys(told))


def counts(texts: pd.Series) -> str:
    """Return how often each text occurs, most first; the empty one is "not stated"."""
    counts = texts.replace("", "not stated").value_counts()
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return ", ".join(f"{name} ({count})" for name, count in ordered) or "none"
