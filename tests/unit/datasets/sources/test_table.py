from dataclasses import replace
from pathlib import Path
from unicodedata import normalize

import numpy as np
import pytest
from PIL import Image

from camseg.datasets import annotations, shapes
from camseg.errors import CamsegError
from camseg.rois import extraction
from camseg.rois.boxes import Box
from conftest import block, bright, ramp
from made import RULES, index_source

HEADER = "image,patient,side,label,x,y,r,y_from,mask,pathology,type,view"
NO_MASK = (
    "is no mask: it has 199 grey levels, and no threshold between them parts lesion from the rest"
)
SHAPE = (120, 80)


def write_images(folder, **shapes):
    """Write left.pgm and right.pgm, or others, as breasts on dark film."""
    for name in ("left", "right"):
        shape = shapes.get(name, SHAPE)
        Image.fromarray(bright(name.upper(), shape)).save(folder / f"{name}.pgm")


def write_table(folder, *lines, header=HEADER, name="table.csv"):
    path = folder / name
    path.write_text("\n".join([header, *lines]) + "\n")
    return path


def rows_of(table):
    return {
        (row["case_id"], row["view"]): row for rows in index_source(table, "table") for row in rows
    }


def extract(table, rules=RULES):
    candidates = []
    for rows in index_source(table, "table"):
        candidates += extraction.extract_case(rows, table.parent, rules)
    return {candidate.roi_id: candidate for candidate in candidates}


def test_golden_boxes_of_a_circle_counted_from_the_bottom(tmp_path):
    # centre: column 30, row 119 - 40 = 79; columns 22..38, rows 71..87; padding round(17 / 4) = 4
    write_images(tmp_path)
    table = write_table(
        tmp_path,
        "left.pgm,7,left,abnormal,30,40,8,bottom,,MALIGNANT,CIRC",
        "right.pgm,7,right,normal",
    )
    abnormal, normal = extract(table).values()
    assert (abnormal.roi_id, normal.roi_id) == ("7.LEFT.1.abnormal", "7.LEFT.1.normal")
    assert abnormal.box == Box(18, 67, 25, 25)
    assert normal.box == Box(80 - 18 - 25, 67, 25, 25)
    assert abnormal.reason == normal.reason == ""
    record = abnormal.record()
    assert (record["patient_id"], record["view"], record["outline"]) == ("7", "LEFT", "CIRCLE")
    assert (record["pathology"], record["lesion_type"]) == ("MALIGNANT", "CIRC")
    assert normal.row["view"] == "RIGHT"
    # a disc of radius 8 about the middle pixel of the ROI, 25 pixels made 32
    assert abnormal.lesion.mean() == pytest.approx(np.pi * 8**2 / 25**2, abs=0.02)


def test_an_image_is_cut_pixel_by_pixel_where_nothing_is_resized(tmp_path):
    # radius 11: columns 19..41, rows 68..90; padding round(23 / 4) = 6
    write_images(tmp_path)
    table = write_table(
        tmp_path, "left.pgm,7,left,abnormal,30,40,11,bottom", "right.pgm,7,right,normal"
    )
    abnormal = extract(table, replace(RULES, size=35))["7.LEFT.1.abnormal"]
    assert abnormal.box == Box(13, 62, 35, 35)
    image = np.asarray(Image.open(tmp_path / "left.pgm"))
    assert abnormal.image.tolist() == image[62:97, 13:48].tolist()


def test_a_circle_counts_from_the_top_unless_told_otherwise(tmp_path):
    write_images(tmp_path)
    table = write_table(tmp_path, "left.pgm,7,left,abnormal,30,40,8", "right.pgm,7,right,normal")
    assert extract(table)["7.LEFT.1.abnormal"].box == Box(18, 28, 25, 25)


