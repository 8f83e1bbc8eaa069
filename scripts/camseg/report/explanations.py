"""Several methods of explanation side by side: what their maps score, hang on and cost."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from camseg.errors import CamsegError
from camseg.io.checked import REMEDY, Number, read_table
from camseg.report import audits, heat_maps, intervals
from camseg.report.heat_maps import Scores
from camseg.seeds import generator

FLOOR = "none"  # the explanation of maps that no network made
SCORES = ["Dice", "low", "high", "placement", "pixel_AUC", "average_precision", "pointing_game"]
# of the table `sanity`: how alike maps are with random weights, of the other class, of other ROIs
CHECKS = ["random_weights", "other_class", "other_roi"]
RUNS = ["forward", "back"]  # of the network, for one map


@dataclass(frozen=True)
class Maps:
    """What was measured of a method's maps: `scores` by run, the rest by model, one per run."""

    scores: dict[str, Scores]  # as of `heat_maps.read_scores`
    checks: dict[str, list[pd.DataFrame]]  # as of `audits.read_checks`
    cells: dict[str, list[pd.DataFrame]]  # as of `audits.read_locality`
    runs: dict[str, list[pd.Series]]  # as of `read_runs`


def read_runs(path: str | Path) -> pd.Series:
    """Return how often the network ran for a map, by RUNS, on average over the ROIs of a TSV.

    The TSV is that of score_dice.py; NaN if it is not known of all. Raises CamsegError if the file
    is not whole.
    """
    table = read_table(path, dict.fromkeys(RUNS, Number(0, whole=True)), ["roi_id"])[RUNS]
    if table.empty:
        raise CamsegError(f"{path}: has no ROI; {REMEDY}")
    # without a single run forward there is no map: nobody has counted
    return table.where(table["forward"] > 0).mean(skipna=False)


def explanations(methods: dict[str, Maps], seed: int) -> pd.DataFrame:
    """Return a row per classifier and method, and below them one per floor.

    Classifiers stand in the order of `heat_maps` by the first method, a classifier's methods by
    falling Dice (ties in their order). Columns: Classifier, explanation (FLOOR of floors), SCORES
    with the 95 % interval of Dice as in `intervals.intervals`, CHECKS, `locality`, the smaller
    slope of `audits.slopes`, `degenerate`, of all maps, in all runs, RUNS, whole numbers, empty
    where nobody counted, and `n`, the abnormal ROIs that are scored.
    """
    parts = []
    for number, (method, maps) in enumerate(methods.items()):
        table = _scored(maps, seed)
        models = [name for name in table["Classifier"] if name in maps.checks]
        if number == 0:
            places = {name: place for place, name in enumerate(models)}
            floors = table[~table["Classifier"].isin(models)].assign(explanation=FLOOR)
        sanity = audits.sanity(maps.checks, maps.cells, dict.fromkeys(models, 0))
        sanity["locality"] = sanity[["locality_rows", "locality_columns"]].min(axis=1)
        table = table[table["Classifier"].isin(models)].assign(explanation=method)
        table = table.merge(sanity[["Classifier", *CHECKS, "locality"]], on="Classifier")
        runs = {name: pd.DataFrame(maps.runs[name]).mean(skipna=False) for name in models}
        parts.append(table.join(pd.DataFrame(runs).T.reindex(columns=RUNS), on="Classifier"))
    table = pd.concat(parts, ignore_index=True)
    order = table.assign(place=table["Classifier"].map(places), falling=-table["Dice"])
    order = order.sort_values(["place", "falling"], kind="stable").index
    table = pd.concat([table.loc[order], floors], ignore_index=True)
    table[RUNS] = table[RUNS].round().astype("Int64")
    columns = ["Classifier", "explanation", *SCORES, *CHECKS, "locality", "degenerate", *RUNS, "n"]
    return table[columns]


def _scored(maps: Maps, seed: int) -> pd.DataFrame:
    """Return the rows of `heat_maps` with the columns of SCORES, `degenerate` and `n`."""
    first = heat_maps.heat_maps(maps.scores.values())
    further = heat_maps.further_scores(maps.scores.values()).drop(columns="grid", errors="ignore")
    table = first.merge(further[["Classifier", "average_precision", "pointing_game"]])
    ends, n = [], []
    for name in table["Classifier"]:
        runs = [(models | floors)[name].assign(split=run)
                for run, (models, floors) in maps.scores.items()]  # fmt: skip
        rng = generator(seed, "bootstrap of Dice", name)
        ends.append(intervals.of_dice(pd.concat(runs), rng)[:2])
        n.append(pd.concat(runs)["roi_id"].nunique())
    table[["low", "high"]] = ends
    return table.assign(n=n)
