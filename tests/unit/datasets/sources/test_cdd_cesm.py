"""CDD-CESM as distributed: JPEGs, VIA's CSV of regions, the manual annotations exported as CSV."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from camseg.datasets.registry import SOURCES
from camseg.rois import extraction
from camseg.rois.boxes import Box
from conftest import block, bright
from made import RULES, index_source

LEFT, RIGHT = (120, 80), (110, 90)
VIA = [
    *("#filename", "file_size", "file_attributes", "region_count", "region_id"),
    *("region_shape_attributes", "region_attributes"),
]
LABELS = [
    *("Image_name", "Patient_ID", "Side", "Type", "Age", "Breast density (ACR)", "BIRADS"),
    *("Findings", "View", "Tags", "Machine", "Pathology Classification/ Follow up"),
]
SQUARE = {"name": "polygon", "all_points_x": [20, 35, 35, 20], "all_points_y": [50, 50, 57, 57]}


def write_csv(path: Path, header: list[str], *lines: list) -> None:
    with path.open("w", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows([header, *lines])


def write_regions(folder, *regions):
    """Write VIA's CSV: (picture, shape's attributes) each."""
    lines = [
        [name, 4711, "{}", len(regions), number, json.dumps(shape), "{}"]
        for number, (name, shape) in enumerate(regions)
    ]
    write_csv(folder / "Radiology_hand_drawn_segmentations_v2.csv", VIA, *lines)


def write_labels(folder, *labels):
    """Write the manual annotations: (picture, class) each, with blanks as in the real ones."""
    lines = [
        [f"{name} ", 1, "L", "DM", 46, "C", 4, "mass ", "CC", "", 1, label]
        for name, label in labels
    ]
    write_csv(folder / "Radiology-manual-annotations.csv", LABELS, *lines)


def write_picture(folder, name, shape=LEFT):
    place = folder / "Low energy images of CDD-CESM"
    place.mkdir(parents=True, exist_ok=True)
    side = {"L": "LEFT", "R": "RIGHT"}[name.split("_")[1]]
    Image.fromarray(bright(side, shape)).save(place / f"{name}.jpg", quality=95)


@pytest.fixture
def cesm(tmp_path):
    """Patient 1: a lesion in the left CC; the right one is normal."""
    write_picture(tmp_path, "P1_L_DM_CC")
    write_picture(tmp_path, "P1_R_DM_CC", RIGHT)
    write_regions(tmp_path, ("P1_L_DM_CC.jpg ", SQUARE))
    write_labels(tmp_path, ("P1_L_DM_CC", "Malignant"), ("P1_R_DM_CC", "Normal "))
    return tmp_path


def rows_of(folder):
    return {
        (row["case_id"], row["view"]): row
        for rows in index_source(folder, "cdd_cesm")
        for row in rows
    }


def extract(folder, rules=RULES):
    found = [
        candidate
        for rows in index_source(folder, "cdd_cesm")
        for candidate in extraction.extract_case(rows, folder, rules)
    ]
    return {candidate.roi_id: candidate for candidate in found}


def test_a_pair_of_one_patient(cesm):
    """Vertices on pixels' centres: columns 20 to 35 and rows 50 to 57 are lesion."""
    left = rows_of(cesm)["P1.CC.DM", "LEFT_CC"]
    assert (left["status"], left["patient_id"], left["pathologies"]) == (
        "usable",
        "P1",
        "MALIGNANT",
    )
    abnormal, normal = extract(cesm).values()
    assert [abnormal.record()[f"lesion_{side}"] for side in "xywh"] == [20, 50, 16, 8]
    assert abnormal.box == Box(16, 48, 24, 12)
    assert (abnormal.reason, abnormal.record()["outline"]) == ("", "POLYGON")
    assert (normal.reason, normal.box) == ("", Box(90 - 16 - 24, 48, 24, 12))


@pytest.mark.parametrize(
    ("region", "box"),
    [
        ({"name": "circle", "cx": 30, "cy": 60, "r": 6}, [24, 54, 13, 13]),
        ({"name": "ellipse", "cx": 30, "cy": 60, "rx": 8, "ry": 4}, [22, 56, 17, 9]),
        (
            {"name": "ellipse", "cx": 30, "cy": 60, "rx": 8, "ry": 4, "theta": np.pi / 2},
            [26, 52, 9, 17],
        ),
        ({"name": "rect", "x": 19.5, "y": 49.5, "width": 16, "height": 8}, [20, 50, 16, 8]),
        ({**SQUARE, "name": "polyline"}, [20, 50, 16, 8]),
    ],
)
def test_every_shape_of_an_area(cesm, region, box):
    write_regions(cesm, ("P1_L_DM_CC.jpg", region))
    record = extract(cesm)["P1.CC.DM.LEFT_CC.1.abnormal"].record()
    assert (record["status"], [record[f"lesion_{side}"] for side in "xywh"]) == ("used", box)


