"""The checklist of a made-up study whose numbers are counted by hand."""

import re
from dataclasses import replace

import pandas as pd
import pytest

from camseg.report import checklist, tables
from camseg.report.facts import FILL_IN, Study

# as published: CLAIM's 44 items (2024 update), TRIPOD+AI's 27 with their 52 parts
CLAIM = [str(number) for number in range(1, 45)]
TRIPOD = (
    "1 2 3a 3b 3c 4 5a 5b 6a 6b 6c 7 8a 8b 8c 9a 9b 9c 10 11 12a 12b 12c 12d 12e 12f 12g 13 14 "
)
TRIPOD += "15 16 17 18a 18b 18c 18d 18e 18f 19 20a 20b 20c 21 22 23a 23b 24 25 26 27a 27b 27c"
MODEL = {"name": "A", "network": "A", "head": "gap", "widths": [], "weights": None}
CONFIGURATION = {
    "seed": 7,
    "dataset": {"source": "ddsm", "path": "/home/somebody/films"},
    "phantom": {"cases": 30},
    "selection": {"lesion_types": ["MASS"], "pathologies": [], "volumes": None},
    "rois": {
        **{"size": 96, "padding": [0.1, 0.3], "grey": "min_max", "outline": "core"},
        **{"normal": "contralateral", "normal_place": "skin_distance"},
        **{"overlap": "drop_both", "min_breast_share": 0.5},
        **{"unpaired": "keep", "odd_masks": "mend"},
    },
    "split": {"by": "patient", "max_abnormal": None, "test": False},
    "splits": 1,
    "seeds": 1,
    "models": [MODEL, {**MODEL, "name": "B"}],
    "training": {
        **{"epochs": 20, "patience": 5, "monitor": "val_auc", "keep": "best", "batch_size": 4},
        **{"learning_rate": 0.001, "schedule": "cosine", "class_weights": None, "flips": False},
        **{"rotation": 0, "batchnorm_momentum": 0.8, "threads": 2},
        **{"precision": "float32", "xla": False},
    },
    "cam": {
        **{"explanation": "grad_cam", "score": "margin", "target": "abnormal"},
        **{"sign": "signed", "resize": "nearest", "smoothing": 0},
    },
    "margin": 0.05,
}
INDEX = "patient_id view status reason digitizer resolution bits_per_pixel"
CANDIDATES = "roi_id patient_id label status reason outline mask_mended notes pathology lesion_type"


def candidate(name, label, status="used", reason="", mended="", notes=""):
    pathology = "BENIGN" if name == "P1" else "MALIGNANT"
    outline = "CORE" if label == "abnormal" else ""
    row = [f"{name}.1.{label}", name, label, status, reason, outline, mended, notes, pathology]
    return [*row, "MASS SHAPE OVAL; CALCIFICATION" if name == "P2" else "MASS"]


def make_study(**changed) -> Study:
    """Four patients, P1 to P4; P4's ROIs are lost, and so is one normal ROI."""
    index = pd.DataFrame(
        [
            [name, f"{side}_CC", *given]
            for name, *given in (
                ("P1", "usable", "", "DBA", "42.0", "16"),
                ("P2", "usable", "", "DBA", "42.0", "16"),
                ("P3", "usable", "", "LUMISYS", "50.0", "12"),
                ("P4", "rejected", "unknown scanner", "", "", ""),
            )
            for side in ("LEFT", "RIGHT")
        ],
        columns=INDEX.split(),
    )
    index["case_id"] = index["patient_id"]
    candidates = pd.DataFrame(
        [
            candidate("P1", "abnormal", mended="yes", notes="inverted"),
            candidate("P1", "normal"),
            candidate("P2", "abnormal"),
            candidate("P2", "normal", "dropped", "too little breast"),
            candidate("P3", "abnormal"),
            candidate("P3", "normal"),
        ],
        columns=CANDIDATES.split(),
    )
    trainings = [("original", "A", 3, 9), ("original", "B", 20, 20), ("cam", "A", 12, 17)]
    intervals = [
        ("A", "val_acc", 0.8, 0.6, 0.9, 0.85, 0.7, 0.95, "Wilson, patients as clusters"),
        ("B", "val_acc", 0.7, 0.5, 0.8, 0.95, 0.8, 0.99, "Wilson, patients as clusters"),
        ("A", "Dice", 0.4, 0.3, 0.5, None, None, None, "bootstrap of patients"),
        ("B", "Dice", 0.3, 0.2, 0.4, None, None, None, "bootstrap of patients"),
        ("A", "CAM_val_acc", 0.6, None, None, 0.5, 0.4, 0.6, "Wilson, patients as clusters"),
    ]
    classes = [
        ("original", "both", "normal", 12, 8, 0.6, 0.8, 0.75, 0.875),  # 3 missed, 1 alarm
        ("original", "both", "normal", 12, 8, 0.6, 0.7, 0.5, 1.0),  # 6 missed, none
        ("cam", "abnormal", "normal", 12, 8, 0.6, 0.5, 1.0, 0.0),
    ]
    names = ["Classifier", "quantity", "value", "low", "high", "AUC", "AUC_low", "AUC_high"]
    counts = ["n_abnormal", "n_normal", "majority", "balanced", "sensitivity", "specificity"]
    study = Study(
        configuration=CONFIGURATION,
        source="DDSM",
        index=index,
        candidates=candidates,
        splits=[],
        trainings=pd.DataFrame(trainings, columns=["regime", "model", "best_epoch", "epochs"]),
        intervals=pd.DataFrame(intervals, columns=[*names, "interval"]),
        classes=pd.DataFrame(classes, columns=["regime", "called", "few", *counts]),
        versions={"camseg": "v1", "python": "3.12.1", "numpy": "2.0", "pytest": "9"},
    )
    study = replace(study, splits=[divided(study, P1="train", P2="validation", P3="train")])
    return replace(study, **changed)


