"""The paper's claims put to the test: on a study's own predictions, and on the published numbers.

H1: CAM regions matter. H2: the prediction depends on the tumour. H3: Dice and CAM_val_acc go
together. docs/statistics.md says what the tests assume and what they cannot show.
"""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from camseg.report import designs, statistics
from camseg.report.by_class import accuracy_by_class, gave_one_class
from camseg.report.intervals import PUBLISHED_N
from camseg.report.map_alone import PROBE
from camseg.report.results import ACCURACIES
from camseg.rois.split import FEW
from camseg.seeds import generator
from camseg.training.registry import REGIMES, Comparison

OURS, PUBLISHED = "this study", "published"
COLUMNS = ["claim", "data", "comparison", "Classifier", "reading", "difference", "low", "high"]
COLUMNS += ["n", "p", "p_holm", "statistic", "test"]
SIGNIFICANT = 0.05
TWO_NETWORKS = "Of these two networks alone: other seeds give others."
ONE_CLASS = "gave one class to all validation ROIs"
NAN = float("nan")
Silent = dict[tuple[str, str], str]  # of classifier and regime: the regime, and in which splits

COMPARISONS = [each for regime in REGIMES.values() for each in regime.comparisons]
ASSOCIATED = Comparison(
    *("H3", "Dice", "CAM_val_acc"),
    "Over these classifiers, CAM_val_acc rises with Dice; not that one is the other's cause.",
    "Over these classifiers, CAM_val_acc falls as Dice rises.",
    "Not shown that CAM_val_acc rises with Dice; few classifiers show little.",
)


def claims(
    predictions: pd.DataFrame,
    results: pd.DataFrame,
    published: pd.DataFrame,
    *,
    margin: float,
    seed: int,
) -> pd.DataFrame:
    """Return a row per test of H1, H2, H3, on this study's data and on the published numbers.

    `predictions` and `results` as `results.read_predictions` and `results.collect` return them;
    `published` is the paper's table. Comparisons of regimes that were not run are left out.
    `difference` is the first regime's accuracy minus the other's, with its interval; `p_holm` is p
    corrected for all tests of the same claim on the same data; `reading` puts it into words: with
    "no difference" meant, an interval above minus the `margin` shows that there is none that
    matters. A network that gave one class to all ROIs of a run, of two, supports no reading: its
    comparisons have neither interval nor p, H3 leaves its classifier out, and `reading` says so.
    What is shown on few ROIs of a class is read with their number, what two single trainings show
    as of these two alone. Where CAM_val_acc is not above what the map alone tells, by PROBE (among
    `predictions`, of `map_alone.read_probes`) or the regime `cam_alone`, by the `margin`, readings
    of H1 say that it is uninterpretable.
    """
    silent = _one_class(predictions)
    models = list(results["Classifier"])
    rows = [*_paired(predictions, models, silent, margin, seed), *_counted(published)]
    rows += [_association(results, OURS, silent, seed)]
    rows += [_association(published, PUBLISHED, {}, seed)]
    table = pd.DataFrame(rows, columns=[*COLUMNS, "effect", "readings", "caution", "note"])
    table = table.fillna({"caution": "", "note": ""})
    table = table[table["p"].notna() | (table["note"] != "")]
    table = table.sort_values(["claim", "data"], ascending=[True, False], kind="stable")
    # what is not read counts as a test that shows nothing: data do not choose the family
    families = table.assign(p=table["p"].fillna(1)).groupby(["claim", "data"])["p"]
    table["p_holm"] = families.transform(statistics.holm).where(table["p"].notna())
    table["reading"] = [_reading(row, margin) for row in table.itertuples()]
    return table[COLUMNS]


def _reading(row: Any, margin: float) -> str:
    """Return what a test shows, with a caution if it shows something; its note comes with all."""
    if pd.isna(row.p_holm):
        return row.note
    compared: Comparison = row.readings
    said = [compared.undecided]
    if row.p_holm < SIGNIFICANT:
        said = [compared.higher if row.effect > 0 else compared.lower, row.caution]
    elif compared.no_less and row.low > -margin:
        said = [f"{compared.no_less}, to the margin of {margin:g}.", row.caution]
    return " ".join(filter(None, [*said, row.note]))


def _one_class(predictions: pd.DataFrame) -> Silent:
    """Return the classifiers and regimes that gave one class to all validation ROIs of a run."""
    table = accuracy_by_class(predictions)
    table = table.assign(silent=gave_one_class(table))
    counts = table.groupby(["Classifier", "regime"])["silent"].agg(["sum", "size"])
    return {
        (model, regime): regime if runs == 1 else f"{regime} in {silent} of {runs} trainings"
        for (model, regime), silent, runs in counts.itertuples()
        if silent
    }


