"""A ceiling of heat maps: what another outline of the same lesion scores, where there is one."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from camseg.io.checked import Columns, Number, read_table
from camseg.report import statistics

NAME = "another outline"  # of its row
EXACT = 255 / 256  # mean-Dice of a map that is the mask; of another binary one, so much of its Dice
COLUMNS: Columns = {"roi_id": None, "patient_id": None, "case_id": None}
COLUMNS |= {"reader_dice": Number(0, 1, blank=True)}


def with_ceiling(
    table: pd.DataFrame, candidates: str | Path, validation: Iterable[str]
) -> pd.DataFrame:
    """Return the table of heat maps with a last row NAME, or the table itself.

    The row is of those of the `validation` ROIs whose lesion has several outlines, if there are
    any. Its Dice is the mean over them of the outlines' Dice with each other, in units of the
    mean-Dice: as a map, an outline is binary, and black at the last of 256 thresholds. For this
    row alone there are the columns n, the number of ROIs, and Dice_low and Dice_high, the 95 %
    interval over patients (images, where patients are unknown). `candidates` is the table of
    merge_candidates.py; CamsegError if it makes no sense.
    """
    rows = read_table(candidates, COLUMNS, ["roi_id"])
    rows = rows[rows["roi_id"].isin(set(validation)) & rows["reader_dice"].notna()]
    if rows.empty:
        return table
    patients = rows["patient_id"].where(rows["patient_id"] != "", rows["case_id"])
    mean = statistics.over_patients(EXACT * rows["reader_dice"].to_numpy(), patients.to_numpy())
    low, high = mean.interval(0, EXACT)
    row = {"Classifier": NAME, "Dice": mean.value, "n": len(rows)}
    row |= {"Dice_low": low, "Dice_high": high}
    whole = {"degenerate": "Int64", "n": "Int64"}
    return pd.concat([table, pd.DataFrame([row])], ignore_index=True).astype(whole)