def test_golden_boxes_of_a_mask_with_images_of_different_sizes(tmp_path):
    write_images(tmp_path, right=(130, 90))
    Image.fromarray(block(SHAPE, 20, 50, 16, 8)).save(tmp_path / "mask.png")
    table = write_table(
        tmp_path,
        "left.pgm\tpat-1\tLeft\tAbnormal\tmask.png",
        "right.pgm\tpat-1\tRight\tNormal",
        header="image\tpatient\tside\tlabel\tmask",
        name="table.tsv",
    )
    candidates = extract(table)
    assert candidates["pat-1.LEFT.1.abnormal"].box == Box(16, 48, 24, 12)
    assert candidates["pat-1.LEFT.1.normal"].box == Box(90 - 16 - 24, 48, 24, 12)
    lesion = candidates["pat-1.LEFT.1.abnormal"].lesion
    assert lesion.mean() == pytest.approx(16 * 8 / (24 * 12), abs=0.03)


def test_overlap_and_several_lesions_follow_the_rules_of_every_source(tmp_path):
    # as in test_extraction: the second LEFT lesion is free, the first overlaps the RIGHT one
    write_images(tmp_path)
    boxes = {"a": (20, 50, 16, 8), "b": (10, 80, 8, 8), "c": (44, 56, 16, 8)}
    for name, box in boxes.items():
        Image.fromarray(block(SHAPE, *box)).save(tmp_path / f"{name}.png")
    table = write_table(
        tmp_path,
        "left.pgm,1,left,abnormal,,,,,a.png",
        "left.pgm,1,left,abnormal,,,,,b.png",
        "right.pgm,1,right,abnormal,,,,,c.png",
    )
    kept = {roi_id for roi_id, item in extract(table).items() if not item.reason}
    assert kept == {
        *("1.LEFT.1.abnormal", "1.LEFT.2.abnormal", "1.LEFT.2.normal", "1.RIGHT.1.abnormal"),
    }


def test_views_make_pairs_of_their_own_and_one_patient(tmp_path):
    write_images(tmp_path)
    for name in ("left", "right"):
        (tmp_path / f"{name}-mlo.pgm").write_bytes((tmp_path / f"{name}.pgm").read_bytes())
    table = write_table(
        tmp_path,
        "left.pgm,1,left,abnormal,30,40,8,,,,,CC",
        "right.pgm,1,right,normal,,,,,,,,CC",
        "left-mlo.pgm,1,left,normal,,,,,,,,MLO",
        "right-mlo.pgm,1,right,abnormal,50,40,8,,,,,MLO",
    )
    candidates = extract(table)
    assert {(item.row["view"], item.row["patient_id"]) for item in candidates.values()} == {
        *(("LEFT_CC", "1"), ("RIGHT_CC", "1"), ("LEFT_MLO", "1"), ("RIGHT_MLO", "1")),
    }
    assert candidates["1.MLO.RIGHT_MLO.1.normal"].box == Box(80 - 38 - 25, 28, 25, 25)