def divided(study, **sides):
    """A split that puts each patient on a side."""
    return study.used.assign(side=study.used["patient_id"].map(sides))


def configured(section=None, **changed):
    """The configuration with other values, of a section or at the top."""
    changed = {section: CONFIGURATION[section] | changed} if section else changed
    return CONFIGURATION | changed


def said(study: Study) -> dict[str, str]:
    return checklist.checklist(study).set_index("item")["this_study"].to_dict()


def numbers(cells, known: list[str]) -> set[str]:
    """The items that cells name: "8, 10", "16-18"."""
    found = set()
    for part in ", ".join(filter(None, cells)).split(", "):
        first, _, last = part.partition("-")
        places = [
            i for i, name in enumerate(known) if re.fullmatch(rf"{last or first}[a-z]?", name)
        ]
        start = [i for i, name in enumerate(known) if re.fullmatch(rf"{first}[a-z]?", name)]
        assert places, part
        assert start, part
        found |= set(known[start[0] : places[-1] + 1])
    return found


def test_every_item_of_both_checklists_has_its_row():
    table = checklist.checklist(make_study())
    assert list(table.columns) == checklist.COLUMNS
    assert numbers(table["CLAIM"], CLAIM) == set(CLAIM)
    assert numbers(table["TRIPOD_AI"], TRIPOD.split()) == set(TRIPOD.split())
    assert table["item"].is_unique
    assert (table["this_study"] != "").all()
    assert (table[["CLAIM", "TRIPOD_AI"]] != "").any(axis=1).all()
    short = table.drop(columns="this_study")  # columns that stay narrow in LaTeX
    assert short.map(len).max().max() <= tables.LONG


def test_what_no_run_tells_is_marked_and_no_path_of_a_person_stands_there():
    row = said(make_study())
    blank = {item for item, text in row.items() if text == FILL_IN}
    assert {"Ethical approval, consent", "Funding, conflicts of interest"} < blank
    assert {"De-identification", "Annotators, blinding, agreement"} < blank
    assert row["Data source"] == "DDSM; whom it represents: fill in"
    assert not any("somebody" in text or "synthetic" in text for text in row.values())


@pytest.mark.parametrize(
    ("outlines", "told"),
    [
        (["CORE", "CORE", "CORE"], "outlines CORE (3); pathology"),
        (
            ["BOX", "CORE", "BOX"],
            "outlines BOX (2), CORE (1), of which 2 are boxes round lesions, no outlines; ",
        ),
    ],
)
def test_boxes_are_said_to_be_no_outlines(outlines, told):
    study = make_study()
    abnormal = (study.candidates["status"] == "used") & (study.candidates["label"] == "abnormal")
    study.candidates.loc[abnormal, "outline"] = outlines
    assert told in said(study)["Reference standard"]


