"""The paper's claims put to the test: on a study's own predictions, and on the published numbers.

H1: CAM regions matter. H2: the prediction depends on the tumour. H3: Dice and CAM_val_acc go
together. docs/statistics.md says what the tests assume and what they cannot show.
"""

from collections.abc import Iterator

import pandas as pd

from camseg import statistics
from camseg.intervals import PUBLISHED_N
from camseg.results import REGIMES
from camseg.seeds import generator
from camseg.split import FOLDS

OURS, PUBLISHED = "this study", "published"
COLUMNS = ["claim", "data", "comparison", "Classifier", "test", "statistic", "n", "difference"]
COLUMNS += ["low", "high", "p", "p_holm", "reading"]
SIGNIFICANT = 0.05

CONTROLS = {
    "swapped": "another patient's CAM",
    "gaussian": "a centred Gaussian",
    "noise": "smooth noise",
    "blob": "a random patch",
    "inverse_cam": "what the CAM removes",
}
# (claim, regime, other regime): what it reads if the first is more accurate, less, or undecided
READINGS = {
    ("H1", "cam", "original"): (
        "More accurate on what the CAM shows than on whole ROIs.",
        "Less accurate on what the CAM shows: what it darkens tells something, too.",
        "No difference shown, which is no proof that the CAM shows all that matters.",
    ),
    **{
        ("H1", "cam", control): (
            f"More accurate on the CAM's regions than on {words}: where the CAM looks matters.",
            f"Less accurate on the CAM's regions than on {words}: the CAM misses what matters.",
            f"Not shown that the CAM's regions serve better than {words}.",
        )
        for control, words in CONTROLS.items()
    },
    ("H2", "mask", "original"): (
        "More accurate on the lesion alone than on whole ROIs: the surroundings distract.",
        "Less accurate on the lesion alone: its surroundings help, too.",
        "No difference shown between the lesion alone and whole ROIs; no proof that there is none.",
    ),
    ("H2", "inverse", "original"): (
        "More accurate without the lesion: the prediction does not depend on it.",
        "Less accurate without the lesion: the prediction depends on it, if not on it alone.",
        "Not shown that the lesion is needed.",
    ),
    ("H2", "mask", "inverse"): (
        "More accurate on the lesion than on its surroundings: the lesion tells more.",
        "Less accurate on the lesion than on its surroundings: the surroundings tell more.",
        "Not shown that the lesion tells more than its surroundings.",
    ),
    ("H2", "mask", "silhouette"): (
        "More accurate on the lesion than on its flat outline: its texture counts.",
        "Less accurate on the lesion than on its flat outline: the shape gives the label away.",
        "Not shown that the lesion's texture tells more than its outline's shape.",
    ),
}
ASSOCIATED = (
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
        _reading(row.p_holm, row.effect, *row.readings) for row in table.itertuples()
    ]
    return table[COLUMNS]


def _reading(p: float, effect: float, higher: str, lower: str, undecided: str) -> str:
    if p >= SIGNIFICANT:
        return undecided
    return higher if effect > 0 else lower


def _paired(predictions: pd.DataFrame, models: list[str], seed: int) -> Iterator[dict]:
    """Compare regimes ROI by ROI: McNemar's exact test, bootstrap interval of the difference.

    The test takes the splits of the first shuffle, where no ROI is validated twice. Where no
    patient tells the regimes apart there is nothing to draw an interval from: NaN.
    """
    keys = ["model", "split", "roi_id", "patient_id"]
    right = predictions.assign(right=predictions["right"].astype(float))
    right = right.pivot_table("right", keys, "regime").reset_index()
    for (claim, first, second), readings in READINGS.items():
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
                "claim": claim,
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
                "readings": readings,
            }


def _counted(published: pd.DataFrame) -> Iterator[dict]:
    """Compare published accuracies by their counts: Fisher's exact test, as if of two samples."""
    for (claim, first, second), readings in READINGS.items():
        columns = ["Classifier", REGIMES[first], REGIMES[second]]
        if not set(columns) <= set(published.columns):
            continue
        for model, one, other in published[columns].dropna().itertuples(index=False):
            counts = round(one * PUBLISHED_N), round(other * PUBLISHED_N)
            yield {
                "claim": claim,
                "data": PUBLISHED,
                "comparison": f"{first} - {second}",
                "Classifier": model,
                "test": "Fisher",
                "statistic": f"{counts[0]} : {counts[1]}",
                "n": PUBLISHED_N,
                "difference": one - other,
                "p": statistics.fisher(counts[0], PUBLISHED_N, counts[1], PUBLISHED_N),
                "effect": one - other,
                "readings": readings,
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
