"""The tables of heat maps that were made elsewhere: their scores beside the floors'."""

import numpy as np
import pandas as pd

from camseg.report import heat_maps, statistics
from camseg.report.curves import DRAWN, Curves
from camseg.scoring.baselines import BASELINES
from camseg.scoring.map_checks import SCORED
from camseg.seeds import generator

SEED = 1  # of the bootstrap: the default study's
CAPTIONS = {
    "heat_maps": (
        "Heat maps against masks, descending by Dice, and below them floors: maps that no method "
        "made, which look at no image, at its grey levels alone, or at the masks for training. A "
        "Dice says something only beside theirs, and rises and falls with the map's brightness; "
        "placement hardly does: 1 is the best that the map's grey levels could do, 0 what they do "
        "at random places, negative worse than at random; pixel_AUC, 0.5 at random, asks for the "
        "order of the pixels alone. Averages over all images with a lesion, n of so many patients; "
        "Dice_low and Dice_high bound the 95 % interval of Dice, by bootstrap of patients. "
        "Dice_at_threshold is over the images for validation, at the threshold that is best on "
        "those for selection or training; blank where the table names no sides, since a threshold "
        "chosen on the images that are scored would flatter. grid_limit is the best Dice found "
        "for a map of so coarse a grid; a skill is (Dice - floor) / (255/256 - floor), the floor "
        "being the mean training mask or the map of all 255; degenerate counts maps that say no "
        "place, scored as all 0."
    ),
    "heat_maps_scores": (
        "The rows of heat_maps with further scores. Those at the threshold, and NSD, are over the "
        "images for validation and blank where no threshold could be chosen; NSD needs the "
        "micrometres per pixel, too. PxAP is of the pixels of all images together."
    ),
}
# and of the figure of own_curves
OF_CURVES = (
    "Dice of the mask and the map above the threshold t, averaged over all images with a "
    "lesion; a curve's mean height is its mean-Dice. Grey: maps that no method made, of all "
    "255, of smooth noise, of the image's brightness, of a pixel regression on 5 outlines, "
    "and the mean of all training masks, as far as images and sides are given."
)


def own_tables(scores: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the tables of CAPTIONS from those of `scoring.own_maps`, a row per method and floor.

    Columns as of `heat_maps.heat_maps` and `heat_maps.further_scores`, `Classifier` being `map`;
    `Dice_low`, `Dice_high`, `n` and `patients` beside Dice. Intervals of one patient are NaN.
    """
    rows = _by_method(scores)
    models = {name: rows[name] for name in rows if name not in BASELINES}
    floors = {
        name: rows[name].drop(columns=["grid", "grid_limit"]) for name in rows if name in BASELINES
    }
    for name, table in models.items():
        if len(set(table["grid"])) > 1:
            models[name] = table.assign(grid="several")
    first = heat_maps.heat_maps([(models, floors)])
    beside = pd.DataFrame([_interval(name, rows[name]) for name in first["Classifier"]])
    for place, column in enumerate(beside.columns, start=2):
        first.insert(place, column, beside[column])
    further = heat_maps.further_scores([(models, floors)])
    tables = {"heat_maps": first, "heat_maps_scores": further}
    return {name: table.rename(columns={"Classifier": "map"}) for name, table in tables.items()}


def own_curves(scores: pd.DataFrame, curves: np.ndarray) -> tuple[Curves, Curves, int]:
    """Return the mean Dice at every threshold, (256,), of each method and of each floor DRAWN.

    And how many images are behind them. `curves` (rows, 256) are those of the rows of `scores`.
    """
    rows = _by_method(scores)
    means = {name: curves[table.index].mean(axis=0) for name, table in rows.items()}
    methods = {name: curve for name, curve in means.items() if name not in BASELINES}
    floors = {name: means[name] for name in DRAWN if name in means}
    return methods, floors, max(map(len, rows.values()))


def _by_method(scores: pd.DataFrame) -> dict[str, pd.DataFrame]:
    scored = scores[scores["status"] == SCORED]
    return {str(name): rows for name, rows in scored.groupby("method", sort=False)}


def _interval(name: str, rows: pd.DataFrame) -> dict:
    patients = rows["patient_id"].to_numpy()
    row = {"Dice_low": np.nan, "Dice_high": np.nan, "n": len(rows), "patients": len(set(patients))}
    if row["patients"] > 1:
        rng = generator(SEED, "bootstrap of Dice", name)
        one_split = np.zeros(len(rows))
        ends = statistics.bootstrap(rows["dice"].to_numpy(), patients, one_split, rng)
        row["Dice_low"], row["Dice_high"] = ends
    return row
