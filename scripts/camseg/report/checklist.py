"""What CLAIM and TRIPOD+AI ask a study to report, filled in from a run; a person fills in the rest.

CLAIM: Tejani et al., Checklist for Artificial Intelligence in Medical Imaging (CLAIM): 2024 Update,
Radiology: Artificial Intelligence 2024;6(4):e240300, items 1 to 44. TRIPOD+AI: Collins et al., BMJ
2024;385:e078378, items 1 to 27c. `docs/reading.md` says how the numbers were checked.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

import pandas as pd

from camseg.io.checked import SHARE, Columns, Number
from camseg.report import facts_of_data as data
from camseg.report import facts_of_models as models
from camseg.report.facts import FILL_IN, Study

COLUMNS = ["item", "CLAIM", "TRIPOD_AI", "this_study", "where"]

# of the tables that it is filled from, the columns read
_MAYBE = Number(0, 1, blank=True)
INTERVALS: Columns = {"Classifier": None, "quantity": None, "interval": None}
INTERVALS |= dict.fromkeys(("value", "low", "high", "AUC", "AUC_low", "AUC_high"), _MAYBE)
BY_CLASS: Columns = {"regime": None, "few": None, "called": None}
BY_CLASS |= dict.fromkeys(("n_abnormal", "n_normal"), Number(0, whole=True))
BY_CLASS |= {"majority": SHARE}
BY_CLASS |= dict.fromkeys(("balanced", "sensitivity", "specificity"), _MAYBE)


class Item(NamedTuple):
    """A row: what to report, its numbers in CLAIM and TRIPOD+AI, the words, where the whole is."""

    item: str
    claim: str
    tripod: str
    say: Callable[[Study], str]
    where: str = ""


def _always(text: str) -> Callable[[Study], str]:
    return lambda _: text


def _if_synthetic(text: str) -> Callable[[Study], str]:
    """Return what to say of phantoms; of patients, no workflow knows it."""
    return lambda study: f"synthetic: {text}" if study.synthetic else FILL_IN


ITEMS = [
    Item("Title, abstract, background, aims", "1-4", "1-4", _always(FILL_IN)),
    Item("Prospective or retrospective", "5", "", _if_synthetic("neither; no patients")),
    Item("Goal", "6", "", _always(models.GOAL), "tables/claims"),
    Item("Data source", "7", "5a", data.source, "provenance/configuration"),
    Item("Dates, setting, treatment", "", "5b, 6a, 6c", _if_synthetic("none")),
    Item("Eligibility, selection", "8, 10", "6b", data.eligibility, "index.tsv"),
    Item("Pre-processing", "9", "7, 12b", data.preprocessing, "provenance/configuration"),
    Item("De-identification", "11", "", _if_synthetic("no patients")),
    Item("Missing data", "12", "11", data.missing, "tables/candidates"),
    Item("Image acquisition", "13", "", data.acquisition, "index.tsv"),
    Item("Predictors", "", "9a-9c", _always(data.PREDICTORS), "rois/candidates.tsv"),
    Item("Reference standard", "14", "8a", data.reference, "rois/candidates.tsv"),
    Item(
        "Rationale of the reference standard",
        "15",
        "8a",
        _if_synthetic("each lesion is where it was drawn"),
    ),
    Item(
        "Annotators, blinding, agreement",
        *("16-18", "8b, 8c"),
        _if_synthetic("outlines are drawn with the lesions, by no reader"),
    ),
    Item("Partitions", "19", "12a, 21", data.partitions, "splits/split-*.tsv"),
    Item("Level of disjointness", "20", "12a", data.disjoint, "splits/split-*.tsv"),
    Item("Class balance", "19", "13", models.balance, "tables/accuracy_by_class"),
    Item("Sample size", "21", "10", data.size),
    Item("Models, output, threshold", "22", "12c, 12g, 15, 22", models.models, "training/"),
    Item("Software", "23", "", models.software, "provenance/versions"),
    Item("Initial weights", "24", "12c", models.weights, "provenance/configuration"),
    Item("Training", "25", "12c", models.training, "training/*/*/*/history.csv"),
    Item("Number of trainings", "25", "12c", models.repetitions, "training/*/*/*/metrics.json"),
    Item("Choice of the final model", "26", "12c", models.choice, "tables/selection_bias"),
    Item("Ensembles", "27", "", _always("none: every classifier is scored by itself")),
    Item("Metrics", "28", "12e", _always(models.METRICS), "tables/table2, tables/heat_maps"),
    Item("Uncertainty, tests", "29", "12e", models.uncertainty, "tables/claims"),
    Item(
        "Robustness, clusters", "30", "12d, 23b", _always(models.ROBUSTNESS), "tables/sensitivity"
    ),
    Item("Explanations, their validation", "31", "", models.explanations, "tables/sanity"),
    Item("Internal evaluation", "32", "16", models.internal, "figures/learning_curves/"),
    Item("External evaluation", "33", "16", _always(models.EXTERNAL)),
    Item("Model updating", "", "12f, 24", _always("none")),
    Item("Registration, protocol", "34, 42", "18c, 18d", _always(FILL_IN)),
    Item("Included and excluded", "35", "20a", data.flow, "tables/candidates"),
    Item(
        "Characteristics by partition",
        "36",
        "20b, 20c",
        data.characteristics,
        "rois/candidates.tsv",
    ),
    Item("Performance", "37, 38", "23a", models.performance, "tables/table2_intervals"),
    Item("Failures", "39", "", models.failures, "tables/heat_maps_by_group"),
    Item("Fairness, demographic subgroups", "37", "14, 23a", _if_synthetic("no patients")),
    Item("Limitations", "40", "26", models.limitations, "tables/selection_bias"),
    Item(
        *("Interpretation, use", "41", "25, 27a-27c"),
        _always(models.INTERPRETATION),
        "tables/verdicts",
    ),
    Item("Data, code, models", "43", "18e, 18f, 22", models.availability, "provenance/versions"),
    Item("Ethical approval, consent", "", "17", _if_synthetic("no patients, none needed")),
    Item("Funding, conflicts of interest", "44", "18a, 18b", _always(FILL_IN)),
    Item("Patient and public involvement", "", "19", _if_synthetic("no patients")),
]


def checklist(study: Study, items: Iterable[Item] = ITEMS) -> pd.DataFrame:
    """Return a row per item of CLAIM or TRIPOD+AI, texts: COLUMNS.

    `CLAIM` and `TRIPOD_AI` are the numbers of the items there, `this_study` is what the run tells
    of it, `where` the file or table below the results that tells the whole. What a run cannot tell
    is marked "fill in".
    """
    rows = [(item.item, item.claim, item.tripod, item.say(study), item.where) for item in items]
    return pd.DataFrame(rows, columns=COLUMNS)
