"""The paper's claims put to the test: on a study's own predictions, and on the published numbers.

H1: CAM regions matter. H2: the prediction depends on the tumour. H3: Dice and CAM_val_acc go
together. docs/statistics.md says what the tests assume and what they cannot show.
"""

from collections.abc import Iterator

import pandas as pd

from camseg.report import statistics
from camseg.report.intervals import PUBLISHED_N
from camseg.report.results import ACCURACIES
from camseg.rois.split import FOLDS
from camseg.seeds import generator
from camseg.training.registry import REGIMES, Comparison

OURS, PUBLISHED = "this study", "published"
COLUMNS = ["claim", "data", "comparison", "Classifier", "test", "statistic", "n", "difference"]
COLUMNS += ["low", "high", "p", "p_holm", "reading"]
SIGNIFICANT = 0.05

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
    corrected for all tests of the same claim on the same data; `reading` puts it into words.
    """
    rows = [*_paired(predictions, list(results["Classifier"]), seed), *_counted(published)]
    rows += [_association(results, OURS, seed), _association(published, PUBLISHED, seed)]
    table = pd.DataFrame(rows, columns=[*COLUMNS, "effect", "readings"]).dropna(subset="p")
    table = table.sort_values(["claim", "data"], ascending=[True, False], kind="stable")
    families = table.groupby(["claim", "data"])["p"]
    table["p_holm"] = families.transform(statistics.holm)
    table["reading"] = [
        _reading(row.p_holm, row.effect, row.readings) for row in table.itertuples()
    ]
    return table[COLUMNS]


def _reading(p: float, effect: float, compared: Comparison) -> str:
    if p >= SIGNIFICANT:
        return compared.undecided
    return compared.higher if effect > 0 else compared.lower


def _paired(predictions: pd.DataFrame, models: list[str], seed: int) -> Iterator[dict]:
    """Compare regimes ROI by ROI: McNemar's exact test, bootstrap interval of the difference.

    The test takes the splits of the first shuffle, where no ROI is validated twice. Where no
    patient tells the regimes apart there is nothing to draw an interval from: NaN.
    """
    keys = ["model", "split", "roi_id", "patient_id"]
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
            low, high = statistics.bootstrap(
                difference.to_numpy(),
                pairs["patient_id"].to_numpy(),
                pairs["split"].to_numpy(),
                generator(seed, "bootstrap of a difference", model, first, second),
            )
            if low == high:
                low = high = float("nan")
            once = difference[pairs["split"].str.removeprefix("split-").astype(int) < FOLDS]
            only_first, only_second = int((once > 0).sum()), int((once < 0).sum())
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
                "p": statistics.mcnemar(only_first, only_second),
                "effect": only_first - only_second,
                "readings": compared,
            }


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


def _association(results: pd.DataFrame, data: str, seed: int) -> dict:
    """Correlate Dice and CAM_val_acc over the classifiers that have both."""
    both = results[["Dice", "CAM_val_acc"]].dropna().to_numpy()
    dice, accuracy = both.T
    rho, p = statistics.spearman(dice, accuracy, generator(seed, "orders of classifiers"))
    return {
        "claim": "H3",
        "data": data,
        "comparison": "Dice, CAM_val_acc",
        "Classifier": "all",
        "test": "Spearman",
        "statistic": f"rho {rho:z.3f}",
        "n": len(both),
        "p": p,
        "effect": rho,
        "readings": ASSOCIATED,
    }