@pytest.mark.parametrize(
    ("region", "reason"),
    [
        ({"name": "point", "cx": 3, "cy": 4}, "the region is a point, which has no area"),
        ({"name": "star"}, "is none of VIA's shapes"),
        ({"name": "circle", "cx": 3, "cy": 4}, "is none of VIA's shapes"),
        ({"name": "circle", "cx": "x", "cy": 4, "r": 1}, "is none of VIA's shapes"),
        ({**SQUARE, "all_points_y": [1]}, "is none of VIA's shapes"),
        (
            {"name": "circle", "cx": 70, "cy": 60, "r": 90},
            "the circle leaves the picture of 80 x 120 pixels by 81: is it the picture that it was "
            "drawn on?",
        ),
        (
            {"name": "circle", "cx": 700, "cy": 60, "r": 9},
            "is it the picture that it was drawn on?",
        ),
    ],
)  # fmt: skip
def test_a_region_that_is_no_area_of_the_picture_is_left_out_by_itself(cesm, region, reason):
    write_regions(cesm, ("P1_L_DM_CC.jpg", SQUARE), ("P1_L_DM_CC.jpg", region))
    found = extract(cesm)
    assert found["P1.CC.DM.LEFT_CC.1.abnormal"].reason == ""
    lost = found["P1.CC.DM.LEFT_CC.2.abnormal"]
    assert lost.status == "unreadable"
    assert lost.reason.startswith("Radiology_hand_drawn_segmentations_v2.csv:3: ")
    assert lost.reason.endswith(reason)


def test_masks_beside_the_pictures_go_before_the_regions(cesm):
    place = cesm / "masks"
    place.mkdir()
    mask = Image.fromarray(block(LEFT, 10, 20, 16, 16))
    mask.save(place / "P1_L_DM_CC.jpg", quality=95)
    record = extract(cesm)["P1.CC.DM.LEFT_CC.1.abnormal"].record()
    assert record["outline"] == "MASK"
    assert [record[f"lesion_{side}"] for side in "xywh"] == [10, 20, 16, 16]


def test_low_energy_and_subtracted_pictures_are_cases_of_their_own(cesm):
    write_picture(cesm, "P1_L_CM_CC")
    write_regions(cesm, ("P1_L_DM_CC.jpg", SQUARE), ("P1_L_CM_CC.jpg", SQUARE))
    cases = {case for case, _ in rows_of(cesm)}
    assert cases == {"P1.CC.DM", "P1.CC.CM"}


@pytest.mark.parametrize(
    ("name", "label", "reason"),
    [
        ("P2_L_DM_CC", "Benign", None),  # a lesion of unknown place
        (
            "P2_L_DM_CC",
            "",
            "no region, mask or line of Radiology-manual-annotations.csv tells of it",
        ),
        ("P2 L", "Normal", "its name is not like P1_L_DM_MLO: patient, side, DM or CM, CC or MLO"),
    ],
)
def test_a_picture_of_which_nothing_sure_is_known(cesm, name, label, reason):
    write_picture(cesm, "P2_L_DM_CC")
    place = cesm / "Low energy images of CDD-CESM"
    (place / "P2_L_DM_CC.jpg").rename(place / f"{name}.jpg")
    if label:
        write_labels(cesm, ("P1_R_DM_CC", "Normal"), (name, label))
    row = next(row for row in rows_of(cesm).values() if row["case_id"].startswith("P2"))
    if reason:
        assert row["status"] == "rejected"
        assert row["reason"].endswith(reason)
    else:
        lost = extract(cesm)["P2.CC.DM.LEFT_CC.1.abnormal"]
        assert lost.reason.endswith("P2_L_DM_CC.jpg is BENIGN, and has no region or mask")


def test_a_region_of_a_picture_that_is_not_there_is_told(cesm):
    write_regions(cesm, ("P1_L_DM_CC.jpg", SQUARE), ("P9_L_DM_CC.jpg", SQUARE))
    (row,) = [row for row in rows_of(cesm).values() if row["status"] == "rejected"]
    assert row["reason"].endswith("v2.csv:3: there is no picture P9_L_DM_CC")


def test_a_picture_that_is_there_twice_is_rejected(cesm):
    other = cesm / "copy"
    other.mkdir()
    source = cesm / "Low energy images of CDD-CESM" / "P1_L_DM_CC.jpg"
    (other / source.name).write_bytes(source.read_bytes())
    assert "is there twice" in rows_of(cesm)["P1.CC.DM", "LEFT_CC"]["reason"]


def test_real_pictures_with_masks(fixtures):
    """264 pictures squashed to 512 x 512, with masks so: none is read by the regions."""
    folder = fixtures.parent / "real/cesm"
    assert SOURCES["cdd_cesm"].path == "folder"
    rows = rows_of(folder)
    usable = [row for row in rows.values() if row["status"] == "usable"]
    assert (len(usable), len({row["patient_id"] for row in usable})) == (264, 170)
    assert {row["pathologies"] for row in usable} == {"MALIGNANT"}
    rules = replace(RULES, normal="same_image")
    (cases,) = [
        list(rows) for rows in index_source(folder, "cdd_cesm") if rows[0]["case_id"] == "P3.CC.DM"
    ]
    found = extraction.extract_case(cases, folder, rules)
    assert found[0].reason == ""
    assert found[0].record()["outline"] == "MASK"
