"""A study's answers, read off its finished tables as docs/reading.md's diagram does.

No statistic is made here: each answer follows from numbers that stand in a table, by a rule that
docs/statistics.md states. A good answer is given only together with those that it rests on.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from camseg.errors import CamsegError
from camseg.io.checked import REMEDY, Columns, Number, read_table

# bounds on the numbers of `sanity`, all provisional
LOCAL = 0.5  # from which locality on a map's cells count as places
SAME = 0.5  # from which correlation on a map counts as unchanged by random weights
ALIKE = 0.9  # from which correlation on the maps of all ROIs count as one; outlines reach 0.84
SHOWN = 0.05  # the p_holm below which a claim's test shows something
CONTROLS = ("cam_untrained", "cam_alone", "swapped_verdict")  # regimes that H1 is held against
# floors: made without any outline or of some; those of random weights begin with UNTRAINED
PLAIN = (
    *("all 255", "centred Gaussian", "central ellipse", "smooth noise"),
    *("brightness", "contrast", "Otsu", "GrabCut"),
)
OUTLINED, UNTRAINED = ("mean training mask", "5 outlines"), "untrained "
SCORES, REGION = ("placement", "pixel_AUC"), ("Dice_at_threshold",)  # of place; of a region
# the regions of `transplant` that a reading of the network, and one of its map, compare
INSIDE = ("outline", "complement", "noise top")
MARKED = ("CAM top", "untrained top", "noise top", "CAM bottom")
# how the readings of `transplants.reading` begin, and what they answer
DEPENDS = {"Depends on the lesion": "lesion", "Depends on both": "both"}
DEPENDS |= {"Shortcut": "shortcut", "No conclusion": "open"}
SHOWS = {"The map shows where": "yes", "Not shown that": "open", "No conclusion": "open"}
# the answers that a question rests on, and among all answers those that ...
RESTS_ON = {"works": (), "depends_on": ("works",), "map_shows_where": ("works",)}
RESTS_ON |= {"map_finds_lesion": ("works", "depends_on", "map_shows_where")}
RESTS_ON |= {"segmentation": ("works", "depends_on", "map_shows_where", "map_finds_lesion")}
RESTS_ON |= {"H1": ("works", "map_shows_where")}
HOLDING = ("yes", "lesion", "both")  # ... others may rest on
GOOD = (*HOLDING, "shortcut", "supported")  # ... need what they rest on
AGAINST = ("no", "shortcut", "no reading")  # ... leave nothing to rest on

ALONE = "CAM_alone_val_acc"


def _columns(texts: tuple[str, ...], numbers: tuple[str, ...]) -> Columns:
    return dict.fromkeys(texts) | dict.fromkeys(numbers, Number(blank=True))


def _begins(words: Mapping[str, str]) -> re.Pattern:
    return re.compile(f"(?:{'|'.join(words)}).*")


# what is read: the columns of each table, and those that no two of its rows agree in
CALLED: Columns = {"regime": None, "Classifier": None, "called": ("abnormal", "normal", "both")}
READINGS: Columns = {"Classifier": None, "depends_on": _begins(DEPENDS), "map": _begins(SHOWS)}
TABLES: dict[str, tuple[Columns, tuple[str, ...]]] = {
    "accuracy_by_class": (CALLED, ()),
    "table1_intervals": (
        _columns(("Classifier", "quantity"), ("value", "low", "high", "majority", "balanced")),
        ("Classifier", "quantity"),
    ),
    "transplant": (
        _columns(("Classifier", "region"), ("S",)) | {"n": Number(0, whole=True)},
        ("Classifier", "region"),
    ),
    "transplant_readings": (READINGS, ("Classifier",)),
    "sanity": (
        _columns(
            ("Classifier",), ("locality_rows", "locality_columns", "random_weights", "other_roi")
        ),
        ("Classifier",),
    ),
    "heat_maps": (
        _columns(("Classifier", "grid"), (*SCORES, *REGION, "Dice", "grid_limit")),
        ("Classifier",),
    ),
    "map_alone": (_columns(("Classifier",), ("CAM_val_acc", "cam_probe")), ("Classifier",)),
    "claims": (
        _columns(("claim", "data", "comparison", "Classifier"), ("difference", "p_holm")),
        ("claim", "data", "comparison", "Classifier"),
    ),
}
Found = dict[str, pd.DataFrame]


class Answer(NamedTuple):
    """An answer in a word or two, the sentence that says why, and the table to look into."""

    answer: str
    because: str
    table: str


def read(paths: Mapping[str, str | Path]) -> Found:
    """Return the tables of TABLES, by name, from their CSVs.

    Raises CamsegError if one is not whole or lacks a classifier of `table1_intervals`; those that
    nothing was transplanted for may be missing from `transplant` and `transplant_readings`.
    """
    found = {name: read_table(paths[name], *of) for name, of in TABLES.items()}
    if ALONE in found["map_alone"]:
        columns, key = TABLES["map_alone"]
        columns = columns | _columns((), (ALONE,))
        found["map_alone"] = read_table(paths["map_alone"], columns, key)
    models = classifiers(found)
    floors = [*PLAIN, *OUTLINED, f"{UNTRAINED}network"]
    needed = dict.fromkeys(("accuracy_by_class", "sanity", "map_alone"), models)
    needed |= {"table1_intervals": models or ["any classifier"], "heat_maps": [*models, *floors]}
    original = found["accuracy_by_class"].query("regime == 'original'")
    for name, rows in needed.items():
        held = set((found | {"accuracy_by_class": original})[name]["Classifier"])
        if any(row.startswith(UNTRAINED) for row in held):
            held.add(floors[-1])
        if missing := [row for row in rows if row not in held]:
            raise CamsegError(f"{paths[name]}: has no row of {missing[0]}; {REMEDY}")
    regions = found["transplant"].groupby("Classifier")["region"].agg(set)
    for model in found["transplant_readings"]["Classifier"]:
        if missing := [row for row in (*INSIDE, *MARKED) if row not in regions.get(model, ())]:
            raise CamsegError(
                f"{paths['transplant']}: has no row of {model} and {missing[0]}; {REMEDY}"
            )
    return found


def classifiers(found: Found) -> list[str]:
    """Return the classifiers of a study in the order of Table I."""
    table = found["table1_intervals"]
    return list(table.loc[table["quantity"] == "val_acc", "Classifier"])


def answers(found: Found, margin: float) -> dict[str, dict[str, Answer]]:
    """Return the answer to every question, by classifier and question, in order.

    `found` is of `read`; `margin` the difference of two accuracies that matters. A network that
    does not work has no reading of anything else. Any other answer of GOOD is kept only if all
    those that it rests on (RESTS_ON) are HOLDING: it becomes "no reading" where one is AGAINST
    it, else "open".
    """
    given: dict[str, dict[str, Answer]] = {}
    for model in classifiers(found):
        own = {
            "works": works(model, found, margin),
            "depends_on": depends_on(model, found),
            "map_shows_where": map_shows_where(model, found),
            "map_finds_lesion": map_finds_lesion(model, found),
            "segmentation": segmentation(model, found),
            "H1": h1(model, found, margin),
        }
        given[model] = {}
        for question, rests_on in RESTS_ON.items():
            before = {name: given[model][name] for name in rests_on}
            given[model][question] = _resting(own[question], before)
    return given


def _resting(own: Answer, before: Mapping[str, Answer]) -> Answer:
    if before and before["works"].answer == "no":
        return before["works"]._replace(answer="no reading")
    missing = [name for name, earlier in before.items() if earlier.answer not in HOLDING]
    if own.answer not in GOOD or not missing:
        return own
    against = [name for name in missing if before[name].answer in AGAINST]
    first = (against or missing)[0]
    words = f"{own.because.removesuffix('.')}; but {first} is answered: {before[first].answer}."
    return own._replace(answer="no reading" if against else "open", because=words)


def verdicts(given: Mapping[str, Mapping[str, Answer]]) -> pd.DataFrame:
    """Return a row per classifier of `answers`: its answer to each question."""
    rows = [
        {"Classifier": model} | {question: answer.answer for question, answer in of.items()}
        for model, of in given.items()
    ]
    return pd.DataFrame(rows, columns=["Classifier", *RESTS_ON])


def reasons(given: Mapping[str, Mapping[str, Answer]]) -> pd.DataFrame:
    """Return a row per classifier and question of `answers`: the answer, why, and where."""
    rows = [
        (model, question, *answer) for model, of in given.items() for question, answer in of.items()
    ]
    return pd.DataFrame(rows, columns=["Classifier", "question", *Answer._fields])


def works(model: str, found: Found, margin: float) -> Answer:
    """Does the classifier tell the classes apart?"""
    if silent := _one_class(model, "original", found):
        return Answer("no", f"Gave one class to all validation ROIs{silent}.", "accuracy_by_class")
    row = found["table1_intervals"].set_index(["Classifier", "quantity"]).loc[(model, "val_acc")]
    said = f"val_acc {_number(row['value'])} ({_number(row['low'])} to {_number(row['high'])})"
    if row["balanced"] <= 0.5 + margin:
        words = f"Balanced accuracy {_number(row['balanced'])}, not above 0.5 by the margin of "
        return Answer("no", f"{words}{margin:g}; {said}.", "table1_intervals")
    above = row["low"] > row["majority"]
    words = f"{'Shown' if above else 'Not shown'} to be above calling all ROIs by the larger class,"
    words += f" {_number(row['majority'])}: {said}."
    return Answer("yes" if above else "open", words, "table1_intervals")


def depends_on(model: str, found: Found) -> Answer:
    """What of the ROI does the classifier depend on?"""
    readings = found["transplant_readings"].set_index("Classifier")["depends_on"]
    if model not in readings:
        words = "No region of its ROIs was transplanted: set transplant: all."
        return Answer("not measured", words, "transplant_readings")
    words = f"{readings[model].removesuffix('.')} ({_shares(model, INSIDE, found)})."
    return Answer(_answered(readings[model], DEPENDS), words, "transplant_readings")


def map_shows_where(model: str, found: Found) -> Answer:
    """Does the map show where the classifier looks?"""
    row = found["sanity"].set_index("Classifier").loc[model]
    local = row[["locality_rows", "locality_columns"]].min(skipna=False)
    alike, same = row["other_roi"], row["random_weights"]
    said = f"locality {_number(local)} (at least {LOCAL} needed), likeness to other ROIs' maps "
    said += f"{_number(alike)} (under {ALIKE}), to those of random weights {_number(same)} "
    said += f"(under {SAME})"
    if not (local >= LOCAL and alike < ALIKE and same < SAME):
        return Answer("no", f"Shows no places, or not the network's: {said}.", "sanity")
    readings = found["transplant_readings"].set_index("Classifier")["map"]
    if model not in readings:
        words = "What the map's top counts for is not measured: set transplant: all; "
        return Answer("not measured", f"{words}{said}.", "transplant_readings")
    words = f"{readings[model].removesuffix('.')} ({_shares(model, MARKED, found)}; {said})."
    return Answer(_answered(readings[model], SHOWS), words, "transplant_readings")


def map_finds_lesion(model: str, found: Found) -> Answer:
    """Is the map's place the lesion's, more than that of maps without learning or outline?"""
    said, above = _against(model, SCORES, PLAIN, found)
    words = f"{'Above' if above else 'Not above'} every floor that needs no outline: {said}."
    return Answer("yes" if above else "no", words, "heat_maps")


def segmentation(model: str, found: Found) -> Answer:
    """Is the map's region a segmentation, better than all that comes without the network?"""
    said, above = _against(model, REGION, (*PLAIN, *OUTLINED), found)
    row = found["heat_maps"].set_index("Classifier").loc[model]
    words = f"{'Above' if above else 'Not above'} every floor: {said}; mean-Dice "
    words += f"{_number(row['Dice'])}, at most {_number(row['grid_limit'])} on {row['grid']} cells."
    return Answer("yes" if above else "no", words, "heat_maps")


