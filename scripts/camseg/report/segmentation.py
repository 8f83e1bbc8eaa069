"""Methods of segmentation beside each other: what they score, and how many outlines they are worth.

All numbers are of validation ROIs, whose outlines no training has seen.
"""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.optimize import isotonic_regression

from camseg.errors import CamsegError
from camseg.io.checked import LABELS, REMEDY, SIDES, Columns, Number, read_table
from camseg.report import designs, runtime, statistics
from camseg.report.heat_maps import GAIN, SHARE
from camseg.segmentation.registry import CAM, METHODS, parts

MEAN_MASK, FEW = "mean training mask", "5 outlines"  # the floors that are made of outlines
OVER_PATIENTS = "t over patients"
COLUMNS: Columns = {
    "roi_id": None,
    "patient_id": None,
    "label": LABELS,
    "side": SIDES,
    "threshold": Number(0, 255),
    "dice": SHARE,
    "dice_at_threshold": SHARE,
    "placement_gain": GAIN,
    "placement_range": SHARE,
    "average_precision": SHARE,
    "nsd": SHARE,
}
OF_SEGMENTERS: Columns = {"outlines": Number(0, whole=True), "false_positive_share": SHARE}
# columns of the table that are means of a score
MEANS = {
    "dice": "Dice",
    "dice_at_threshold": "Dice_at_threshold",
    "average_precision": "average_precision",
    "nsd": "NSD",
}
AT_THRESHOLD = ["low_at_threshold", "high_at_threshold"]
FURTHER = [*AT_THRESHOLD, "interval"]  # for which the table is too wide: they stand in `worth`
DIFFERENCE = ["difference", "difference_low", "difference_high"]
# what a method is held against to tell what it adds
AGAINST = {
    "pseudo_masks": (CAM,),
    "pseudo_masks_again": ("pseudo_masks",),
    **dict.fromkeys(("grab_cut", "crf", "random_walker"), (CAM,)),
    "fused": ("unet", "fused_shuffled"),
}


def read_scores(
    segmenters: Iterable[str], paths: Iterable[str | Path], baselines: Iterable[str | Path]
) -> pd.DataFrame:
    """Return the scores of validation ROIs: a row per segmenter or floor, run and ROI.

    `segmenters` names the segmenter of each path, a TSV of score_segmenter.py; `baselines` has one
    of score_baselines.py per run. Columns: `name`, `floor` (bool), `split` (the run's name), those
    of COLUMNS and of OF_SEGMENTERS: floors have no normal ROIs, their `outlines` are counted here.
    Raises CamsegError if a file is not whole, lacks a Dice or has other abnormal ROIs than the rest
    of its run.
    """
    tables = []
    for name, path in zip(segmenters, paths, strict=True):
        table = read_table(path, COLUMNS | OF_SEGMENTERS, ["roi_id"])
        if len(set(table["outlines"])) != 1:
            raise CamsegError(f"{path}: its ROIs are not all of one number of outlines; {REMEDY}")
        tables.append((path, _of_validation(table, path).assign(name=name, floor=False)))
    for path in baselines:
        table = read_table(path, {"baseline": None} | COLUMNS, ["baseline", "roi_id"])
        for name, rows in table.groupby("baseline", sort=False):
            training = int((rows["side"] == "train").sum())
            outlines = {MEAN_MASK: training, FEW: min(5, training)}.get(str(name), 0)
            of_floor = {"name": name, "floor": True, "outlines": outlines}
            tables.append((path, _of_validation(rows, path).assign(**of_floor)))
    sets = [
        (path, table["split"].iloc[0], frozenset(table["roi_id"][table["label"] == "abnormal"]))
        for path, table in tables
    ]
    counts = Counter((split, rois) for _, split, rois in sets)
    for path, split, rois in sets:
        if counts[split, rois] < max(n for (other, _), n in counts.items() if other == split):
            raise CamsegError(f"{path}: is of other ROIs than the rest; {REMEDY}")
    return pd.concat([table for _, table in tables], ignore_index=True)


def _of_validation(table: pd.DataFrame, path: str | Path) -> pd.DataFrame:
    rows = table[table["side"] == "validation"]
    dice = rows["dice"][rows["label"] == "abnormal"]
    if dice.empty or dice.isna().any():
        raise CamsegError(
            f"{path}: {dice.isna().sum()} of {len(dice)} abnormal validation ROIs have no Dice; "
            f"{REMEDY}"
        )
    return rows.assign(split=Path(path).stem)


