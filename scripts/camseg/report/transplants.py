"""What transplants say: how much of a classifier's margin hangs on each region, and a reading.

S_r = mean[m(x) - m(x_r)] / mean[m(x) - m(x_normal)]: the share of what tells abnormal ROIs x from
their normal ones that is gone once region r is healthy tissue. 1 for the whole ROI, by definition.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from camseg.errors import CamsegError
from camseg.io.checked import REMEDY, Columns, Number, read_table
from camseg.report import statistics

REGIONS = (
    *("outline", "complement", "CAM top", "CAM bottom", "untrained top", "noise top"),
    "blackened outline",
)
SIDES = ("validation", "train")  # of the split
# what a reading compares
CONTRASTS = (
    *(("outline", "noise top"), ("outline", "complement"), ("complement", "outline")),
    *(("complement", "noise top"), ("CAM top", "untrained top"), ("CAM top", "CAM bottom")),
    ("CAM top", "noise top"),
)
LOCAL = 0.5  # from which locality on a map's cells count as places; provisional
SMALL = 0.1  # below which a share is about 0: a region's soft edge brings in some of what is beside
COLUMNS: Columns = {"roi_id": None, "patient_id": None, "side": SIDES, "region": REGIONS}
COLUMNS |= {"draw": re.compile(r"\d+"), "margin": Number(), "normal": Number()}
COLUMNS |= {"changed": Number(blank=True)}


class Share(NamedTuple):
    """A share S of the margin, or the difference of two, and its 95 % interval; NaN if none."""

    value: float
    low: float
    high: float


NONE = Share(np.nan, np.nan, np.nan)


@dataclass(frozen=True)
class Evidence:
    """The `shares` of a classifier by the ROIs of one side of the split, and how many these are."""

    shares: Mapping[str, Share]
    n: int


def evidence(splits: Sequence[pd.DataFrame], side: str, rng: np.random.Generator) -> Evidence:
    """Return the shares of a classifier by the ROIs of a `side`; `splits` as for `drops`."""
    dropped = drops(splits, side)
    return Evidence(shares(dropped, rng), dropped["roi_id"].nunique())


def read_transplants(path: str | Path) -> pd.DataFrame:
    """Return the margins that `transplant.measure` has found, with ids and sides of the ROIs.

    Raises CamsegError if the file is not whole or some ROI lacks a region.
    """
    table = read_table(path, COLUMNS, ["roi_id", "region", "draw"])
    counts = table.groupby(["region", "draw"]).size()
    if set(table["region"]) != set(REGIONS) or (counts != counts.iloc[0]).any():
        raise CamsegError(f"{path}: some ROI lacks a region; {REMEDY}")
    return table


def drops(splits: Sequence[pd.DataFrame], side: str) -> pd.DataFrame:
    """Return what each region takes off the margin: a row per ROI of a `side`, and split.

    `splits` has the rows of `read_transplants` by split. Columns: `patient_id`, `split`, `normal`
    (m(x) - m(x_normal)) and the REGIONS (m(x) - m(x_r), the mean over draws; NaN as there).
    """
    parts = []
    for split, table in enumerate(splits):
        rows = table[table["side"] == side]
        keys = ["roi_id", "patient_id"]
        taken = rows.assign(drop=rows["margin"] - rows["changed"])
        part = taken.groupby([*keys, "region"])["drop"].mean().unstack()  # noqa: PD010
        first = rows.groupby(keys)[["margin", "normal"]].first()
        part["normal"] = first["margin"] - first["normal"]
        parts.append(part.reindex(columns=["normal", *REGIONS]).assign(split=str(split)))
    return pd.concat(parts).reset_index()


def shares(dropped: pd.DataFrame, rng: np.random.Generator) -> dict[str, Share]:
    """Return S of every region, by its name, and differences of two of them, as "outline - ...".

    `dropped` has the rows of `drops`. A ROI without a value of some region counts for none of its
    shares. "all" is mean[m(x) - m(x_normal)] in logits; where its interval is not above 0, all
    else is NaN: what is divided by could be nothing. All NaN without a ROI.
    """
    patients, splits = (dropped[name].to_numpy() for name in ("patient_id", "split"))
    whole = dropped["normal"].to_numpy(float)

    def share(values: np.ndarray, of: np.ndarray) -> Share:
        held = np.isfinite(values)
        if not held.any():
            return NONE
        ends = statistics.ratio(values[held], of[held], patients[held], splits[held], rng)
        return Share(float(values[held].sum() / of[held].sum()), *ends)

    found = {"all": share(whole, np.ones(len(whole)))}
    wanted = {region: dropped[region] for region in REGIONS}
    wanted |= {f"{one} - {other}": dropped[one] - dropped[other] for one, other in CONTRASTS}
    for name, column in wanted.items():
        told_apart = found["all"].low > 0
        found[name] = share(column.to_numpy(float), whole) if told_apart else NONE
    return found


def reading(found: Mapping[str, Share], locality: float) -> tuple[str, str]:
    """Return what the shares of a classifier show: of what it depends on, and of its map.

    `found` are those of `shares`, `locality` the smaller slope of its cells (`audits.slopes`). A
    share or difference is shown to be above 0 if its interval is.
    """

    def shown(name: str) -> bool:
        return found[name].low > 0

    if not shown("all"):
        nothing = "No conclusion: the margin is not shown to differ between these ROIs and their "
        return nothing + "normal ones.", "No conclusion."
    outline = shown("outline") and found["outline"].value >= SMALL
    lesion = shown("outline") and shown("outline - noise top")
    around = shown("complement") and shown("complement - noise top")
    if lesion and shown("outline - complement"):
        depends = "Depends on the lesion."
    elif lesion and around:
        depends = "Depends on both, the lesion and what is around it."
    elif around and shown("complement - outline") and not outline:
        depends = "Shortcut: depends on what is around the lesion, not shown to on the lesion."
    else:
        depends = "No conclusion: neither the lesion nor what is around it is shown to count for "
        depends += "more than the other, and than a random region."
    places = f"locality {locality:z.2f}"
    lesser = ("untrained top", "noise top", "CAM bottom")
    if not all(shown(f"CAM top - {other}") for other in lesser):
        shows = "Not shown that the map shows where: what it marks is not shown to count for more "
        shows += "than an untrained network's map, a random region, and what it leaves dark."
    elif not locality >= LOCAL:
        shows = "Not shown that the map shows where: what it marks counts, but its cells do not "
        shows += f"look where they are drawn ({places})."
    else:
        shows = f"The map shows where ({places})."
    return depends, shows


def transplant(found: Mapping[str, Mapping[str, Evidence]]) -> pd.DataFrame:
    """Return the table of shares: a row per model and region; `found` is by model and side."""
    rows = []
    for model, sides in found.items():
        validation, training = (sides[side] for side in SIDES)
        for region in REGIONS:
            s = validation.shares[region]
            row = (model, region, *s, validation.n, training.shares[region].value, training.n)
            rows.append(row)
    columns = ["Classifier", "region", "S", "low", "high", "n", "S_training", "n_training"]
    return pd.DataFrame(rows, columns=columns)


def readings(
    found: Mapping[str, Mapping[str, Evidence]], locality: Mapping[str, float]
) -> pd.DataFrame:
    """Return what the shares show, by validation ROIs: a row per model.

    `margin` and its interval are mean[m(x) - m(x_normal)], in logits; `locality` is the argument,
    by model: the smaller slope of the cells.
    """
    rows = []
    for model, sides in found.items():
        evidence = sides["validation"]
        words = reading(evidence.shares, locality[model])
        rows.append((model, *words, *evidence.shares["all"], evidence.n, locality[model]))
    columns = ["Classifier", "depends_on", "map", "margin", "low", "high", "n", "locality"]
    return pd.DataFrame(rows, columns=columns)
