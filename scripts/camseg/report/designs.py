"""What a study's runs allow to say of a mean: by one training, by several seeds, or by folds."""

from math import sqrt

import pandas as pd

from camseg.report import statistics
from camseg.report.statistics import Estimate
from camseg.rois.runs import split_of
from camseg.rois.split import FOLDS

CROSSED, OVER_FOLDS = "t, patients and seeds", "t over folds"
OVER_FOLDS_OR_PATIENTS = "t over folds or patients"


def over_runs(values: pd.DataFrame) -> tuple[Estimate, str] | None:
    """Return the estimate of a mean over validation ROIs, and the method; None of a single run.

    `values` has a row per run and ROI: `split` (the run's name), `roi_id`, `patient_id`, `value`.
    Runs of one split, with several seeds: patients and seeds are crossed. Of several splits: over
    the folds' means, each over its seeds; where these are of several shuffles, or over patients,
    whichever is less certain: further shuffles are further trainings, but no further patients.
    Values are right or wrong, or differences of such: runs that agree are known to half a ROI.
    """
    if len(set(values["split"])) == 1:
        return None
    fold = values["split"].map(split_of)
    if len(set(fold)) == 1:
        table = values.pivot_table("value", ["roi_id", "patient_id"], "split")
        patients = table.index.get_level_values("patient_id").to_numpy()
        estimate = statistics.crossed(table.to_numpy(), patients)
        least = 1 / (2 * len(table) * sqrt(table.shape[1]))  # as of folds that agree
        return estimate._replace(error=max(estimate.error, least)), CROSSED
    runs = values.groupby(["split", fold.rename("fold")])["value"].agg(["mean", "size"])
    by_fold = runs["mean"].groupby("fold").mean()
    estimate = statistics.over_folds(by_fold.to_numpy(), runs["size"].mean())
    if len(by_fold) <= FOLDS:
        return estimate, OVER_FOLDS
    by_roi = values.groupby("roi_id").agg({"value": "mean", "patient_id": "first"})
    other = statistics.over_patients(by_roi["value"].to_numpy(), by_roi["patient_id"].to_numpy())
    wider = max(estimate, other, key=lambda each: each.half)
    return wider._replace(value=estimate.value), OVER_FOLDS_OR_PATIENTS
