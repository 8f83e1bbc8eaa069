import numpy as np
import pytest

from camseg.errors import CamsegError
from camseg.rois import extraction
from camseg.rois.boxes import Box
from conftest import bright, write_dicom
from made import RULES, index_source

HEADER = (
    "study_id,series_id,image_id,laterality,view_position,height,width,breast_birads,"
    "breast_density,finding_categories,finding_birads,xmin,ymin,xmax,ymax,split"
)
STUDY = "48575a27b7c992427041a82fa750d3fa"
SHAPE = (120, 80)
FEW_LEVELS = "only 10 of 256 grey levels are in use"  # of `bright`
MASS = "\"['Nipple Retraction', 'Mass']\",BI-RADS 4"


def line(image, view="CC", finding=MASS, box="20.25,50.5,35.75,57.25", size="120,80"):
    """A line of the CSV; an image's name begins with its side."""
    return (
        f"{STUDY},26de4993,{image},{image[0]},{view},{size},BI-RADS 4,DENSITY C,{finding},"
        f"{box},training"
    )


def normal(image, view="CC"):
    return line(image, view, "['No Finding'],", ",,,")


def write(root, *lines):
    """The CSV, and an image of every name in it."""
    text = "\n".join([HEADER, *lines]) + "\n"
    (root / "finding_annotations.csv").write_text(text)
    for each in lines:
        image, letter = each.split(",")[2:4]
        pixels = bright({"R": "RIGHT"}.get(letter, "LEFT"), SHAPE).astype(np.uint16) * 257
        write_dicom(root / "images" / STUDY / f"{image}.dicom", pixels)
    return root


def rows_of(root):
    return {
        (row["case_id"], row["view"]): row
        for rows in index_source(root, "vindr_mammo")
        for row in rows
    }


def extract(root):
    candidates = []
    for rows in index_source(root, "vindr_mammo"):
        candidates += extraction.extract_case(rows, root, RULES)
    return {candidate.roi_id: candidate for candidate in candidates}


def test_golden_boxes_and_masks_of_a_study_in_two_projections(tmp_path):
    write(tmp_path, line("La"), normal("Ra"), normal("Lb", "MLO"), normal("Rb", "MLO"))
    rows = rows_of(tmp_path)
    assert {row["status"] for row in rows.values()} == {"usable"}
    assert {row["patient_id"] for row in rows.values()} == {STUDY}
    assert {key: row["abnormalities"] for key, row in rows.items()} == {
        (f"{STUDY}.CC", "LEFT_CC"): 1,
        (f"{STUDY}.CC", "RIGHT_CC"): 0,
        (f"{STUDY}.MLO", "LEFT_MLO"): 0,
        (f"{STUDY}.MLO", "RIGHT_MLO"): 0,
    }
    left = rows[f"{STUDY}.CC", "LEFT_CC"]
    assert left["lesion_types"] == "MASS+NIPPLE_RETRACTION"
    assert left["pathologies"] == "BI-RADS 4"
    candidates = extract(tmp_path)
    # columns 21 to 35 and rows 51 to 57 have their centres in it: 15 x 7; a quarter on each side
    abnormal = candidates[f"{STUDY}.CC.LEFT_CC.1.abnormal"]
    assert abnormal.box == Box(17, 49, 23, 11)
    record = abnormal.record()
    assert [record[f"lesion_{side}"] for side in "xywh"] == [21, 51, 15, 7]
    assert (record["outline"], record["box_share"]) == ("BOX", 1.0)
    assert record["notes"] == FEW_LEVELS
    assert (record["lesion_type"], record["pathology"]) == ("MASS+NIPPLE_RETRACTION", "BI-RADS 4")
    assert candidates[f"{STUDY}.CC.LEFT_CC.1.normal"].box == Box(80 - 17 - 23, 49, 23, 11)
    assert {item.status for item in candidates.values()} == {"used"}


def test_a_box_partly_outside_ends_at_the_edge_and_is_told(tmp_path):
    write(tmp_path, line("La", box="-6.25,50.5,35.75,57.25"), normal("Ra"))
    abnormal = extract(tmp_path)[f"{STUDY}.CC.LEFT_CC.1.abnormal"]
    record = abnormal.record()
    assert [record[f"lesion_{side}"] for side in "xywh"] == [0, 51, 36, 7]
    assert record["outline_beyond"] == 6
    told = "its box leaves the image by 6 pixels and ends at the edge"
    assert record["notes"] == f"{told}; {FEW_LEVELS}"
    assert abnormal.status == "used"