def h1(model: str, found: Found, margin: float) -> Answer:
    """Does what the map shows carry the label, beyond what the map tells by itself?"""
    row = found["map_alone"].set_index("Classifier").loc[model]
    accuracy = row["CAM_val_acc"]
    if np.isnan(accuracy):
        words = "No network was trained on its CAMs: set regimes: cam."
        return Answer("not measured", words, "map_alone")
    if silent := _one_class(model, "cam", found):
        words = f"Trained on its CAMs, it gave one class to all validation ROIs{silent}."
        return Answer("no reading", words, "accuracy_by_class")
    known = row.reindex(["cam_probe", ALONE]).astype(float)
    said = f"CAM_val_acc {_number(accuracy)}, the map alone {_number(known.max())} "
    said += f"({known.idxmax()})"
    if round(accuracy - known.max(), 5) < margin:  # to what tables are rounded
        words = f"Not above what the map alone tells by the margin of {margin:g}: {said}."
        return Answer("uninterpretable", words, "map_alone")
    tests = found["claims"].query("claim == 'H1' and data == 'this study'")
    tests = tests[tests["Classifier"] == model].set_index("comparison")
    run = [name for name in CONTROLS if f"cam - {name}" in tests.index]
    of_run = {name: tests.loc[f"cam - {name}"] for name in run}
    shown = [name for name in run if of_run[name]["p_holm"] < SHOWN]
    worse = [name for name in shown if of_run[name]["difference"] < 0]
    better = [name for name in shown if of_run[name]["difference"] > 0]

    def listed(names: list[str]) -> str:
        return ", ".join(f"{name} ({of_run[name]['difference']:+z.3f})" for name in names)

    if worse:
        words = f"Shown to be less accurate on its CAMs than in {listed(worse)}; {said}."
        return Answer("not supported", words, "claims")
    faults = []
    if undecided := [name for name in run if name not in better]:
        faults.append(f"Not shown to be more accurate on its CAMs than in {listed(undecided)}")
    if missing := [name for name in CONTROLS if name not in run]:
        faults.append(f"Not run, to be set in regimes: {', '.join(missing)}")
    if faults:
        return Answer("open", f"{'; '.join(faults)}; {said}.", "claims")
    words = f"Shown to be more accurate on its CAMs than in {listed(better)}; {said}."
    return Answer("supported", words, "claims")


