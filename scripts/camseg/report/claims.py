"""The paper's claims put to the test: on a study's own predictions, and on the published numbers.

H1: CAM regions matter. H2: the prediction depends on the tumour. H3: Dice and CAM_val_acc go
together. docs/statistics.md says what the tests assume and what they cannot show.
"""

from collections.abc import Iterator

import pandas as pd

from camseg.report import statistics
from camseg.report.by_class import accuracy_by_class, gave_one_class
from camseg.report.intervals import PUBLISHED_N
from camseg.report.map_alone import PROBE
from camseg.report.results import ACCURACIES
from camseg.rois.split import FEW, FOLDS
from camseg.seeds import generator
from camseg.training.registry import REGIMES, Comparison

OURS, PUBLISHED = "this study", "published"
COLUMNS = ["claim", "data", "comparison", "Classifier", "test", "statistic", "n", "difference"]
COLUMNS += ["low", "high", "p", "p_holm", "reading"]
SIGNIFICANT = 0.05
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
    predictions: pd.DataFrame, results: pd.DataFrame, published: pd.DataFrame, seed: int
) -> pd.DataFrame:
    """Return a row per test of H1, H2, H3, on this study's data and on the published numbers.

    `predictions` and `results` as `results.read_predictions` and `results.collect` return them;
    `published` is the paper's table. Comparisons of regimes that were not run are left out.
    `difference` is the first regime's accuracy minus the other's, with its interval; `p_holm` is p
    corrected for all tests of the same claim on the same data; `reading` puts it into words. A
    network that gave one class to all ROIs of a split, of two, supports no reading: its comparisons
    have neither interval nor p, H3 leaves its classifier out, and `reading` says so. What is shown
    on few ROIs of a class is read with their number. Where `predictions` have the regime PROBE (of
    `map_alone.read_probes`), and it is right as often as `cam`, readings of H1 say so.
    """
    silent = _one_class(predictions)
    rows = [*_paired(predictions, list(results["Classifier"]), silent, seed), *_counted(published)]
    rows += [_association(results, OURS, silent, seed)]
    rows += [_association(published, PUBLISHED, {}, seed)]
    table = pd.DataFrame(rows, columns=[*COLUMNS, "effect", "readings", "caution", "note"])
    table = table.fillna({"caution": "", "note": ""})
    table = table[table["p"].notna() | (table["note"] != "")]
    table = table.sort_values(["claim", "data"], ascending=[True, False], kind="stable")
    # what is not read counts as a test that shows nothing: data do not choose the family
    families = table.assign(p=table["p"].fillna(1)).groupby(["claim", "data"])["p"]
    table["p_holm"] = families.transform(statistics.holm).where(table["p"].notna())
    table["reading"] = [
        _reading(row.p_holm, row.effect, row.readings, row.caution, row.note)
        for row in table.itertuples()
    ]
    return table[COLUMNS]


def _reading(p: float, effect: float, compared: Comparison, caution: str, note: str) -> str:
    """Return what a test shows, with a `caution` if it shows something; `note` comes with all."""
    if pd.isna(p):
        return note
    verdict = compared.higher if effect > 0 else compared.lower
    said = [compared.undecided] if p >= SIGNIFICANT else [verdict, caution]
    return " ".join(filter(None, [*said, note]))


def _one_class(predictions: pd.DataFrame) -> Silent:
    """Return the classifiers and regimes that gave one class to all validation ROIs of a split."""
    table = accuracy_by_class(predictions)
    table = table.assign(silent=gave_one_class(table))
    counts = table.groupby(["Classifier", "regime"])["silent"].agg(["sum", "size"])
    return {
        (model, regime): regime if splits == 1 else f"{regime} in {silent} of {splits} splits"
        for (model, regime), silent, splits in counts.itertuples()
        if silent
    }


def _paired(
    predictions: pd.DataFrame, models: list[str], silent: Silent, seed: int
) -> Iterator[dict]:
    """Compare regimes ROI by ROI: McNemar's exact test, bootstrap interval of the difference.

    The test takes the splits of the first shuffle, where no ROI is validated twice. Where no
    patient tells the regimes apart there is nothing to draw an interval from: NaN. Where either
    regime is among the `silent` ones, interval and p are NaN, and `note` says why; `caution`
    says of which class the test has few ROIs.
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
            difference = pairs[first] - pairs[second]
            tested = pairs["split"].str.removeprefix("split-").astype(int) < FOLDS
            once = difference[tested]
            only_first, only_second = int((once > 0).sum()), int((once < 0).sum())
            low, high = statistics.bootstrap(
                difference.to_numpy(),
                pairs["patient_id"].to_numpy(),
                pairs["split"].to_numpy(),
                generator(seed, "bootstrap of a difference", model, first, second),
            )
            named = [silent[model, name] for name in (first, second) if (model, name) in silent]
            if named or low == high:
                low = high = NAN
            yield {
                "claim": compared.claim,
                "data": OURS,
                "comparison": f"{first} - {second}",
                "Classifier": model,
                "test": "McNemar",
                "statistic": f"{only_first} : {only_second}",
                "n": len(once),
                "difference": difference.mean(),
                "low": low,
                "high": high,
                "p": NAN if named else statistics.mcnemar(only_first, only_second),
                "effect": only_first - only_second,
                "readings": compared,
                "caution": _few(pairs.loc[tested, "abnormal"]),
                "note": f"No reading: {' and '.join(named)} {ONE_CLASS}."
                if named
                else _known_from_maps(pairs, first),
            }


def _known_from_maps(pairs: pd.DataFrame, regime: str) -> str:
    """Return a sentence if the maps alone are right as often as a network trained with them."""
    if regime != "cam" or PROBE not in pairs:
        return ""
    alone, filtered = pairs[[PROBE, regime]].mean()
    if not alone >= filtered:
        return ""
    return (
        f"The map alone, without any pixel, predicts as well ({alone:.3f}, against {filtered:.3f})"
        ": H1 cannot be read from CAM_val_acc."
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