def test_several_findings_of_an_image_are_its_lesions(tmp_path):
    calcification = "['Suspicious Calcification'],"
    write(tmp_path, line("La"), line("La", finding=calcification, box="20,80,30,90"), normal("Ra"))
    row = rows_of(tmp_path)[f"{STUDY}.CC", "LEFT_CC"]
    assert row["abnormalities"] == 2
    assert row["lesion_types"] == "MASS+NIPPLE_RETRACTION; SUSPICIOUS_CALCIFICATION"
    assert row["pathologies"] == "BI-RADS 4; "
    second = extract(tmp_path)[f"{STUDY}.CC.LEFT_CC.2.abnormal"].record()
    assert (second["lesion_type"], second["pathology"]) == ("SUSPICIOUS_CALCIFICATION", "")


@pytest.mark.parametrize(
    ("box", "reason"),
    [
        (",,,", "csv:2: MASS+NIPPLE_RETRACTION has no box: its place is not known"),
        ("1,2,,4", "csv:2: its box is '1', '2', '', '4', not four numbers"),
        ("1,2,x,4", "csv:2: its box is '1', '2', 'x', '4', not four numbers"),
        ("1,2,inf,4", "the box has a number that is none"),
        ("30,50,20,60", "the box at (25, 55) has no area"),
        ("90,50,99,60", "the box's centre (94.5, 55) lies outside the image of 80 x 120 pixels"),
    ],
)
def test_a_finding_without_a_sensible_box_has_no_place_and_costs_no_other(tmp_path, box, reason):
    write(tmp_path, line("La", box=box), line("La", box="20,80,30,90"), normal("Ra"))
    candidates = extract(tmp_path)
    lost = candidates[f"{STUDY}.CC.LEFT_CC.1.abnormal"]
    assert (lost.status, reason in lost.reason) == ("unreadable", True), lost.reason
    assert candidates[f"{STUDY}.CC.LEFT_CC.2.abnormal"].status == "used"


def test_no_normal_roi_is_taken_from_a_view_with_a_finding_of_unknown_place(tmp_path):
    write(tmp_path, line("La"), line("Ra", box=",,,"))
    reason = extract(tmp_path)[f"{STUDY}.CC.LEFT_CC.1.normal"].reason
    assert reason == "RIGHT_CC holds a lesion whose place is not known"


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (line("La", finding="Mass,"), "csv:2: finding_categories is 'Mass', not a list"),
        (line("La", finding="[__import__('os')],"), "\"[__import__('os')]\", not a list"),
        (line("La", finding="[],"), "csv:2: finding_categories is '[]', not a list"),
        (line("La", finding="[1],"), "csv:2: finding_categories is '[1]', not a list"),
        (line("La", finding="['No Finding'],"), "csv:2: has no finding, but a box"),
        (
            line("La", finding="\"['No Finding', 'Mass']\",", box=",,,"),
            "\"['No Finding', 'Mass']\", which makes no sense",
        ),
        (
            line("La", size="1200,800"),
            "La.dicom has 120 x 80 pixels, the list says 1200 x 800, in which its boxes are",
        ),
    ],
)
def test_a_line_that_makes_no_sense_rejects_its_view_alone(tmp_path, bad, reason):
    write(tmp_path, bad, line("Ra"), normal("Lb", "MLO"), normal("Rb", "MLO"))
    rows = rows_of(tmp_path)
    (rejected,) = (row for row in rows.values() if row["status"] == "rejected")
    assert rejected["view"] == "LEFT_CC"
    assert reason in rejected["reason"], rejected["reason"]


def test_an_image_that_is_missing_or_of_no_side_is_rejected(tmp_path):
    write(tmp_path, line("La"), normal("Ra"), line("Xa"))
    (tmp_path / "images" / STUDY / "Ra.dicom").unlink()
    reasons = {row["reason"] for row in rows_of(tmp_path).values()}
    assert reasons == {
        "",
        f"images/{STUDY}/Ra.dicom is missing",
        f"finding_annotations.csv:4: '{STUDY}', 'Xa', 'X', 'CC' name no image",
    }


def test_a_csv_without_a_column_is_one_clear_error(tmp_path):
    write(tmp_path, line("La"))
    path = tmp_path / "finding_annotations.csv"
    path.write_text(path.read_text().replace("finding_categories", "categories"))
    with pytest.raises(CamsegError, match=r"csv:1: has no column 'finding_categories'"):
        rows_of(tmp_path)