def segmentation(scores: pd.DataFrame) -> pd.DataFrame:
    """Return a row per segmenter, by falling Dice, and below them one per floor, likewise.

    `scores` as of `read_scores`. Columns: `method`, `Classifier` ("" without CAMs), `data`, what of
    the training ROIs it learned from, and `outlines`, how many of their outlines (mean over runs,
    rounded); `Dice` and `Dice_at_threshold` with their 95 % intervals; `placement`, mean gain over
    mean range; `average_precision`, `NSD`; `false_positive_share`, of normal ROIs; `difference`,
    Dice minus that of the CAM whose Dice is highest, paired by ROI, with its interval; `n`, the
    abnormal ROIs, and `interval`, the method of the intervals. Means over ROIs, then over runs; NaN
    of what nobody has scored.
    """
    abnormal = scores[scores["label"] == "abnormal"]
    by_name = dict(list(abnormal.groupby("name", sort=False)))
    means = abnormal.groupby(["name", "split"])["dice"].mean().groupby("name").mean()
    cams = [name for name in by_name if parts(name)[0] == CAM]
    best = max(cams, key=lambda name: means[name], default=None)
    normal = scores[scores["label"] == "normal"]
    false = normal.groupby(["name", "split"])["false_positive_share"].mean().groupby("name").mean()
    rows = []
    for name, rois in by_name.items():
        row = named(name, rois) | _scored(rois)
        row["false_positive_share"] = false.get(name, np.nan)
        if best not in (None, name):
            row |= dict(zip(DIFFERENCE, _difference(rois, by_name[best]), strict=True))
        row |= {"n": rois["roi_id"].nunique(), "interval": _interval(rois, rois["dice"])[3]}
        rows.append(row | {"floor": rois["floor"].iloc[0]})
    table = pd.DataFrame(rows)
    for column in DIFFERENCE:
        if column not in table:
            table[column] = np.nan
    order = table.assign(falling=-table["Dice"]).sort_values(["floor", "falling"], kind="stable")
    columns = ["method", "Classifier", "data", "outlines", "Dice", "low", "high"]
    columns += ["Dice_at_threshold", *AT_THRESHOLD, "placement"]
    columns += ["average_precision", "NSD", "false_positive_share", *DIFFERENCE, "n", "interval"]
    return order[columns].reset_index(drop=True)


def named(name: str, rois: pd.DataFrame) -> dict:
    """Return what a segmenter or floor is: method, classifier, what it learned from."""
    outlines = round(rois.groupby("split")["outlines"].first().mean())
    if rois["floor"].iloc[0]:
        data = {MEAN_MASK: "all outlines", FEW: FEW}.get(name, "none")
        return {"method": name, "Classifier": "", "data": data, "outlines": outlines}
    method, detail = parts(name)
    if method == CAM:
        return {"method": "CAM", "Classifier": detail, "data": "labels", "outlines": outlines}
    known = METHODS[method]
    few = f"{outlines} outline{'s' if outlines != 1 else ''}"
    data = few if known.data == "few outlines" else known.data
    classifier = detail if known.cams else ""
    return {"method": known.title, "Classifier": classifier, "data": data, "outlines": outlines}


def _scored(rois: pd.DataFrame) -> dict[str, float]:
    """Return the columns of scores of abnormal ROIs, means over ROIs, then over runs."""
    of_runs = rois.groupby("split")[[*MEANS, "placement_gain", "placement_range"]].mean()
    row = of_runs[list(MEANS)].mean().rename(MEANS).to_dict()
    most = of_runs["placement_range"]
    row["placement"] = (of_runs["placement_gain"] / most.where(most > 0)).mean()
    _, row["low"], row["high"], _ = _interval(rois, rois["dice"])
    ends = _interval(rois, rois["dice_at_threshold"])[1:3]
    return row | dict(zip(AT_THRESHOLD, ends, strict=True))


def _interval(
    rois: pd.DataFrame, values: pd.Series, least: float = 0
) -> tuple[float, float, float, str]:
    """Return the mean of `values`, one of each of `rois`, its interval from `least` to 1, and how.

    Of a single run by Student's t, patients as clusters: resampling so few patients as are for
    validation gives too narrow intervals. Of several as `designs.over_runs` says.
    """
    values = rois[["split", "roi_id", "patient_id"]].assign(value=values)
    found = designs.over_runs(values)
    if found is None:
        patients = values["patient_id"].to_numpy()
        found = statistics.over_patients(values["value"].to_numpy(), patients), OVER_PATIENTS
    estimate, method = found
    return (estimate.value, *estimate.interval(least), method)


def _difference(rois: pd.DataFrame, others: pd.DataFrame) -> tuple[float, float, float]:
    """Return the mean Dice of `rois` minus that of `others`, the same ROIs, and its interval."""
    key = ["split", "roi_id"]
    both = rois.merge(others[[*key, "dice"]], on=key, suffixes=("", "_of_others"))
    return _interval(both, both["dice"] - both["dice_of_others"], least=-1)[:3]


