"""How accurate networks are that were trained on the maps of several methods of explanation."""

from collections.abc import Mapping

import pandas as pd

from camseg.training.registry import REGIMES


def retrained(own: pd.DataFrame, further: Mapping[str, pd.DataFrame], method: str) -> pd.DataFrame:
    """Return the accuracies of trainings on the maps of several methods, a row per classifier each.

    `own` has the study's trainings as of `results.read_trainings`, on the maps of `method`;
    `further` those on the maps of other methods, by their names. Classifiers descend by val_acc of
    the regime `original` (ties by name), methods stand in order. Columns: Classifier, explanation,
    val_acc, the columns of all regimes that were trained on maps, means over splits and seeds, NaN
    where not run, and n: validation ROIs of all splits and seeds together.
    """
    original = own[own["regime"] == "original"].groupby("model")
    whole = original["val_acc"].mean()
    on_maps = [name for name, regime in REGIMES.items() if "cams" in regime.needs]
    rows = [
        table[table["regime"].isin(on_maps)].assign(explanation=name)
        for name, table in ({method: own} | dict(further)).items()
    ]
    trainings = pd.concat(rows, ignore_index=True)
    table = trainings.pivot_table("val_acc", ["model", "explanation"], "regime").reset_index()
    places = list(trainings["explanation"].unique()).index
    table = table.assign(
        place=table["explanation"].map(places),
        val_acc=table["model"].map(whole),
        n=table["model"].map(original["n_validation"].sum()).astype(int),
    )
    table = table.sort_values(["val_acc", "model", "place"], ascending=[False, True, True])
    names = [name for name in on_maps if name in table]
    table = table[["model", "explanation", "val_acc", *names, "n"]]
    columns = {name: REGIMES[name].column for name in names}
    table = table.rename(columns={"model": "Classifier"} | columns)
    return table.rename_axis(columns=None).reset_index(drop=True)