def _paired(
    predictions: pd.DataFrame, models: list[str], silent: Silent, margin: float, seed: int
) -> Iterator[dict]:
    """Compare regimes ROI by ROI.

    Several runs, of splits or seeds, have interval and p of `designs.over_runs`, which allow for
    chance in training. A single one has McNemar's exact test and a bootstrap interval, of these two
    networks alone; where no patient tells them apart there is nothing to draw it from: NaN. Where
    either regime is among the `silent` ones, interval and p are NaN, and `note` says why;
    `caution` says what a reading is limited by.
    """
    keys = ["model", "split", "roi_id", "patient_id", "abnormal"]
    right = predictions.assign(right=predictions["right"].astype(float))
    right = right.pivot_table("right", keys, "regime").reset_index()
    for compared in COMPARISONS:
        first, second = compared.first, compared.second
        if not {first, second} <= set(right):
            continue
        both = right.dropna(subset=[first, second]).groupby("model")
        for model in [model for model in models if model in both.groups]:
            pairs = both.get_group(model)
            pairs = pairs.assign(value=pairs[first] - pairs[second])
            only_first = int((pairs["value"] > 0).sum())
            only_second = int((pairs["value"] < 0).sum())
            difference, found = pairs["value"].mean(), designs.over_runs(pairs)
            if found is None:
                test, p = "McNemar", statistics.mcnemar(only_first, only_second)
                low, high = statistics.bootstrap(
                    pairs["value"].to_numpy(),
                    pairs["patient_id"].to_numpy(),
                    pairs["split"].to_numpy(),
                    generator(seed, "bootstrap of a difference", model, first, second),
                )
                low, high = (low, high) if low < high else (NAN, NAN)
            else:
                estimate, test = found
                difference, p = estimate.value, estimate.p()
                low, high = estimate.interval(-1, 1)
            named = [silent[model, name] for name in (first, second) if (model, name) in silent]
            if named:
                low = high = p = NAN
            yield {
                "claim": compared.claim,
                "data": OURS,
                "comparison": f"{first} - {second}",
                "Classifier": model,
                "test": test,
                "statistic": f"{only_first} : {only_second}",
                "n": len(pairs),
                "difference": difference,
                "low": low,
                "high": high,
                "p": p,
                "effect": difference,
                "readings": compared,
                "caution": " ".join(
                    filter(None, [_few(pairs["abnormal"]), TWO_NETWORKS if found is None else ""])
                ),
                "note": f"No reading: {' and '.join(named)} {ONE_CLASS}."
                if named
                else _known_from_maps(pairs, first, margin),
            }


def _known_from_maps(pairs: pd.DataFrame, regime: str, margin: float) -> str:
    """Return a sentence if the maps alone are right about as often as a network trained with them.

    `pairs` has a column for every regime of the model.
    """
    if regime != "cam":
        return ""
    means = pairs[[name for name in (PROBE, "cam_alone") if name in pairs]].mean().dropna()
    filtered = pairs["cam"].mean()
    if means.empty or filtered >= means.max() + margin:
        return ""
    return (
        f"CAM_val_acc ({filtered:.3f}) is uninterpretable: the map alone, without any pixel, "
        f"predicts as well ({means.max():.3f}, {means.idxmax()}; margin {margin:g})."
    )


def _few(abnormal: pd.Series) -> str:
    """Return a sentence on each class that has fewer than FEW ROIs, (n,) bool."""
    counts = {"normal": (~abnormal).sum(), "abnormal": abnormal.sum()}
    return " ".join(
        f"Only {n} of {len(abnormal)} ROIs {'is' if n == 1 else 'are'} {name}."
        for name, n in counts.items()
        if n < FEW
    )


def _counted(published: pd.DataFrame) -> Iterator[dict]:
    """Compare published accuracies by their counts: Fisher's exact test, as if of two samples."""
    for compared in COMPARISONS:
        first, second = compared.first, compared.second
        columns = ["Classifier", ACCURACIES[first], ACCURACIES[second]]
        if not set(columns) <= set(published.columns):
            continue
        for model, one, other in published[columns].dropna().itertuples(index=False):
            counts = round(one * PUBLISHED_N), round(other * PUBLISHED_N)
            yield {
                "claim": compared.claim,
                "data": PUBLISHED,
                "comparison": f"{first} - {second}",
                "Classifier": model,
                "test": "Fisher",
                "statistic": f"{counts[0]} : {counts[1]}",
                "n": PUBLISHED_N,
                "difference": one - other,
                "p": statistics.fisher(counts[0], PUBLISHED_N, counts[1], PUBLISHED_N),
                "effect": one - other,
                "readings": compared,
            }


def _association(results: pd.DataFrame, data: str, silent: Silent, seed: int) -> dict:
    """Correlate Dice and CAM_val_acc over the classifiers that have both, without `silent` ones."""
    both = results[["Classifier", "Dice", "CAM_val_acc"]].dropna()
    named = {
        model: [silent[model, name] for name in ("original", "cam") if (model, name) in silent]
        for model in both["Classifier"]
    }
    left_out = {model: " and ".join(names) for model, names in named.items() if names}
    kept = both[~both["Classifier"].isin(left_out)]
    dice, accuracy = kept[["Dice", "CAM_val_acc"]].to_numpy().T
    rho, p = statistics.spearman(dice, accuracy, generator(seed, "orders of classifiers"))
    note = ""
    if left_out and len(both) > 2:  # fewer have no correlation anyway
        listed = ", ".join(f"{model} ({names})" for model, names in left_out.items())
        note = f"Left out, as they {ONE_CLASS}: {listed}."
    return {
        "claim": "H3",
        "data": data,
        "comparison": "Dice, CAM_val_acc",
        "Classifier": "all",
        "test": "Spearman",
        "statistic": "" if pd.isna(rho) else f"rho {rho:z.3f}",
        "n": len(kept),
        "p": p,
        "effect": rho,
        "readings": ASSOCIATED,
        "note": f"No reading. {note}" if note and pd.isna(p) else note,
    }