def test_phantoms_are_said_to_be_synthetic():
    row = said(make_study(configuration=configured("dataset", source="phantom")))
    assert row["Data source"].startswith("synthetic: 30 cases drawn from seed 7 ")
    for item in ("Ethical approval, consent", "De-identification", "Dates, setting, treatment"):
        assert row[item].startswith("synthetic: ")
    assert row["Limitations"].startswith("synthetic images, ")
    assert row["Funding, conflicts of interest"] == FILL_IN


def test_data_are_counted():
    row = said(make_study())
    assert row["Included and excluded"] == (
        "4 patients; 6 of 8 views usable; ROIs used: 3 of 3 abnormal, 2 of 3 normal, of 3 "
        "patients; left out: 2 views rejected (unknown scanner); 1 normal ROI dropped (too little "
        "breast)"
    )
    assert (
        "2 of 8 views, 1 of 6 candidate ROIs; used, but noted as odd: 1 ROIs"
        in (row["Missing data"])
    )
    assert row["Eligibility, selection"] == (
        "views LEFT_CC, RIGHT_CC; lesion types MASS; all usable ROIs"
    )
    assert row["Image acquisition"] == (
        "digitizer (views): DBA (4), LUMISYS (2); 42 to 50 micrometres a pixel; 12 to 16 bits a "
        "pixel; devices and exposure: fill in"
    )
    assert row["Reference standard"].endswith(
        "The 3 abnormal ROIs used: outlines CORE (3); pathology MALIGNANT (2), BENIGN (1); masks "
        "mended: 1 (odd_masks: mend)"
    )
    assert row["Characteristics by partition"] == (
        "age, sex, breast density: fill in; pathology and type of abnormal ROIs: training BENIGN "
        "(1), MALIGNANT (1), MASS (2); validation MALIGNANT (1), CALCIFICATION+MASS (1)"
    )
    for text in ("min_max", "0.1 to 0.3", "at least 0.5", "drop_both", "96 x 96"):
        assert text in row["Pre-processing"]


def test_more_reasons_than_are_told_are_counted_together():
    study = make_study()
    study.index.loc[0, ["status", "reason"]] = ["rejected", "no image"]
    study.index.loc[1, ["status", "reason"]] = ["absent", ""]
    assert said(study)["Included and excluded"].endswith(
        "left out: 2 views rejected (unknown scanner); 1 view absent; 1 view rejected (no "
        "image); 1 for 1 other reasons"
    )


def test_partitions_are_counted_by_side():
    row = said(make_study())
    assert row["Partitions"] == (
        "1 split, at random by patient, both classes in proportion: training 4 ROIs (2 abnormal, 2 "
        "normal) of 2 patients; validation 1 ROIs (1 abnormal, 0 normal) of 1 patients"
    )
    assert row["Level of disjointness"] == "patient: nobody has ROIs on two sides"
    assert row["Sample size"].startswith("5 ROIs of 3 patients, ")
    assert "two sides" not in row["Limitations"]


def test_several_splits_and_seeds_are_told_from_least_to_most():
    study = make_study(configuration=configured(splits=2, seeds=3))
    other = divided(study, P1="validation", P2="train", P3="unused")
    row = said(replace(study, splits=[study.splits[0]] * 3 + [other] * 3))
    assert row["Partitions"] == (
        "2 splits, at random by patient, both classes in proportion: training 1 to 4 ROIs (1 to 2 "
        "abnormal, 0 to 2 normal) of 1 to 2 patients; validation 1 to 2 ROIs (1 abnormal, 0 to 1 "
        "normal) of 1 patients; unused 0 to 2 ROIs (0 to 1 abnormal, 0 to 1 normal) of 0 to 1 "
        "patients"
    )
    assert "2 splits x 3 seeds; all random numbers follow from seed 7" in row["Number of trainings"]
    assert "(first split)" in row["Characteristics by partition"]
    assert "chance in training" not in row["Limitations"]
    assert "chance in training" in said(make_study())["Limitations"]


def test_a_test_set_is_told_from_rois_that_choose_the_epoch():
    study = make_study()
    row = said(study)
    assert row["Choice of the final model"] == (
        "the weights of the epoch of best accuracy (of equals, lower loss; then the earlier), "
        "epochs 3 to 20; chosen on the very ROIs that are scored, which lifts their accuracy"
    )
    assert "epochs chosen on the ROIs that are scored" in row["Limitations"]
    tested = divided(study, P1="train", P2="validation", P3="selection")
    row = said(replace(study, splits=[tested]))
    assert row["Choice of the final model"].endswith(
        "; chosen on the side selection, on which no accuracy is scored"
    )
    assert "epochs chosen" not in row["Limitations"]
    assert "selection 2 ROIs (1 abnormal, 1 normal) of 1 patients" in row["Partitions"]
    assert "; test (validation) 1 ROIs" in row["Partitions"]
    assert row["Internal evaluation"].startswith("scored are the test (validation) ROIs, ")