def _one_class(model: str, regime: str, found: Found) -> str:
    """Return in how many trainings a network gave one class, in words; "" if in none."""
    table = found["accuracy_by_class"]
    called = table.loc[(table["Classifier"] == model) & (table["regime"] == regime), "called"]
    n = (called != "both").sum()
    return f" in {n} of {len(called)} training{'s' if len(called) > 1 else ''}" if n else ""


def _against(
    model: str, scores: tuple[str, ...], names: tuple[str, ...], found: Found
) -> tuple[str, bool]:
    """Return a map's scores, the highest of the floors beside each, and if all are above.

    The floors are those of the `names` and the untrained network's.
    """
    table = found["heat_maps"].set_index("Classifier")
    own, others = table.loc[model], table.drop(classifiers(found))
    floors = others[others.index.isin(names) | others.index.str.startswith(UNTRAINED)]
    highest = floors[[*scores]].max()
    said = [
        f"{score} {_number(own[score])} ({floors[score].idxmax()} {_number(highest[score])})"
        for score in scores
    ]
    return ", ".join(said), all(own[score] > highest[score] for score in scores)


def _shares(model: str, regions: tuple[str, ...], found: Found) -> str:
    rows = found["transplant"].query("Classifier == @model").set_index("region")
    said = ", ".join(f"{region} {_number(rows.loc[region, 'S'])}" for region in regions)
    return f"S of {rows['n'].iloc[0]} ROIs: {said}"


def _answered(reading: str, words: Mapping[str, str]) -> str:
    return next(answer for begin, answer in words.items() if reading.startswith(begin))


def _number(value: float) -> str:
    return "none" if np.isnan(value) else f"{value:z.3f}"