def test_a_view_that_is_not_listed_is_absent_and_its_normal_roi_dropped(tmp_path):
    write_images(tmp_path)
    table = write_table(tmp_path, "left.pgm,1,left,abnormal,30,40,8")
    rows = rows_of(table)
    assert rows["1", "LEFT"]["status"] == "usable"
    assert rows["1", "RIGHT"]["status"] == "absent"
    abnormal, normal = extract(table).values()
    assert (abnormal.status, normal.status) == ("used", "dropped")
    assert normal.reason == "RIGHT cannot be used: no right image of this case is listed"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("lost.pgm,1,left,normal", "lost.pgm is missing"),
        ("broken.png,1,left,normal", "broken.png: cannot be read: "),
        ("left.pgm,1,left,benign", "table.csv:2: label is 'benign', not normal or abnormal"),
        ("left.pgm,1,left,normal,30,40,8", "table.csv:2: label is normal, but a lesion's place"),
        (",1,left,normal", "table.csv:2: image is empty"),
        ("left.pgm,1,,normal", "table.csv:2: side is '', not left or right"),
        ("left.pgm,a b,left,normal", "table.csv:2: patient 'a b', view '': use letters"),
        ("right.pgm,1,left,normal", "right.pgm is listed as 2 RIGHT, too"),
    ],
)
def test_a_bad_line_is_rejected_with_its_reason_and_the_rest_goes_on(tmp_path, line, reason):
    write_images(tmp_path)
    (tmp_path / "broken.png").write_bytes(b"\x89PNG nothing more")
    Image.fromarray(bright("LEFT", SHAPE)).save(tmp_path / "other.pgm")
    good = ("right.pgm,2,right,abnormal,50,40,8", "other.pgm,2,left,normal")
    first = write_table(tmp_path, *((*good, line) if "too" in reason else (line, *good)))
    rows = rows_of(first)
    bad = [row for row in rows.values() if row["status"] == "rejected"]
    assert len(bad) == 1
    assert bad[0]["reason"].startswith(reason)
    assert str(tmp_path) not in bad[0]["reason"]
    assert rows["2", "RIGHT"]["status"] == rows["2", "LEFT"]["status"] == "usable"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ("", "table.csv:2: an abnormal image needs a mask, or x, y and r"),
        ("30,40,8,,mask.png", "table.csv:2: an abnormal image needs a mask, or x, y and r"),
        ("30,40", "table.csv:2: x, y and r must be numbers, not ''"),
        ('"1,030",40,8', "table.csv:2: x, y and r must be numbers, not '1,030'"),
        ('"1.030,5",40,8', "table.csv:2: x, y and r must be numbers, not '1.030,5'"),
        ("30,nan,8", "table.csv:2: x, y and r must be numbers, not 'nan'"),
        ("30,40,0", "table.csv:2: r is 0, not a radius"),
        ("30,40,8,down", "table.csv:2: y_from is 'down', not top or bottom"),
        ("30,120,8", "the circle's centre (30, 120) lies outside the image of 80 x 120 pixels"),
        ("30,40,1e300", "the circle's radius of 1e+300 is larger than the image"),
        ("30.5,40.5,0.3", "its mask has no pixel in the image"),
        (",,,,lost.png", "lost.png is missing"),
        (",,,,small.png", "small.png: this mask has 12 x 10 pixels, its image 120 x 80"),
        (",,,,grey.png", f"grey.png: {NO_MASK}"),
        (",,,,empty.png", "empty.png: marks no lesion: the mask is 0 everywhere"),
    ],
)
def test_a_lesion_that_cannot_be_placed_is_recorded_and_spoils_only_what_it_must(
    tmp_path, fields, reason
):
    write_images(tmp_path)
    Image.fromarray(block(SHAPE, 20, 50, 16, 8)).save(tmp_path / "mask.png")
    Image.fromarray(block((12, 10), 2, 5, 2, 1)).save(tmp_path / "small.png")
    Image.fromarray(ramp(SHAPE)).save(tmp_path / "grey.png")
    Image.fromarray(np.zeros(SHAPE, np.uint8)).save(tmp_path / "empty.png")
    table = write_table(
        tmp_path, f"left.pgm,1,left,abnormal,{fields}", "right.pgm,1,right,abnormal,20,90,6"
    )
    assert {row["status"] for row in rows_of(table).values()} == {"usable"}
    candidates = extract(table)
    assert candidates["1.LEFT.1.abnormal"].reason == reason
    assert candidates["1.LEFT.1.abnormal"].status == "unreadable"
    assert candidates["1.LEFT.1.normal"].reason == "its abnormal ROI is dropped"
    assert candidates["1.RIGHT.1.abnormal"].status == "used"
    # nobody knows where the LEFT lesion is, so no place there can be called normal
    reason = "LEFT holds a lesion whose place is not known"
    assert candidates["1.RIGHT.1.normal"].reason == reason


