"""What goes with a good heat map: the networks beside what their maps are worth."""

import re
from collections.abc import Iterable, Mapping
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from camseg.errors import CamsegError
from camseg.io.checked import NATURAL, REMEDY, Columns, Number, read_json, read_table
from camseg.report import another_outline, statistics
from camseg.report.results import read_intervals, read_trainings
from camseg.seeds import generator

COLUMNS = ["Classifier", "network", "head", "parameters", "grid", "val_acc"]
COLUMNS += ["Dice", "low", "high", "placement", "locality", "random_weights"]
QUALITIES = ("Dice", "placement", "locality")  # of a map
PROPERTIES = ("parameters", "cells", "val_acc")  # of a classifier
OF_HEADS = ("hidden_units", "flattened")  # likewise, where a study has several heads
FLOORED = ("Dice", "placement")  # scores that floors have, too
BETWEEN, WITHIN = "between networks", "within networks"
LEAST = 4  # pairs from which ranks are correlated

ANY = Number(blank=True)
OF_NETWORK: Columns = {"network": None, "head": None, "parameters": NATURAL}
OF_MAPS: Columns = {"Classifier": None, "grid": re.compile(r"(\d+ x \d+)?")}
OF_MAPS |= dict.fromkeys(FLOORED, ANY)
OF_CHECKS: Columns = {"Classifier": None}
OF_CHECKS |= dict.fromkeys(("random_weights", "locality_rows", "locality_columns"), ANY)


def read(
    metrics: Iterable[str | Path], paths: Mapping[str, str | Path]
) -> tuple[pd.DataFrame, dict[str, float]]:
    """Return a row per classifier, by falling Dice, and the highest floor of each of FLOORED.

    `metrics` are the metrics.json of all trainings, `paths` the study's tables `heat_maps`,
    `sanity` and `table1_intervals` by name. Columns: COLUMNS, of which `head` has the units of its
    hidden layers, `locality` is the smaller slope, and `low` and `high` are the interval of Dice;
    then `n`, the ROIs behind Dice, `cells` of the map, `hidden_units` of the head, `flattened`: 1
    if its dense layers see each position, 0 if a pooled map. What is behind a classifier that was
    trained elsewhere is not known. Raises CamsegError if a file is not whole, or a table lacks a
    classifier.
    """
    networks = _networks(list(metrics))
    maps = read_table(paths["heat_maps"], OF_MAPS, ["Classifier"]).set_index("Classifier")
    checks = read_table(paths["sanity"], OF_CHECKS, ["Classifier"]).set_index("Classifier")
    intervals = read_intervals(paths["table1_intervals"]).set_index(["quantity", "Classifier"])
    measured = {name: intervals.xs(name, level="quantity") for name in intervals.index.levels[0]}
    held = [("heat_maps", maps), ("sanity", checks)]
    held += [
        ("table1_intervals", measured.get(name, intervals[:0])) for name in ("val_acc", "Dice")
    ]
    for name, rows in held:
        if missing := [model for model in networks.index if model not in rows.index]:
            raise CamsegError(f"{paths[name]}: has no row of {missing[0]}; {REMEDY}")
    models = [name for name in maps.index if name in networks.index]
    if unsaid := [name for name in models if not maps.loc[name, "grid"]]:
        raise CamsegError(f"{paths['heat_maps']}: has no grid of {unsaid[0]}; {REMEDY}")
    table = networks.loc[models].join(maps.loc[models])
    table["cells"] = [int(np.prod([int(side) for side in grid.split(" x ")]))
                      for grid in table["grid"]]  # fmt: skip
    table["val_acc"] = measured["val_acc"]["value"]
    table[["low", "high", "n"]] = measured["Dice"][["low", "high", "n"]]
    table["random_weights"] = checks["random_weights"]
    table["locality"] = checks[["locality_rows", "locality_columns"]].min(axis=1)
    others = maps.drop(index=[*models, another_outline.NAME], errors="ignore")
    floors = others[[*FLOORED]].max().to_dict()
    table = table.rename_axis("Classifier").reset_index()
    return table[[*COLUMNS, "n", "cells", *OF_HEADS]], floors


def _networks(metrics: list[str | Path]) -> pd.DataFrame:
    """Return what each classifier is, by its name; of several runs, the first says it."""
    rows: dict[str, dict] = {}
    for path, training in zip(metrics, read_trainings(metrics).to_dict("records"), strict=True):
        if training["regime"] != "original" or training["model"] in rows:
            continue
        row = read_json(path, OF_NETWORK)
        widths = row.get("widths")
        if not (isinstance(widths, list) and all(isinstance(width, int) for width in widths)):
            raise CamsegError(f"{path}: widths is {widths!r}, no list of whole numbers; {REMEDY}")
        head, units = row["head"], float(sum(widths))
        flattened = float(head == "flatten_dense")
        if widths:
            head = f"{head} ({', '.join(map(str, widths))})"
        if row.get("trained"):
            head, units, flattened = "as trained", np.nan, np.nan
        rows[row["model"]] = {"network": row["network"], "head": head} | {
            "parameters": row["parameters"], "hidden_units": units, "flattened": flattened,
        }  # fmt: skip
    return pd.DataFrame.from_dict(rows, orient="index")


def correlations(classifiers: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return how the ranks of the maps' QUALITIES go with those of the classifiers' properties.

    `classifiers` is of `read`. Classifiers that share a network are no two examples of networks:
    BETWEEN networks, each network counts once, as the mean of its classifiers; WITHIN networks,
    with rows if one has LEAST classifiers, rho is the mean of the rho of each network. OF_HEADS are
    among the properties if there are several heads. `n` counts pairs, `networks` what they are of;
    `low` and `high` are of `statistics.rank_interval`, `p` is by permutation, `p_holm` corrected
    for all tests of the table. Fewer than LEAST pairs, or those that agree on one side, have no
    rho: NaN, and networks of such pairs do not count beside others.
    """
    properties = [*PROPERTIES, *(OF_HEADS if len(set(classifiers["head"])) > 1 else ())]
    overs = [BETWEEN]
    if classifiers["network"].value_counts().max() >= LEAST:
        overs.append(WITHIN)
    rows = []
    for over, quality, name in product(overs, QUALITIES, properties):
        groups = _groups(classifiers[["network", quality, name]].dropna(), over)
        ranked = [pairs for pairs in groups if len(pairs) >= LEAST and np.ptp(pairs, 0).all()]
        sizes = [len(pairs) for pairs in ranked or groups]
        rho, low, high, p = 4 * [float("nan")]
        if ranked:
            rng = generator(seed, "permutations of ranks", over, quality, name)
            rho, p = statistics.spearman_within([(*pairs.T,) for pairs in ranked], rng)
            low, high = statistics.rank_interval(rho, sizes)
        n = sum(sizes)
        rows.append(
            [over, quality, name, n, n if over == BETWEEN else len(sizes), rho, low, high, p]
        )
    columns = ["over", "quality", "property", "n", "networks", "rho", "low", "high", "p"]
    table = pd.DataFrame(rows, columns=columns)
    table["p_holm"] = pd.Series(statistics.holm(table["p"].dropna()), table["p"].dropna().index)
    return table


def _groups(pairs: pd.DataFrame, over: str) -> list[np.ndarray]:
    """Return the pairs that are ranked together, (n, 2) each."""
    of_network = pairs.groupby("network", sort=False)
    if over == BETWEEN:
        return [of_network.mean().round(9).to_numpy()]  # so that equal means are equal
    return [rows.iloc[:, 1:].to_numpy(float) for _, rows in of_network]
