"""Tables of heat maps: what the networks' score beside what maps that no network made do."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from camseg.errors import CamsegError
from camseg.io.checked import LABELS, REMEDY, SIDES, USED, Columns, Number, read_table

CEILING = 255 / 256  # mean-Dice of the exact mask
SHARE = Number(0, 1 + 1e-9, blank=True)  # 1 to rounding
GAIN = Number(-1 - 1e-9, 1 + 1e-9, blank=True)
# columns of the tables: the scores they are means of, and what those can be
FIRST = {
    "Dice": ("dice", SHARE),
    "pixel_AUC": ("pixel_auc", SHARE),
    "Dice_at_threshold": ("dice_at_threshold", SHARE),
}
FURTHER = {
    "IoU_at_threshold": ("iou_at_threshold", SHARE),
    "NSD": ("nsd", SHARE),
    "IoU_Otsu": ("iou_otsu", SHARE),
    "average_precision": ("average_precision", SHARE),
    "PxAP": ("pxap", SHARE),
    "pointing_game": ("pointing_game", SHARE),
    "pointing_gain": ("pointing_gain", GAIN),
    "energy_inside": ("energy_inside", SHARE),
    "centroid_distance": ("centroid_distance", Number(0, blank=True)),
}
ZERO_LEVEL = {  # of networks alone
    "zero_level_Dice": ("zero_level_dice", SHARE),
    "zero_level_IoU": ("zero_level_iou", SHARE),
    "zero_level_share": ("zero_level_share", SHARE),
}
# scores over validation ROIs, which did not choose the threshold
OF_VALIDATION = ("Dice_at_threshold", "IoU_at_threshold", "NSD")
PLACEMENT = {"placement_gain": GAIN, "placement_range": SHARE}
FLOORS = {"skill_mean_mask": "mean training mask", "skill_all_255": "all 255"}
SCORES: Columns = {
    "roi_id": None,
    "label": LABELS,
    "side": SIDES,
    "lesion_area": Number(0, blank=True),
    "degenerate": Number(0, 1, whole=True),
}
SCORES |= PLACEMENT | dict([*FIRST.values(), *FURTHER.values()])
OF_NETWORKS: Columns = {"probability": Number(0, 1, blank=True), "grid": None, "grid_limit": SHARE}
OF_NETWORKS |= dict(ZERO_LEVEL.values())
SIZES = ("small", "medium", "large")
Scores = tuple[dict[str, pd.DataFrame], dict[str, pd.DataFrame]]  # of a split: models, floors


def read_scores(
    models: Iterable[str], paths: Iterable[str | Path], baselines: Iterable[str | Path]
) -> dict[str, Scores]:
    """Return the scores of each split, by its name; `models` names the model of each path.

    `baselines` has at least one table of floors per split, named by it. Rows are those that
    averages are made of: used abnormal ROIs, by their places in the file;
    `zero_level_share_normal` is that of used normal ROIs, a mean. Raises CamsegError if a file is
    not whole, lacks a Dice or has other ROIs than the rest of its split.
    """
    of_split: dict[str, dict[str, str | Path]] = defaultdict(dict)
    for model, path in zip(models, paths, strict=True):
        of_split[Path(path).stem][model] = path
    floors = defaultdict(list)
    for path in baselines:
        floors[Path(path).stem].append(path)
    return {split: _read_split(of_split[split], of_floors) for split, of_floors in floors.items()}


def _read_split(paths: dict[str, str | Path], baselines: list[str | Path]) -> Scores:
    scores = {
        model: _read_scores(path, SCORES | OF_NETWORKS, ["roi_id"]) for model, path in paths.items()
    }
    places = [(model, path, scores[model]) for model, path in paths.items()]
    floors = {}
    for path in baselines:
        table = _read_scores(path, {"baseline": None} | SCORES, ["baseline", "roi_id"])
        for floor, rows in table.groupby("baseline", sort=False):
            floors[str(floor)] = rows
            places.append((str(floor), path, rows))
    missing = set(FLOORS.values()) - set(floors)
    if missing:
        raise CamsegError(f"{baselines[0]}: has no rows of {missing.pop()}; {REMEDY}")
    sets = [frozenset(rows["roi_id"]) for _, _, rows in places]
    ((usual, _),) = Counter(sets).most_common(1)
    for (name, path, _), rois in zip(places, sets, strict=True):
        if rois != usual:
            raise CamsegError(f"{path}: {name} is of other ROIs than the rest; {REMEDY}")
    return scores, floors


def _read_scores(path: str | Path, columns: Columns, key: list[str]) -> pd.DataFrame:
    table = read_table(path, columns, key)
    used = table[table["side"] != "unused"]
    abnormal = used[used["label"] == "abnormal"]
    if abnormal.empty or abnormal["dice"].isna().any():
        raise CamsegError(
            f"{path}: {abnormal['dice'].isna().sum()} of {len(abnormal)} abnormal ROIs have no "
            f"Dice; {REMEDY}"
        )
    if "zero_level_share" not in columns:
        return abnormal
    normal = used.loc[used["label"] == "normal", "zero_level_share"].mean()
    return abnormal.assign(zero_level_share_normal=normal)


def validation_rois(splits: Collection[Scores]) -> set[str]:
    """Return the ids of the abnormal ROIs that any of the splits has for validation."""
    tables = [scores for _, floors in splits for scores in floors.values()]
    return {roi for table in tables for roi in table["roi_id"][table["side"] == "validation"]}


def heat_maps(splits: Collection[Scores]) -> pd.DataFrame:
    """Return a row per classifier, descending by Dice (ties by name), and below one per floor.

    Values are means over `splits` of averages over all ROIs, as in Table I, but for
    `Dice_at_threshold`: over validation ROIs, the threshold being chosen on others; and for
    `placement`: the mean `placement_gain` over the mean `placement_range`. The ROIs' own ratios
    are not averaged, since one whose grey levels leave places little to add would count as much as
    any, whatever its ratio. `grid_limit` is the mean of the best Dice found for the network's
    `grid`. The skills are (Dice - floor) / (255/256 - floor), the floor being the mean training
    mask's Dice or that of the map of all 255; NaN if there is no such floor. `degenerate` counts
    the maps of all 0, in all splits.
    """
    table = _over_splits(splits, _first_row)
    dice = table.set_index("Classifier")["Dice"]
    for column, floor in FLOORS.items():
        of_floor = dice.get(floor, np.nan)
        table[column] = (table["Dice"] - of_floor) / (CEILING - of_floor)
    table["degenerate"] = table.pop("degenerate")
    return table


def further_scores(splits: Collection[Scores]) -> pd.DataFrame:
    """Return the rows of `heat_maps` with the scores of FURTHER, means like its own.

    Those of OF_VALIDATION are over validation ROIs. Last come those of ZERO_LEVEL and the mean
    `zero_level_share` of used normal ROIs, which floors do not have. A score that no ROI has, as
    the NSD where the size of the source's pixels is unknown, is NaN.
    """
    return _over_splits(splits, _further_row).drop(columns="Dice")


def by_group(splits: Collection[Scores]) -> pd.DataFrame:
    """Return the rows of `heat_maps` with the Dice of groups of ROIs, and n, their number.

    The sides of the split; `right` and `wrong`: classified so by the same network (probability
    above 0.5 is abnormal, as all these are); thirds by `lesion_area`, `small` to `large`. The
    Dice of an empty group is NaN and counts for no mean over splits; n adds up over them.
    """
    return _over_splits(splits, _group_row).drop(columns="Dice")


def _over_splits(splits: Collection[Scores], row: Callable[[pd.DataFrame], dict]) -> pd.DataFrame:
    """Return the rows of classifiers and floors in order: sums of counts, means of the rest."""
    rows = pd.DataFrame(
        [
            {"Classifier": name} | row(scores)
            for models, floors in splits
            for name, scores in (models | floors).items()
        ]
    )
    how = {
        column: "first" if column == "grid" else "sum" if _is_count(column) else "mean"
        for column in rows.columns.drop("Classifier")
    }
    table = rows.groupby("Classifier", sort=False).agg(how)
    models, floors = next(iter(splits))
    ranked = sorted(models, key=lambda name: (-table.loc[name, "Dice"], name))
    return table.loc[[*ranked, *floors]].reset_index()


def _is_count(column: str) -> bool:
    return column == "degenerate" or column.startswith("n_")


def _means(scores: pd.DataFrame, columns: dict[str, tuple[str, Number]]) -> dict[str, float]:
    validation = scores[scores["side"] == "validation"]
    return {
        column: (validation if column in OF_VALIDATION else scores)[score].mean()
        for column, (score, _) in columns.items()
    }


def _first_row(scores: pd.DataFrame) -> dict:
    gain, most = (scores[column].mean() for column in PLACEMENT)
    means = _means(scores, FIRST)
    row = {"Dice": means.pop("Dice"), "placement": gain / most if most > 0 else np.nan} | means
    grid = scores["grid"].iloc[0] if "grid" in scores else ""
    limit = scores["grid_limit"].mean() if "grid" in scores else np.nan
    return row | {"grid": grid, "grid_limit": limit, "degenerate": scores["degenerate"].sum()}


def _further_row(scores: pd.DataFrame) -> dict:
    row = {"Dice": scores["dice"].mean()} | _means(scores, FURTHER)
    if "zero_level_share_normal" in scores:
        row |= _means(scores, ZERO_LEVEL)
        row["zero_level_share_normal"] = scores["zero_level_share_normal"].iloc[0]
    return row


def _group_row(scores: pd.DataFrame) -> dict:
    groups = {group: scores["dice"][chosen] for group, chosen in _groups(scores).items()}
    means = {group: dice.mean() for group, dice in groups.items()}
    return {"Dice": scores["dice"].mean()} | means | {f"n_{g}": len(d) for g, d in groups.items()}


def _groups(scores: pd.DataFrame) -> dict[str, pd.Series]:
    """Return for each group which rows are in it: (n,) bool."""
    probability = scores.get("probability", pd.Series(np.nan, scores.index))
    by_size = scores.sort_values(["lesion_area", "roi_id"]).index
    third = pd.Series(3 * np.arange(len(scores)) // len(scores), by_size).reindex(scores.index)
    sides = [side for side in USED if side != "selection" or (scores["side"] == side).any()]
    return {
        **{side: scores["side"] == side for side in sides},
        "right": probability > 0.5,
        "wrong": probability <= 0.5,
        **{size: third == number for number, size in enumerate(SIZES)},
    }