def test_patients_on_two_sides_are_counted():
    study = make_study(configuration=configured("split", by="roi"))
    mixed = study.used.assign(side=["train", "validation", "train", "train", "validation"])
    row = said(replace(study, splits=[mixed]))
    assert row["Level of disjointness"].startswith("ROI: 2 patients have ROIs on two sides")
    assert "patients with ROIs on two sides" in row["Limitations"]
    assert "at random ROI by ROI" in row["Partitions"]


def test_unknown_patients_are_said_to_be_unknown_and_what_follows():
    study = make_study(configuration=configured("split", by="image"))
    study.index["patient_id"] = ""
    for table in (study.candidates, study.splits[0]):
        table["patient_id"] = "image:" + table["patient_id"]
    row = said(study)
    assert row["Included and excluded"].startswith("4 images of unknown patients; 6 of 8 views ")
    assert "2 of 3 normal, of 3 images of unknown patients; " in row["Included and excluded"]
    assert row["Partitions"].startswith("1 split, at random by image, ")
    assert "training 4 ROIs (2 abnormal, 2 normal) of 2 images of unknown " in row["Partitions"]
    assert row["Sample size"].startswith("5 ROIs of 3 images of unknown patients, ")
    assert row["Level of disjointness"] == (
        "image: none has ROIs on two sides; patients are unknown, and may have images on two "
        "sides, which may lift accuracies"
    )
    assert "patients unknown: they may stand on two sides" in row["Limitations"]
    assert "makes intervals too narrow" in row["Limitations"]
    assert "unknown" not in said(make_study())["Limitations"]


def test_some_unknown_patients_are_told_from_none():
    study = make_study(configuration=configured("split", by="roi"))
    mixed = study.used.assign(side=["train", "validation", "train", "train", "validation"])
    for table in (study.candidates, mixed):
        table.loc[table["patient_id"] == "P1", "patient_id"] = "image:P1"
    row = said(replace(study, splits=[mixed]))
    assert row["Level of disjointness"] == (
        "ROI: 2 patients, and images of unknown ones have ROIs on two sides; patients are "
        "unknown, and may have images on two sides, which may lift accuracies"
    )


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({}, "at the mirrored place of the other breast,"),
        (
            {"normal": "same_image"},
            "in the same image, off all lesions, about as far from the skin ",
        ),
        ({"normal": "same_image", "normal_place": "drawn"}, "off all lesions, at any place,"),
        ({"normal": "other_images"}, "at the same place of a normal image of another patient,"),
    ],
)
def test_where_normal_rois_are_cut_is_told(changed, told):
    row = said(make_study(configuration=configured("rois", **changed)))
    assert told in row["Pre-processing"]
    assert told.removesuffix(",") in row["Reference standard"]


def test_lesions_without_a_normal_roi_are_said_to_be_left_out():
    told = "else its abnormal one is left out"
    assert told not in said(make_study())["Pre-processing"]
    pairs = make_study(configuration=configured("rois", unpaired="drop"))
    assert told in said(pairs)["Pre-processing"]


def test_regions_already_cut_are_not_said_to_be_cut():
    given = configured("dataset", source="rois") | {"split": {"by": "roi", "max_abnormal": 3}}
    row = said(make_study(configuration=given))
    assert row["Pre-processing"].startswith("8-bit grey (min_max); regions as the data have cut ")
    assert "normal: a region that the data call so. The 3 " in row["Reference standard"]
    assert row["Eligibility, selection"].endswith("and all normal ones")


