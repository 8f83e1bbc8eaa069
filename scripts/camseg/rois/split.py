"""Which ROIs are for training, for selection and for validation."""

from pathlib import Path

import numpy as np
import pandas as pd

from camseg.errors import CamsegError
from camseg.io.checked import REMEDY, SIDES, UNKNOWN_PATIENT, USED, read_table
from camseg.io.files import whole_file
from camseg.io.store import Rois
from camseg.seeds import derive_seed, generator

FOLDS = 5  # 80 % / 20 %, as in the paper
# validation ROIs of a class below which one of them moves its share of right calls by more than 0.1
FEW = 10


def draw_rois(roi_ids: np.ndarray, labels: np.ndarray, cap: int | None, seed: int) -> np.ndarray:
    """Return (n,) bool: `cap` abnormal ROIs drawn with the seed, and the normal ROIs that follow.

    A normal ROI follows the abnormal one it was cut for (`<pair>.normal`, `<pair>.abnormal`); of
    regions already cut, none does, and all stay. All ROIs are kept if there are no more than `cap`,
    or `cap` is None.
    """
    abnormal = np.sort(roi_ids[labels == 1].astype(str))
    if cap is None or len(abnormal) <= cap:
        return np.ones(len(roi_ids), dtype=bool)
    drawn = generator(seed, "draw_rois").choice(abnormal, cap, replace=False)
    left_out = {roi_id.removesuffix(".abnormal") for roi_id in set(abnormal) - set(drawn)}
    return np.array([roi_id.rpartition(".")[0] not in left_out for roi_id in roi_ids])


def together(patient_ids: np.ndarray, roi_ids: np.ndarray) -> np.ndarray:
    """Return which ROIs have to stand on one side of a split: (n,), a patient's name of each group.

    A patient's ROIs do, and with a lesion its normal ROI, though that be another patient's: both
    lie at one place, so that what training ROIs say of places would be wrong were they parted.
    """
    group = {patient: patient for patient in patient_ids}

    def first(patient: str) -> str:
        while group[patient] != patient:
            patient = group[patient]
        return patient

    pairs: dict[str, str] = {}
    for patient, roi_id in zip(patient_ids, roi_ids, strict=True):
        one, other = first(patient), first(pairs.setdefault(roi_id.rpartition(".")[0], patient))
        group[max(one, other)] = min(one, other)
    return np.array([first(patient) for patient in patient_ids], object)


def split_rois(
    patient_ids: np.ndarray,
    labels: np.ndarray,
    *,
    split: int,
    by: str,
    seed: int,
    test: bool = False,
) -> np.ndarray:
    """Return each ROI's side, (n,) str, "train" or "validation", 80 % to 20 %.

    `by` "patient", or "image", keeps all ROIs with one of `patient_ids` on one side and both
    classes in proportion; "roi" splits the ROIs class by class without regard to patients. Split k
    validates fold k mod 5 of the shuffle with seed k div 5. With `test` the next fold of the same
    shuffle is the side "selection", 60 % to 20 % to 20 %: the side "validation" is the same, and
    chooses nothing.
    Raises CamsegError where there are too few patients or ROIs for it.
    """
    # most of a second, which programs that only read a split do not wait for
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    shuffle, fold = divmod(split, FOLDS)
    options = {"shuffle": True, "random_state": derive_seed(seed, "split", shuffle) % 2**32}
    n_patients, counts = len(set(patient_ids)), np.bincount(labels, minlength=2)
    if counts.min() < FOLDS or (by != "roi" and n_patients < FOLDS):
        raise CamsegError(
            f"{counts[1]} abnormal and {counts[0]} normal usable ROIs of {n_patients} patients "
            f"are too few to split into {FOLDS} folds: at least {FOLDS} of each are needed"
        )
    if by != "roi":
        parts = StratifiedGroupKFold(FOLDS, **options).split(labels, labels, patient_ids)
    else:
        parts = StratifiedKFold(FOLDS, **options).split(labels, labels)
    folds = [part for _, part in parts]
    sides = np.full(len(labels), "train", dtype=object)
    sides[folds[fold]] = "validation"
    if test:
        sides[folds[(fold + 1) % FOLDS]] = "selection"
    if by != "roi":
        of_patients = pd.Series(sides).groupby(patient_ids).nunique()
        assert of_patients.max() == 1, f"on two sides of the split: {of_patients.idxmax()}"
    for side in USED if test else ("train", "validation"):
        if len(set(labels[sides == side])) < 2:
            raise CamsegError(
                f"split {split} leaves only one class for {side}: there are too few ROIs"
            )
    return sides


