import re

import numpy as np
import pandas as pd
import pytest

from camseg.errors import CamsegError
from camseg.report import by_class, claims, intervals, tables, transplants, verdicts
from camseg.report.transplants import CONTRASTS, REGIONS, Evidence, Share
from camseg.report.verdicts import RESTS_ON
from camseg.scoring.baselines import BASELINES
from camseg.training.registry import REGIMES
from project import ROOT
from typeset import typeset

MODEL = "VGG16"
# shares of the margin: the lesion counts, and the map's top lies on it
LESION = {"outline": 0.9, "complement": 0.0, "CAM top": 0.8, "CAM bottom": 0.0}
LESION |= {"untrained top": 0.3, "noise top": 0.3, "blackened outline": -1.0}
AROUND = LESION | {"outline": 0.05, "complement": 0.9}
BOTH = LESION | {"outline": 0.6, "complement": 0.6}
NEITHER = LESION | {"outline": 0.32, "complement": 0.3}
GOOD = ["yes", "lesion", "yes", "yes", "yes", "supported"]


def transplanted(shares: dict[str, float], all_low: float = 4.0) -> dict[str, pd.DataFrame]:
    """The two tables of transplants, as their own functions make them; half-widths of 0.1."""

    def around(value: float) -> Share:
        return Share(value, value - 0.1, value + 0.1)

    found = {"all": Share(5.0, all_low, 6.0)} | {name: around(shares[name]) for name in REGIONS}
    found |= {f"{one} - {other}": around(shares[one] - shares[other]) for one, other in CONTRASTS}
    evidence = {MODEL: dict.fromkeys(transplants.SIDES, Evidence(found, 18))}
    return {
        "transplant": transplants.transplant(evidence),
        "transplant_readings": transplants.readings(evidence, {MODEL: 0.7}),
    }


def called(*rows: tuple[str, str]) -> pd.DataFrame:
    """Trainings: the regime, and what its network called."""
    table = pd.DataFrame(rows, columns=["regime", "called"]).assign(Classifier=MODEL)
    return table.reindex(columns=by_class.COLUMNS)


def accuracy(**changes) -> pd.DataFrame:
    row = {"Classifier": MODEL, "quantity": "val_acc", "value": 0.9, "low": 0.75, "high": 0.97}
    row |= {"majority": 0.53, "balanced": 0.9} | changes
    return pd.DataFrame([row, row | {"quantity": "Dice"}]).reindex(columns=intervals.COLUMNS)


def checked(**changes) -> pd.DataFrame:
    row = {"Classifier": MODEL, "Dice": 0.5, "random_weights": 0.1, "other_roi": 0.8}
    row |= {"locality_rows": 0.7, "locality_columns": 0.8} | changes
    return pd.DataFrame([row, {"Classifier": "a faithful map", "locality_rows": 1.0}])


def scored(floors: dict[str, dict] = {}, **changes) -> pd.DataFrame:  # noqa: B006
    row = {"Classifier": MODEL, "Dice": 0.7, "placement": 0.8, "pixel_AUC": 0.9}
    row |= {"Dice_at_threshold": 0.9, "grid": "4 x 4", "grid_limit": 0.75} | changes
    names = [*BASELINES, "untrained VGG16 1", "untrained VGG16 2"]
    lower = {"Dice": 0.5, "placement": 0.5, "pixel_AUC": 0.6, "Dice_at_threshold": 0.6}
    lower |= {"grid": "", "grid_limit": np.nan}
    others = [{"Classifier": name} | lower | floors.get(name, {}) for name in names]
    others[0]["placement"] = np.nan  # all 255 say no place
    return pd.DataFrame([row, *others])


def alone(**changes) -> pd.DataFrame:
    row = {"Classifier": MODEL, "val_acc": 0.9, "CAM_val_acc": 0.9, "cam_probe": 0.7}
    row |= {"interval": "Wilson"} | changes
    return pd.DataFrame([row])