def test_training_is_described():
    row = said(make_study())
    assert row["Training"] == (
        "cross-entropy, Adam, learning rate 0.001 (cosine), batches of 4, at most 20 epochs; early "
        "stopping after 5 epochs without a better val_auc (it ended 2 of 3 trainings); "
        "augmentation: none; BatchNorm momentum: 0.8"
    )
    assert row["Number of trainings"].startswith("3 trainings by regime: original 2, cam 1; ")
    assert row["Initial weights"] == "all classifiers: random, from the seed"
    assert row["Software"].startswith("camseg (v1), Python 3.12.1, numpy 2.0; threads: 2; ")
    given = configured("training", flips=True, rotation=15, keep="last", batchnorm_momentum=None)
    row = said(make_study(configuration=given))
    assert "augmentation: flips, rotations up to 15 degrees; " in row["Training"]
    assert row["Training"].endswith("BatchNorm momentum: the networks' own")
    assert row["Choice of the final model"].startswith("the last epoch's weights; ")
    given = configured("training", precision="bfloat16", xla=True)
    row = said(make_study(configuration=given))
    assert row["Training"].endswith("momentum: 0.8; steps in bfloat16, compiled by XLA")


def test_pretrained_weights_and_other_heads_are_named():
    entries = [
        MODEL,
        {**MODEL, "name": "B", "weights": "imagenet"},
        {**MODEL, "name": "C", "network": "A", "head": "gap_dense", "widths": [64, 8]},
        {**MODEL, "name": "D", "weights": "/home/somebody/start.weights.h5"},
    ]
    row = said(make_study(configuration=configured(models=entries)))
    assert row["Initial weights"] == (
        "A, C: random, from the seed; B: ImageNet's (keras.applications); D: the file "
        "start.weights.h5"
    )
    assert row["Models, output, threshold"].startswith(
        "A, B (A), C (A; then dense layers of 64, 8), D (A): "
    )


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({}, "for the class abnormal, enlarged (nearest); examined by random weights, "),
        ({"sign": "positive"}, "for the class abnormal, its positive values, enlarged (nearest);"),
        (
            {"sign": "absolute", "smoothing": 0.05},
            "its absolute values, enlarged (nearest), smoothed by 0.05 of the side; examined by",
        ),
    ],
)
def test_how_maps_are_made_is_told(changed, told):
    row = said(make_study(configuration=configured("cam", **changed)))
    text = row["Explanations, their validation"]
    assert text.startswith("grad_cam of the margin for the class abnormal")
    assert told in text


def test_classifiers_trained_elsewhere_and_networks_of_ones_own_are_named():
    entries = [
        {**MODEL, "network": "networks/mine.py:build"},
        {**MODEL, "name": "B", "trained": "/home/somebody/given.keras"},
    ]
    row = said(make_study(configuration=configured(models=entries)))
    assert row["Initial weights"] == (
        "A: random, from the seed; B: none, trained elsewhere (given.keras); retrained: random, "
        "from the seed"
    )
    assert row["Models, output, threshold"].startswith(
        "A (networks/mine.py:build), B (A): keras.applications or the file named, global average"
    )
    assert "(it ended 2 of 2 trainings)" in row["Training"]  # B's original one is none


def test_results_are_told_from_lowest_to_highest_with_their_intervals():
    row = said(make_study())
    assert row["Performance"] == (
        "val_acc 0.700 (0.500 to 0.800, B) to 0.800 (0.600 to 0.900, A); AUC 0.850 (0.700 to "
        "0.950, A) to 0.950 (0.800 to 0.990, B); Dice 0.300 (0.200 to 0.400, B) to 0.400 (0.300 "
        "to 0.500, A); CAM_val_acc 0.600 (A)"
    )
    assert row["Failures"].startswith(
        "networks on whole ROIs: 3 to 6 of 12 abnormal ROIs called normal, 0 to 1 of 8 normal ones "
    )
    assert row["Class balance"] == (
        "of 20 ROIs scored, 12 abnormal; the larger class: 0.600; balanced accuracy 0.500 to "
        "0.800; one class given to all ROIs: 1 of 3 trainings; class weights: none; recalibration: "
        "none"
    )
    assert "(Wilson, patients as clusters; bootstrap of patients)" in row["Uncertainty, tests"]
    assert "few scored ROIs of a class (accuracy_by_class: few): 3 trainings" in row["Limitations"]


@pytest.mark.parametrize("suffix", ["md", "tex", "html"])
def test_hostile_reasons_stand_in_every_format_as_text(tmp_path, suffix):
    study = make_study()
    study.candidates.loc[3, "reason"] = "a <b> | $x_1$ & \\input{y}"
    path = tmp_path / f"checklist.{suffix}"
    tables.write_table(checklist.checklist(study), [path], {"checklist": "Words."})
    text = path.read_text()
    spoilt = {"md": " | $x", "tex": r"\input{", "html": "<b>"}[suffix]
    assert spoilt not in text