def few_in_validation(labels: np.ndarray, sides: np.ndarray) -> list[str]:
    """Return a line on each class with fewer than FEW validation ROIs: what it means, what helps.

    `labels` (n,) are 1 for abnormal and 0 for normal ROIs, `sides` (n,) as of `split_rois`.
    """
    validated = labels[sides == "validation"]
    counts = np.bincount(validated, minlength=2)
    majority = counts.max() / len(validated)
    return [
        f"only {n} of {len(validated)} validation ROIs {'is' if n == 1 else 'are'} {name} (fewer "
        f"than {FEW}): one call changes the accuracy on {name} ROIs by {1 / n:.2f}, and calling "
        f"all ROIs by the larger class is {majority:.3f} right; what helps: more {name} ROIs "
        f"(rois/candidates.tsv says which were left out, and why), or splits: {FOLDS}, which "
        "validates every ROI once"
        for name, n in zip(("normal", "abnormal"), counts, strict=True)
        if n < FEW
    ]


def split_table(
    rois: Rois, *, split: int, by: str, max_abnormal: int | None, test: bool, seed: int
) -> pd.DataFrame:
    """Return the table of a split: roi_id, patient_id and side of every ROI, as texts.

    A ROI that is not drawn (`max_abnormal`, see `draw_rois`) is "unused"; the rest are divided by
    `split_rois`; by patient or image, what belongs `together` stays so. Raises CamsegError if it is
    to be by patients that are unknown, or by images where patients are known.
    """
    unknown = sum(patient.startswith(UNKNOWN_PATIENT) for patient in rois.patient_id)
    if unknown and by == "patient":
        raise CamsegError(
            f"config: split.by: the patients of {unknown} of {len(rois)} ROIs are unknown: set "
            "split: by: image, and say so where you report"
        )
    if unknown < len(rois) and by == "image":
        raise CamsegError(
            f"config: split.by: the patients of {len(rois) - unknown} of {len(rois)} ROIs are "
            "known: set split: by: patient, so that no patient stands on two sides"
        )
    drawn = draw_rois(rois.roi_id, rois.label, max_abnormal, seed)
    groups = together(rois.patient_id, rois.roi_id) if by != "roi" else rois.patient_id
    table = pd.DataFrame(
        {"roi_id": rois.roi_id, "patient_id": rois.patient_id, "side": "unused"}, dtype=object
    )
    table.loc[drawn, "side"] = split_rois(
        groups[drawn], rois.label[drawn], split=split, by=by, seed=seed, test=test
    )
    return table


def write_split(path: str | Path, table: pd.DataFrame) -> None:
    """Write a split's table: columns roi_id, patient_id, side, one row per ROI."""
    with whole_file(path) as temporary:
        table[["roi_id", "patient_id", "side"]].to_csv(temporary, sep="\t", index=False)


def read_split(path: str | Path, roi_ids: np.ndarray) -> np.ndarray:
    """Return the side of each of `roi_ids` from a split's table, (n,) str.

    Raises CamsegError if the table is not whole, or not of these ROIs.
    """
    columns = {"roi_id": None, "patient_id": None, "side": SIDES}
    sides = read_table(path, columns, ["roi_id"]).set_index("roi_id")["side"]
    if odd := sorted(set(roi_ids) ^ set(sides.index)):
        fault = "missing" if odd[0] in set(roi_ids) else "not in the shards"
        raise CamsegError(f"{path}: ROI {odd[0]} is {fault}; {REMEDY}")
    return sides.loc[list(roi_ids)].to_numpy(dtype=object)