def h1_rows(**effects: float) -> pd.DataFrame:
    """H1's rows: a difference for each control, shown if it is not within 0.1 of 0."""
    rows = [
        {"comparison": f"cam - {name}", "Classifier": MODEL, "difference": difference}
        | {"claim": "H1", "data": claims.OURS, "p_holm": 0.01 if abs(difference) > 0.1 else 0.2}
        for name, difference in ({"original": 0.0} | effects).items()
    ]
    rows += [row | {"data": "published", "difference": -0.3, "p_holm": 0.001} for row in rows]
    rows += [{"claim": "H2", "data": claims.OURS, "comparison": "mask - original"}]
    rows += [rows[0] | {"Classifier": "another", "comparison": "cam - cam_alone"}]
    return pd.DataFrame(rows).reindex(columns=claims.COLUMNS)


CONTROLS = dict.fromkeys(verdicts.CONTROLS, 0.2)


def made(**changes: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The tables of a classifier that all is well with, but for `changes`."""
    found = {"accuracy_by_class": called(("original", "both"), ("cam", "both"))}
    found |= {"table1_intervals": accuracy(), "sanity": checked(), "heat_maps": scored()}
    found |= {"map_alone": alone(), "claims": h1_rows(**CONTROLS)} | transplanted(LESION)
    return found | changes


def written(folder, found: dict[str, pd.DataFrame]) -> dict:
    for name, table in found.items():
        table.to_csv(folder / f"{name}.csv", index=False, float_format="%.6g")
    return {name: folder / f"{name}.csv" for name in found}


def answered(folder, margin: float = 0.05, **changes: pd.DataFrame):
    found = verdicts.read(written(folder, made(**changes)))
    return verdicts.answers(found, margin)[MODEL]


NOT_TRANSPLANTED = {name: table.iloc[:0] for name, table in transplanted(LESION).items()}
PATTERNS = {
    "all is well": ({}, GOOD),
    # 1 works
    "one class": (
        {"accuracy_by_class": called(("original", "both"), ("original", "normal"))},
        ["no"] + 5 * ["no reading"],
    ),
    "no better than one class": (
        {"table1_intervals": accuracy(balanced=0.55)}, ["no"] + 5 * ["no reading"],
    ),
    "not above the larger class": (
        {"table1_intervals": accuracy(low=0.53)}, 6 * ["open"],
    ),
    "a shortcut of a network not shown to work": (
        transplanted(AROUND) | {"table1_intervals": accuracy(low=0.53)},
        6 * ["open"],
    ),
    # 2 depends_on
    "shortcut": (transplanted(AROUND), ["yes", "shortcut", "yes", *2 * ["no reading"], GOOD[-1]]),
    "both": (transplanted(BOTH), ["yes", "both", *GOOD[2:]]),
    "neither": (transplanted(NEITHER), ["yes", "open", "yes", "open", "open", "supported"]),
    "no margin": (transplanted(LESION, -1.0), ["yes", *5 * ["open"]]),
    "not transplanted": (
        NOT_TRANSPLANTED, ["yes", *2 * ["not measured"], *3 * ["open"]],
    ),
    # 3 map_shows_where
    "cells look elsewhere": (
        {"sanity": checked(locality_columns=0.49)}, ["yes", "lesion", "no", *3 * ["no reading"]],
    ),
    "one map for all": (
        {"sanity": checked(other_roi=0.9)}, ["yes", "lesion", "no", *3 * ["no reading"]],
    ),
    "the map of random weights": (
        {"sanity": checked(random_weights=1.0)}, ["yes", "lesion", "no", *3 * ["no reading"]],
    ),
    "the same, not transplanted": (
        NOT_TRANSPLANTED | {"sanity": checked(random_weights=0.5)},
        ["yes", "not measured", "no", *3 * ["no reading"]],
    ),
    "a map that says nothing": (
        {"sanity": checked(random_weights=np.nan, other_roi=np.nan, locality_rows=np.nan)},
        ["yes", "lesion", "no", *3 * ["no reading"]],
    ),
    "untrained top": (
        transplanted(LESION | {"untrained top": 0.8}), ["yes", "lesion", *4 * ["open"]],
    ),
    "random region": (
        transplanted(LESION | {"CAM top": 0.35}), ["yes", "lesion", *4 * ["open"]],
    ),
    # 4 map_finds_lesion
    "as a floor": (
        {"heat_maps": scored({"GrabCut": {"placement": 0.8}})},
        ["yes", "lesion", "yes", "no", "no reading", "supported"],
    ),
    "as an untrained network": (
        {"heat_maps": scored({"untrained VGG16 2": {"pixel_AUC": 0.9}})},
        ["yes", "lesion", "yes", "no", "no reading", "supported"],
    ),
    "no place": (
        {"heat_maps": scored(placement=np.nan)},
        ["yes", "lesion", "yes", "no", "no reading", "supported"],
    ),
    "below what outlines give": (
        {"heat_maps": scored({"5 outlines": {"placement": 1.0, "pixel_AUC": 1.0}})}, GOOD,
    ),
    # 5 segmentation
    "as few outlines": (
        {"heat_maps": scored({"5 outlines": {"Dice_at_threshold": 0.9}})},
        [*GOOD[:4], "no", "supported"],
    ),
    "low by its brightness": ({"heat_maps": scored(Dice=0.1)}, GOOD),
    # 6 H1
    "map alone": ({"map_alone": alone(cam_probe=0.851)}, [*GOOD[:5], "uninterpretable"]),
    "map alone, retrained": (
        {"map_alone": alone(CAM_alone_val_acc=0.86)}, [*GOOD[:5], "uninterpretable"],
    ),
    "by the margin": ({"map_alone": alone(cam_probe=0.85, CAM_alone_val_acc=0.85)}, GOOD),
    "cam as cam_untrained": (
        {"claims": h1_rows(**CONTROLS | {"cam_untrained": 0.0})}, [*GOOD[:5], "open"],
    ),
    "a control not run": (
        {"claims": h1_rows(cam_untrained=0.2, swapped_verdict=0.2)}, [*GOOD[:5], "open"],
    ),
    "less accurate": (
        {"claims": h1_rows(cam_untrained=0.2, cam_alone=-0.2)}, [*GOOD[:5], "not supported"],
    ),
    "cam not run": (
        {"map_alone": alone(CAM_val_acc=np.nan)}, [*GOOD[:5], "not measured"],
    ),
    "one class by cam": (
        {"accuracy_by_class": called(("original", "both"), ("cam", "abnormal"))},
        [*GOOD[:5], "no reading"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PATTERNS)
def test_each_pattern_has_its_answers(tmp_path, name):
    changes, expected = PATTERNS[name]
    given = answered(tmp_path, **changes)
    assert [answer.answer for answer in given.values()] == expected
    assert list(given) == list(RESTS_ON)


@pytest.mark.parametrize(
    ("changes", "withheld"),
    [
        ({"claims": h1_rows(**CONTROLS | {"cam_untrained": 0.0})}, ["H1"]),
        (transplanted(LESION | {"CAM top": 0.3}), ["map_shows_where", "map_finds_lesion", "H1"]),
        ({"sanity": checked(random_weights=1)}, ["map_shows_where", "map_finds_lesion", "H1"]),
        (
            {"heat_maps": scored({"untrained VGG16 1": {"placement": 0.8, "pixel_AUC": 0.9}})},
            ["map_finds_lesion", "segmentation"],
        ),
    ],
)
def test_what_an_untrained_network_has_too_is_withheld(tmp_path, changes, withheld):
    """All else being as good as can be: one sign that nothing was learned is enough."""
    given = answered(tmp_path, **changes)
    good = {question for question, answer in given.items() if answer.answer in verdicts.GOOD}
    assert not good & set(withheld)


def test_the_margin_is_the_studys(tmp_path):
    unsure = {"map_alone": alone(cam_probe=0.8), "table1_intervals": accuracy(balanced=0.65)}
    assert answered(tmp_path, 0.1, **unsure)["H1"].answer == "supported"
    assert answered(tmp_path, 0.11, **unsure)["H1"].answer == "uninterpretable"
    assert answered(tmp_path, 0.15, **unsure)["works"].answer == "no"


@pytest.mark.parametrize(
    ("name", "question", "because", "table"),
    [
        ("all is well", "works", "Shown to be above calling all ROIs by the larger class, 0.530: "
         "val_acc 0.900 (0.750 to 0.970).", "table1_intervals"),
        ("all is well", "depends_on", "Depends on the lesion (S of 18 ROIs: outline 0.900, "
         "complement 0.000, noise top 0.300).", "transplant_readings"),
        ("all is well", "map_finds_lesion", "Above every floor that needs no outline: placement "
         "0.800 (centred Gaussian 0.500), pixel_AUC 0.900 (all 255 0.600).", "heat_maps"),
        ("all is well", "segmentation", "Above every floor: Dice_at_threshold 0.900 (all 255 "
         "0.600); mean-Dice 0.700, at most 0.750 on 4 x 4 cells.", "heat_maps"),
        ("all is well", "H1", "Shown to be more accurate on its CAMs than in cam_untrained "
         "(+0.200), cam_alone (+0.200), swapped_verdict (+0.200); CAM_val_acc 0.900, the map alone "
         "0.700 (cam_probe).", "claims"),
        ("one class", "H1", "Gave one class to all validation ROIs in 1 of 2 trainings.",
         "accuracy_by_class"),
        ("not transplanted", "depends_on",
         "No region of its ROIs was transplanted: set transplant: all.", "transplant_readings"),
        ("shortcut", "map_finds_lesion", "Above every floor that needs no outline: placement 0.800 "
         "(centred Gaussian 0.500), pixel_AUC 0.900 (all 255 0.600); but depends_on is answered: "
         "shortcut.", "heat_maps"),
        ("cells look elsewhere", "map_shows_where", "Shows no places, or not the network's: "
         "locality 0.490 (at least 0.5 needed), likeness to other ROIs' maps 0.800 (under 0.9), to "
         "those of random weights 0.100 (under 0.5).", "sanity"),
        ("the same, not transplanted", "map_finds_lesion", "Above every floor that needs no "
         "outline: placement 0.800 (centred Gaussian 0.500), pixel_AUC 0.900 (all 255 0.600); but "
         "map_shows_where is answered: no.", "heat_maps"),
        ("a control not run", "H1", "Not run, to be set in regimes: cam_alone; CAM_val_acc "
         "0.900, the map alone 0.700 (cam_probe).", "claims"),
        ("cam as cam_untrained", "H1", "Not shown to be more accurate on its CAMs than in "
         "cam_untrained (+0.000); CAM_val_acc 0.900, the map alone 0.700 (cam_probe).", "claims"),
        ("map alone, retrained", "H1", "Not above what the map alone tells by the margin of 0.05: "
         "CAM_val_acc 0.900, the map alone 0.860 (CAM_alone_val_acc).", "map_alone"),
    ],
)  # fmt: skip
def test_a_reason_has_the_numbers_that_decided(tmp_path, name, question, because, table):
    answer = answered(tmp_path, **PATTERNS[name][0])[question]
    assert (answer.because, answer.table) == (because, table)


def test_every_reason_is_one_sentence(tmp_path):
    for changes, _ in PATTERNS.values():
        for question, answer in answered(tmp_path, **changes).items():
            assert re.fullmatch(r"[A-Z].*[^.]\.", answer.because), (question, answer)
            assert not re.search(r"\. [A-Z]", answer.because), answer.because
            assert answer.table in verdicts.TABLES


def test_a_row_for_each_classifier_in_the_order_of_table_1(tmp_path):
    found = made()
    for name, table in found.items():
        own = table[table["Classifier"] == MODEL].assign(Classifier="A")
        found[name] = pd.concat([table, own])
    given = verdicts.answers(verdicts.read(written(tmp_path, found)), 0.05)
    short, long = verdicts.verdicts(given), verdicts.reasons(given)
    assert short.to_numpy().tolist() == [[MODEL, *GOOD], ["A", *GOOD]]
    assert list(short) == ["Classifier", *RESTS_ON]
    assert list(long) == ["Classifier", "question", "answer", "because", "table"]
    assert list(long["question"]) == 2 * list(RESTS_ON)
    assert list(long["answer"]) == 2 * GOOD


@pytest.mark.parametrize(
    ("table", "changed", "fault"),
    [
        ("accuracy_by_class", called(("cam", "both")), f": has no row of {MODEL}"),
        ("accuracy_by_class", called(("original", "")), ":2: called is '', none of abnormal, "),
        ("table1_intervals", accuracy().iloc[1:], ": has no row of any classifier"),
        ("sanity", checked().iloc[1:], f": has no row of {MODEL}"),
        ("heat_maps", scored().iloc[1:], f": has no row of {MODEL}"),
        ("heat_maps", scored().iloc[:-3], ": has no row of 5 outlines"),
        ("heat_maps", scored().iloc[:-2], ": has no row of untrained network"),
        ("heat_maps", scored().drop(columns="pixel_AUC"), ": has no column pixel_AUC"),
        ("map_alone", alone(cam_probe="good"), ":2: cam_probe is 'good', not a number"),
        ("map_alone", alone(CAM_alone_val_acc="good"), ":2: CAM_alone_val_acc is 'good'"),
        ("claims", pd.concat([h1_rows(), h1_rows()]), " stands in line 2, too"),
        ("transplant", transplanted(LESION)["transplant"].iloc[1:], " and outline"),
        ("transplant_readings", transplanted(LESION)["transplant_readings"].assign(map="Yes."),
         ":2: map cannot be 'Yes.'"),
    ],
)  # fmt: skip
def test_a_table_that_is_not_whole_is_told_in_a_line(tmp_path, table, changed, fault):
    paths = written(tmp_path, made(**{table: changed}))
    with pytest.raises(CamsegError) as error:
        verdicts.read(paths)
    assert str(error.value).startswith(str(paths[table]))
    assert fault in str(error.value)
    assert str(error.value).endswith("; remove the file and run the workflow again")
    assert "\n" not in str(error.value)


def test_bounds_and_names_are_those_of_the_tables_that_are_read():
    assert verdicts.LOCAL == transplants.LOCAL
    assert verdicts.SHOWN == claims.SIGNIFICANT
    assert {*verdicts.PLAIN, *verdicts.OUTLINED} == set(BASELINES)  # say what a new floor needs
    assert {*verdicts.INSIDE, *verdicts.MARKED} <= set(REGIONS)
    compared = {(each.first, each.second) for each in claims.COMPARISONS if each.claim == "H1"}
    assert {("cam", name) for name in verdicts.CONTROLS} <= compared
    assert REGIMES["cam_alone"].column == verdicts.ALONE


def test_the_diagram_asks_these_questions_with_these_bounds():
    text = (ROOT / "docs/reading.md").read_text()
    diagram = text[text.index("```") : text.rindex("```")]
    asked = re.findall(r"^\d  .*\?  +(\w+)  ", diagram, re.M)
    assert asked == list(RESTS_ON)
    for bound in (verdicts.LOCAL, verdicts.ALIKE, verdicts.SAME):
        assert f" {bound}" in diagram
    for name in verdicts.CONTROLS:
        assert name in diagram


def test_latex_fits_its_page(tmp_path):
    longest = [*PATTERNS, *PATTERNS]
    given = {f"InceptionResNetV{n}": answered(tmp_path, **PATTERNS[name][0])
             for n, name in enumerate(longest)}  # fmt: skip
    captions = tables.read_captions((ROOT / "workflow/report").glob("verdicts*.rst"))
    shown = {"verdicts": verdicts.verdicts(given).head(12)}
    shown |= {"verdicts_reasons": verdicts.reasons(given)}
    for name, table in shown.items():
        tables.write_table(table, [tmp_path / f"{name}.tex"], captions)
    assert "Overfull" not in typeset(tmp_path, shown)