def gains(scores: pd.DataFrame) -> pd.DataFrame:
    """Return what each method adds to what it builds on, AGAINST: a row per pair, in their order.

    `scores` as of `read_scores`; columns `method`, `Classifier`, `against`, `difference` of Dice,
    paired by ROI, with its 95 % interval `low`, `high`, `n`, the abnormal ROIs, and `interval`.
    """
    abnormal = scores[(scores["label"] == "abnormal") & ~scores["floor"]]
    by_name = dict(list(abnormal.groupby("name", sort=False)))
    rows = []
    for name, rois in by_name.items():
        method, detail = parts(name)
        for other in AGAINST.get(method, ()):
            of_cams = other == CAM or METHODS[other].cams
            found = by_name.get(f"{other}-{detail}" if of_cams else other)
            if found is not None:
                against = "CAM" if other == CAM else METHODS[other].title
                row = [METHODS[method].title, detail, against, *_difference(rois, found)]
                rows.append([*row, rois["roi_id"].nunique(), _interval(rois, rois["dice"])[3]])
    columns = ["method", "Classifier", "against", "difference", "low", "high", "n", "interval"]
    return pd.DataFrame(rows, columns=columns)


def seconds(folder: Path, jobs: Iterable[str]) -> pd.DataFrame:
    """Return what each segmenter took, a row each, in the order of `jobs`.

    `jobs` names them "STAGE/SEGMENTER/NAME"; those that ran have left NAME.tsv there below
    `folder`. Columns: `segmenter`, `method`, `jobs`; `seconds` (wall) and `cpu_s`, means over jobs:
    of training, or refining, and of making the maps, without what it builds on. Errors as of
    `runtime.read_job`.
    """
    rows = []
    for job in jobs:
        path = folder / f"{job}.tsv"
        if path.exists():
            name = Path(job).parts[1]
            last = runtime.read_job(path).iloc[-1]
            rows.append([name, METHODS[parts(name)[0]].title, last["s"], last["cpu_time"]])
    table = pd.DataFrame(rows, columns=["segmenter", "method", "s", "cpu"])
    how = {"jobs": ("s", "size"), "seconds": ("s", "mean"), "cpu_s": ("cpu", "mean")}
    return table.groupby(["segmenter", "method"], sort=False).agg(**how).reset_index()


def curve(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of `segmentation` of the U-Net on outlines, by their rising number."""
    return table[table["method"] == METHODS["unet"].title].sort_values("outlines", kind="stable")


def worth(table: pd.DataFrame) -> pd.DataFrame:
    """Return how many outlines each row of `segmentation` is worth, in the order of `table`.

    Columns: `method`, `Classifier`, `data`; `Dice`, `low`, `high`, `outlines_worth`, where the
    U-Net's `curve` comes to this Dice, with `worth_low` and `worth_high`, where it comes to the
    ends of its interval; likewise at the threshold: `Dice_at_threshold`, `low_at_threshold`,
    `high_at_threshold`, `worth_at_threshold`; `n`, `interval`. All worths are text, whole numbers:
    "< 5" and "> 80" beyond the curve's ends, "" of the curve itself and without one.
    """
    found = curve(table)
    outlines = found["outlines"].to_numpy(float)
    worths = pd.DataFrame("", table.index, ["Dice", "low", "high", "Dice_at_threshold"])
    for column in worths:
        dice = found["Dice_at_threshold" if column == "Dice_at_threshold" else "Dice"]
        for row in table.index.difference(found.index):
            worths.loc[row, column] = _crossing(outlines, dice, table.loc[row, column])
    names = ["outlines_worth", "worth_low", "worth_high", "worth_at_threshold"]
    both = table.join(worths.set_axis(names, axis=1))
    columns = ["method", "Classifier", "data", "Dice", "low", "high", *names[:3]]
    return both[[*columns, "Dice_at_threshold", *AT_THRESHOLD, names[3], "n", "interval"]]


def _crossing(outlines: np.ndarray, dice: pd.Series, level: float) -> str:
    """Return at how many outlines a curve comes to `level`, as `worth` says it.

    The curve is the rising one nearest to `dice` (least squares), straight over log2 of `outlines`,
    (k,) rising.
    """
    if len(outlines) == 0:
        return ""
    rising = isotonic_regression(dice.to_numpy(float)).x
    place = int(np.searchsorted(rising, level))  # of the first point that is not below
    if place == len(rising):
        return f"> {outlines[-1]:.0f}"
    if place == 0:
        return f"{outlines[0]:.0f}" if level == rising[0] else f"< {outlines[0]:.0f}"
    ends = np.log2(outlines[place - 1 : place + 1])
    return f"{2 ** np.interp(level, rising[place - 1 : place + 1], ends):.0f}"
