"""What a study's finished tables answer, in a few words and numbers: for the report's front page.

Nothing is decided here: answers are those of the table `verdicts`, numbers those of other tables.
"""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from camseg.errors import CamsegError
from camseg.io.checked import REMEDY, Columns, Number, read_table
from camseg.report import verdicts

SCORES = ("Dice", "Dice_at_threshold", "placement")  # of heat_maps, shown beside floors
MAYBE = Number(blank=True)
SILENT = ("not measured", "no reading")  # answers that say nothing of a classifier
# what is read: the columns of each table, and those that no two of its rows agree in
TABLES: dict[str, tuple[Columns, tuple[str, ...]]] = {
    "verdicts": (dict.fromkeys(("Classifier", *verdicts.RESTS_ON)), ("Classifier",)),
    "verdicts_reasons": (
        dict.fromkeys(("Classifier", "question", *verdicts.Answer._fields)),
        ("Classifier", "question"),
    ),
    "table2_intervals": (
        {
            **dict.fromkeys(("Classifier", "quantity", "interval")),
            **dict.fromkeys(("value", "low", "high", "majority"), MAYBE),
            **dict.fromkeys(("n", "splits"), Number(0, whole=True)),
        },
        ("Classifier", "quantity"),
    ),
    "heat_maps": ({"Classifier": None, **dict.fromkeys(SCORES, MAYBE)}, ("Classifier",)),
    "candidates": ({"what": None, "status": None, "count": Number(0, whole=True)}, ()),
    "label_leaks_readings": (dict.fromkeys(("Classifier", "reading")), ("Classifier",)),
}
# the rows that are needed of every classifier
NEEDED: dict[str, list[tuple[str, ...]]] = {
    "verdicts_reasons": [(question,) for question in verdicts.RESTS_ON],
    "table2_intervals": [("val_acc",), ("Dice",)],
    "heat_maps": [()],
}
Found = Mapping[str, pd.DataFrame]


class Best(NamedTuple):
    """The best of a study's maps by a score, beside the highest floor; how many are above it."""

    classifier: str
    value: float
    floor: str
    of_floor: float
    above: int


def read(paths: Mapping[str, str | Path]) -> Found:
    """Return the tables of TABLES, by name, from their CSVs.

    Raises CamsegError if one is not whole, or not of the classifiers of `verdicts`.
    """
    found = {name: read_table(paths[name], *of) for name, of in TABLES.items()}
    for name, rows in NEEDED.items():
        keys = list(TABLES[name][1])
        there = set(found[name][keys].itertuples(index=False, name=None))
        for model in found["verdicts"]["Classifier"]:
            if missing := [row for row in rows if (model, *row) not in there]:
                row = " and ".join((model, *missing[0]))
                raise CamsegError(f"{paths[name]}: has no row of {row}; {REMEDY}")
    return found


def classifiers(found: Found) -> list[str]:
    """Return the classifiers, descending by Dice as in Table II."""
    models = set(found["verdicts"]["Classifier"])
    return [name for name in found["heat_maps"]["Classifier"] if name in models]


def counted(found: Found, question: str) -> dict[str, list[str]]:
    """Return the classifiers of each answer to a question of `verdicts`.

    Answers that say something come first, and of these the commonest.
    """
    answers = found["verdicts"].set_index("Classifier")[question]
    given: dict[str, list[str]] = {}
    for model in classifiers(found):
        given.setdefault(answers[model], []).append(model)
    return dict(sorted(given.items(), key=lambda each: (each[0] in SILENT, -len(each[1]))))


def best(found: Found, score: str, floors: Collection[str]) -> Best | None:
    """Return the best map by a score of `heat_maps`; None if no map, or no floor, has that score.

    The floors are those named, and the maps of random weights.
    """
    table, models = found["heat_maps"].set_index("Classifier")[score], classifiers(found)
    ours, theirs = table[models].dropna(), table.drop(models).dropna()
    theirs = theirs[theirs.index.isin(floors) | theirs.index.str.startswith(verdicts.UNTRAINED)]
    if ours.empty or theirs.empty:
        return None
    names = str(ours.idxmax()), str(theirs.idxmax())
    return Best(names[0], ours.max(), names[1], theirs.max(), int((ours > theirs.max()).sum()))


def used(found: Found) -> dict[str, int]:
    """Return how many ROIs of each class are used: abnormal ROI, normal ROI."""
    table = found["candidates"]
    counts = table[table["status"] == "used"].set_index("what")["count"]
    return {name: int(counts.get(name, 0)) for name in ("abnormal ROI", "normal ROI")}


def leaks(found: Found) -> list[str]:
    """Return the sentences on what else than the content of ROIs tells their classes apart."""
    readings = found["label_leaks_readings"]["reading"]
    return list(readings[readings.str.contains(" alone tells ")])