def test_several_images_of_one_side_are_not_chosen_from(tmp_path):
    write_images(tmp_path)
    table = write_table(tmp_path, "left.pgm,1,left,normal", "right.pgm,1,left,normal")
    reason = rows_of(table)["1", "LEFT"]["reason"]
    assert reason.startswith("has several images, left.pgm and")
    assert "right.pgm" in reason


def test_an_image_both_with_and_without_a_lesion_is_refused(tmp_path):
    write_images(tmp_path)
    table = write_table(tmp_path, "left.pgm,1,left,normal", "left.pgm,1,left,abnormal,30,40,8")
    reason = rows_of(table)["1", "LEFT"]["reason"]
    assert reason == "left.pgm is listed both with and without a lesion"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("image,patient,side\na,1,left\n", "table.csv:1: has no column 'label'; its columns are"),
        (HEADER.replace("y_from", "y_form") + "\na,1,left,normal\n", "did you mean y_from?"),
        (HEADER + ",x\na,1,left,normal\n", "table.csv:1: has the column 'x' twice"),
        (HEADER + "\na,1,left,normal,,,,,,,,,,x\n", "table.csv:2: has 14 fields, the header 12"),
        (
            "image,patient,side,label\n\xe4.png,1,left,normal\n",
            "table.csv:2: byte 0xe4 is no UTF-8",
        ),
        ("", "table.csv: has no line of column names; they are image, label"),
        (HEADER + "\n", "table.csv: has no line below its header"),
    ],
)
def test_a_table_that_is_none_is_one_clear_error(tmp_path, text, reason):
    (tmp_path / "table.csv").write_bytes(text.encode("latin-1"))
    with pytest.raises(CamsegError) as caught:
        rows_of(tmp_path / "table.csv")
    assert reason in str(caught.value)


def test_tables_of_spreadsheets_are_read(tmp_path):
    write_images(tmp_path)
    text = "\ufeffImage , Patient,Side,Label,X,Y,R\r\n\r\n left.pgm,1,LEFT, abnormal,30,40,8\r\n"
    (tmp_path / "table.csv").write_bytes(text.encode("utf-8"))
    assert rows_of(tmp_path / "table.csv")["1", "LEFT"]["abnormalities"] == 1


def test_decimal_commas_are_read_as_points(tmp_path):
    write_images(tmp_path)
    point, comma = "30.5,40.25,8.0005", "30,5;40,25;8,0005"
    boxes = [
        extract(write_table(tmp_path, f"left.pgm,1,left,abnormal,{point}")),
        extract(
            write_table(
                tmp_path,
                f"left.pgm;1;left;abnormal;{comma}",
                header=HEADER.replace(",", ";"),
            )
        ),
    ]
    (point, _), (comma, _) = (each.values() for each in boxes)
    assert point.box == comma.box
    assert point.lesion.tolist() == comma.lesion.tolist()


def test_files_and_patients_are_the_same_however_they_are_written(tmp_path):
    """As a table from Windows lists files that a Mac has copied, in parts by two people."""
    accents = [normalize(form, "é") for form in ("NFC", "NFD")]
    folder = tmp_path / f"im{accents[1]}"
    folder.mkdir()
    write_images(folder)
    Image.fromarray(block(SHAPE, 20, 50, 16, 8)).save(folder / "a.png")
    Image.fromarray(block(SHAPE, 30, 80, 16, 8)).save(folder / "b.png")
    lines = [
        f"im{accent}\\left.pgm,p{accent},left,abnormal,,,,,im{accent}\\{mask}.png"
        for accent, mask in zip(accents, "ab", strict=True)
    ]
    rows = rows_of(write_table(tmp_path, *lines, f"im{accents[0]}/right.pgm,pé,right,normal"))
    assert {key: (row["status"], row["abnormalities"]) for key, row in rows.items()} == {
        (f"p{accents[0]}", "LEFT"): ("usable", 2),
        (f"p{accents[0]}", "RIGHT"): ("usable", 0),
    }
    assert rows[f"p{accents[0]}", "LEFT"]["image"] == f"im{accents[1]}/left.pgm"
    abnormal = extract(tmp_path / "table.csv")[f"p{accents[0]}.LEFT.1.abnormal"]
    assert abnormal.box == Box(16, 48, 24, 12)


def test_paths_stay_whole_in_reasons_when_the_table_is_in_the_working_folder(tmp_path, monkeypatch):
    (tmp_path / "study").mkdir()
    write_images(tmp_path)
    write_table(tmp_path / "study", "../left.pgm,1,left,normal", "../lost.pgm,1,right,normal")
    monkeypatch.chdir(tmp_path / "study")
    rows = rows_of(Path("table.csv"))
    assert rows["1", "LEFT"]["image"] == "../left.pgm"
    assert rows["1", "RIGHT"]["reason"] == "../lost.pgm is missing"


@pytest.mark.parametrize("radius", [1, 7.5, 30])
def test_disc_against_a_slow_one(radius):
    wanted = [
        [int((row - 20) ** 2 + (column - 9.5) ** 2 <= radius**2) for column in range(40)]
        for row in range(30)
    ]
    circle = shapes.Shape("circle", (9.5, 20, radius))
    assert shapes.draw([circle], (30, 40)).tolist() == wanted


def test_a_mask_of_another_size_but_the_same_proportions_is_resized(tmp_path):
    write_images(tmp_path)
    Image.fromarray(block((60, 40), 10, 25, 8, 4)).save(tmp_path / "half.png")
    table = write_table(
        tmp_path, "left.pgm,1,left,abnormal,,,,,half.png", "right.pgm,1,right,normal"
    )
    abnormal = extract(table)["1.LEFT.1.abnormal"]
    assert abnormal.box == Box(16, 48, 24, 12)  # of a lesion 16 x 8 at (20, 50)
    assert abnormal.details["outline"] == "MASK resized from 60 x 40"


@pytest.mark.parametrize(
    ("mask", "image", "same"),
    [  # as reported of CBIS-DDSM: two scales of one scan, and masks of other views
        ((4386, 1789), (5041, 2056), True),
        ((4373, 2155), (5026, 2476), True),
        ((4686, 2820), (5386, 3241), True),
        ((4688, 3088), (4624, 3056), False),
        ((4624, 3080), (4640, 3072), False),
    ],
)
def test_proportions_of_real_masks(mask, image, same):
    assert annotations._same_proportions(mask, image) is same


def test_patients_and_sides_may_be_left_out_of_the_table(tmp_path):
    """Each image is then a case of its own, named after its file."""
    write_images(tmp_path)
    Image.fromarray(block(SHAPE, 20, 50, 16, 8)).save(tmp_path / "mask.png")
    table = write_table(
        tmp_path, "left.pgm,abnormal,mask.png", "./right.pgm,normal", header="image,label,mask"
    )
    rows = rows_of(table)
    assert set(rows) == {("left", "IMAGE"), ("right", "IMAGE")}
    assert {row["patient_id"] for row in rows.values()} == {""}
    table = write_table(
        tmp_path,
        "left.pgm,p,MLO,abnormal,mask.png",
        "right.pgm,p,CC,normal",
        header="image,patient,view,label,mask",
    )
    assert set(rows_of(table)) == {("left", "MLO"), ("right", "CC")}
    assert {row["patient_id"] for row in rows_of(table).values()} == {"p"}


def test_an_empty_patient_in_a_table_that_tells_patients_is_a_fault(tmp_path):
    write_images(tmp_path)
    table = write_table(
        tmp_path, "left.pgm,,normal", "right.pgm,p,normal", header="image,patient,label"
    )
    (row,) = [row for row in rows_of(table).values() if row["status"] == "rejected"]
    assert row["reason"].startswith("table.csv:2: patient '', view ''")
