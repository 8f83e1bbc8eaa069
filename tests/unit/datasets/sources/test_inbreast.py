import plistlib

import numpy as np
import pytest

from camseg.errors import CamsegError
from camseg.rois import extraction
from camseg.rois.boxes import Box
from conftest import bright, write_dicom
from made import RULES, index_source

HEADER = "Patient ID;Patient age;Laterality;View;Acquisition date;File Name;ACR;Bi-Rads"
SHAPE = (120, 80)
ONE, TWO = "61b13c59bcba149e", "036aff49b8ac84f0"
SQUARE = [(20.0, 50.0), (35.0, 50.0), (35.0, 57.0), (20.0, 57.0)]  # 16 x 8 pixels


def line(number, side="L", view="CC", assessment="4a", date="201001"):
    return f"removed;removed;{side};{view};{date};{number};     ;{assessment}"


def write_table(folder, *lines, header=HEADER):
    (folder / "INbreast.csv").write_text("\n".join([header, *lines]) + "\n")


def write_image(folder, number, side="L", view="CC", patient=ONE, shape=SHAPE):
    name = f"{number}_{patient}_MG_{side}_{view}_ANON.dcm"
    grey = bright("LEFT" if side == "L" else "RIGHT", shape).astype(np.uint16) * 16
    return write_dicom(folder / "AllDICOMs" / name, grey + number % 7)


def roi(points, name="Mass", **changes):
    """A ROI with all that OsiriX writes of it."""
    return {
        "Area": 0.0,
        "Center": "(0.000000, 0.000000, 0.000000)",
        "Dev": 0.0,
        "IndexInImage": 0,
        "Max": 0.0,
        "Mean": 0.0,
        "Min": 0.0,
        "Name": name,
        "NumberOfPoints": len(points),
        "Point_mm": ["(0.000000, 0.000000, 0.000000)" for _ in points],
        "Point_px": [f"({x:f}, {y:f})" for x, y in points],
        "Total": 0.0,
        "Type": 15,
    } | changes


def write_xml(folder, number, *rois, count=None, images=1):
    count = len(rois) if count is None else count
    image = {"ImageIndex": 0, "NumberOfROIs": count, "ROIs": list(rois)}
    path = folder / "AllXML" / f"{number}.xml"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(plistlib.dumps({"Images": [image] * images}))
    return path


def rows_of(folder):
    rows = [row for case in index_source(folder, "inbreast") for row in case]
    return {f"{row['case_id']} {row['view']}": row for row in rows}


def extract(folder):
    found = {}
    for rows in index_source(folder, "inbreast"):
        found |= {each.roi_id: each for each in extraction.extract_case(rows, folder, RULES)}
    return found


def write_pair(folder, *rois, opposite=()):
    """An examination of two CC images: of the left breast with ROIs, of the right one."""
    write_table(folder, line(1), line(2, "R", assessment="4a" if opposite else "1"))
    write_image(folder, 1)
    write_image(folder, 2, "R")
    if rois:
        write_xml(folder, 1, *rois)
    if opposite:
        write_xml(folder, 2, *opposite)


def test_golden_boxes_of_a_mass_whose_points_are_columns_and_rows(tmp_path):
    write_pair(tmp_path, roi(SQUARE))
    found = extract(tmp_path)
    assert {roi_id: each.box for roi_id, each in found.items()} == {  # padded by a quarter
        f"{ONE}.201001.CC.LEFT_CC.1.abnormal": Box(16, 48, 24, 12),
        f"{ONE}.201001.CC.LEFT_CC.1.normal": Box(80 - 16 - 24, 48, 24, 12),
    }
    assert [each.reason for each in found.values()] == ["", ""]
    abnormal, _ = found.values()
    record = abnormal.record()
    assert (record["patient_id"], record["view"]) == (ONE, "LEFT_CC")
    assert (record["pathology"], record["lesion_type"]) == ("BI-RADS 4A", "MASS")
    assert record["outline"] == "POLYGON"
    assert abnormal.lesion.mean() == pytest.approx(16 * 8 / (24 * 12), abs=0.03)


def test_a_calcification_of_one_pixel_is_counted_and_keeps_its_place_alone(tmp_path):
    # mirrored, the mass of the left breast lies in the columns 40 to 63, the rows 48 to 59
    far = roi([(10.3, 99.6)], "Calcification")
    write_pair(tmp_path, roi(SQUARE), opposite=(far,))
    found = extract(tmp_path)
    point = found.pop(f"{ONE}.201001.CC.RIGHT_CC.1.abnormal")
    assert (point.status, point.reason) == ("dropped", "the lesion is one pixel wide")
    record = point.record()
    assert [record[f"lesion_{key}"] for key in "xywh"] == [10, 100, 1, 1]
    assert record["lesion_type"] == "CALCIFICATION"
    normal = found[f"{ONE}.201001.CC.LEFT_CC.1.normal"]
    assert normal.reason == ""
    write_xml(tmp_path, 2, roi([(50.0, 52.0)], "Calcification"))
    normal = extract(tmp_path)[f"{ONE}.201001.CC.LEFT_CC.1.normal"]
    assert "overlaps the lesion" in normal.reason


@pytest.mark.parametrize(
    ("broken", "fault"),
    [
        (roi(SQUARE[:2]), "ROI 1 has 2 points, which enclose nothing"),
        (roi([]), "ROI 1 has 0 points, which enclose nothing"),
        (roi(SQUARE, NumberOfPoints=5), "ROI 1 has 4 points, not 5"),
        (roi(SQUARE, Point_px=["(1, 2)", "(1.2.3, 4)"]), "ROI 1 has a point '(1.2.3, 4)', not "),
        (roi(SQUARE, Point_px=["(1, 2, 3)"] * 4), "ROI 1 has a point '(1, 2, 3)', not (x, y)"),
    ],
)
def test_a_roi_without_a_place_keeps_normal_rois_out_of_its_image(tmp_path, broken, fault):
    write_pair(tmp_path, roi(SQUARE), opposite=(broken,))
    found = extract(tmp_path)
    faulty = found[f"{ONE}.201001.CC.RIGHT_CC.1.abnormal"]
    assert faulty.status == "unreadable"
    assert faulty.reason.startswith(f"AllXML/2.xml: {fault}")
    normal = found[f"{ONE}.201001.CC.LEFT_CC.1.normal"]
    assert normal.reason == "RIGHT_CC holds a lesion whose place is not known"


def test_points_beside_the_image_are_refused(tmp_path):
    # rows taken for columns, in an image of 80 columns
    write_pair(tmp_path, roi([(y + 40, x) for x, y in SQUARE]))
    reason = extract(tmp_path)[f"{ONE}.201001.CC.LEFT_CC.1.abnormal"].reason
    assert "the polygon's centre (93.5, 27.5) lies outside the image of 80 x 120" in reason


def test_every_spelling_of_a_name_is_one_lesion_type(tmp_path):
    names = ["Mass", "Calcification", "Calcifications", "Cluster", "Distortion", "Asymmetry"]
    names += ["Assymetry", " Spiculated Region", "Spiculated region", "Espiculated  Region", ""]
    names += ["Unnamed", "Point 1"]
    unnamed = roi(SQUARE)
    del unnamed["Name"]
    write_pair(tmp_path, *(roi(SQUARE, name) for name in names), unnamed)
    row = rows_of(tmp_path)[f"{ONE}.201001.CC LEFT_CC"]
    assert row["abnormalities"] == 14
    assert row["lesion_types"].split("; ") == [
        *("MASS", "CALCIFICATION", "CALCIFICATION", "CLUSTER", "DISTORTION", "ASYMMETRY"),
        *("ASYMMETRY", "SPICULATED", "SPICULATED", "SPICULATED", "UNNAMED"),
        *("UNNAMED", "POINT", "UNNAMED"),
    ]


def test_patients_examinations_and_projections_are_told_apart(tmp_path):
    write_table(
        tmp_path,
        *(line(1, "L", "CC"), line(2, "R", "CC", "1"), line(3, "L", "MLO", "1")),
        *(line(4, "L", "CC", "1", "200802"), line(5, "L", "CC", "1"), line(6, "R", "FB", "1")),
        *("removed;removed;R;MLO;201001.0;7.0;3;1.0", ";;;;;;;", ";;;;;;410;115"),
    )
    for number, side, view, patient in [
        *((1, "L", "CC", ONE), (2, "R", "CC", ONE), (3, "L", "ML", ONE), (4, "L", "CC", ONE)),
        *((5, "L", "CC", TWO), (6, "R", "FB", ONE), (7, "R", "ML", ONE)),
    ]:
        write_image(tmp_path, number, side, view, patient)
    write_xml(tmp_path, 1, roi(SQUARE))
    rows = rows_of(tmp_path)
    usable = {name: row["patient_id"] for name, row in rows.items() if row["status"] == "usable"}
    assert usable == {
        f"{ONE}.201001.CC LEFT_CC": ONE,
        f"{ONE}.201001.CC RIGHT_CC": ONE,
        f"{ONE}.201001.MLO LEFT_MLO": ONE,
        f"{ONE}.201001.MLO RIGHT_MLO": ONE,
        f"{ONE}.200802.CC LEFT_CC": ONE,
        f"{ONE}.201001.FB RIGHT_FB": ONE,
        f"{TWO}.201001.CC LEFT_CC": TWO,
    }
    assert {row["status"] for row in rows.values()} == {"usable", "absent"}


@pytest.mark.parametrize("empty", [False, True])
def test_an_image_without_rois_is_normal_if_it_is_assessed_so(tmp_path, empty):
    write_table(tmp_path, line(1, assessment="1"), line(2, "R", assessment="2"))
    write_image(tmp_path, 1)
    write_image(tmp_path, 2, "R")
    if empty:
        write_xml(tmp_path, 1)
        write_xml(tmp_path, 2)
    rows = rows_of(tmp_path)
    assert rows[f"{ONE}.201001.CC LEFT_CC"]["abnormalities"] == 0
    assert rows[f"{ONE}.201001.CC RIGHT_CC"]["abnormalities"] == 1
    reason = extract(tmp_path)[f"{ONE}.201001.CC.RIGHT_CC.1.abnormal"].reason
    assert reason == "INbreast.csv:3: is BI-RADS 2, and no XML says where"


def test_an_xml_that_cannot_be_read_is_a_lesion_somewhere(tmp_path):
    write_pair(tmp_path, roi(SQUARE), opposite=(roi(SQUARE),))
    name = f"{ONE}.201001.CC.RIGHT_CC.1.abnormal"
    path = write_xml(tmp_path, 2, roi(SQUARE), images=2)
    text = path.read_text()
    assert (
        "AllXML/2.xml: is no list of OsiriX' ROIs of one image: " in extract(tmp_path)[name].reason
    )
    path.write_text(text[: len(text) // 2])
    assert (
        "AllXML/2.xml: is no list of OsiriX' ROIs of one image: " in extract(tmp_path)[name].reason
    )
    write_xml(tmp_path, 2, roi(SQUARE), count=3)
    assert extract(tmp_path)[name].reason == "AllXML/2.xml: holds 1 ROIs, and says 3"
    (tmp_path / "2.xml").write_bytes(path.read_bytes())
    assert "stands there twice, as 2.xml and AllXML/2.xml" in extract(tmp_path)[name].reason


def test_what_cannot_be_used_is_named(tmp_path):
    write_table(
        tmp_path,
        *(line(1), line(2, "R", "MLO"), line(3, "L", "MLO", "7"), line(4, "R", date="2010-01")),
        *(line(5), line(6), "removed;removed;L;CC;201001;;2;1", line(8, "R", assessment="")),
    )
    for number, side, view in [(2, "R", "CC"), (3, "L", "ML"), (4, "R", "CC"), (9, "L", "CC")]:
        write_image(tmp_path, number, side, view)
    for number in (5, 6):
        write_image(tmp_path, number, patient=TWO)
        write_xml(tmp_path, number, roi(SQUARE))
    write_image(tmp_path, 8, "R", patient=TWO)
    write_image(tmp_path / "copy", 3, "L", "ML")
    reasons = {name: row["reason"] for name, row in rows_of(tmp_path).items() if row["reason"]}
    images = "AllDICOMs/{}_{}_MG_{}_ANON.dcm"
    assert {name: told for name, told in reasons.items() if "is listed" not in told} == {
        "1 ": "INbreast.csv:2: 0 DICOM files are named 1_..._ANON.dcm, not one",
        f"{ONE}.201001.CC RIGHT_CC": "INbreast.csv:3: says R MLO, the file's name "
        f"2_{ONE}_MG_R_CC_ANON.dcm",
        "3 ": "INbreast.csv:4: 2 DICOM files are named 3_..._ANON.dcm, not one",
        f"{ONE}.2010-01.CC RIGHT_CC": "INbreast.csv:5: acquisition date is '2010-01', not a "
        "number such as 201001",
        f"{TWO}.201001.CC LEFT_CC": f"has several images, {images.format(5, TWO, 'L_CC')} and "
        f"{images.format(6, TWO, 'L_CC')}: tell them apart by patient, side or view",
        "INbreast.csv:8 ": "INbreast.csv:8: 0 DICOM files are named _..._ANON.dcm, not one",
        f"{TWO}.201001.CC RIGHT_CC": "INbreast.csv:9: bi-rads is '', not 1 to 6, or 4a to 4c",
        f"{ONE}.unlisted.CC LEFT_CC": "INbreast.csv: has no line of 9",
    }


def test_the_spreadsheet_itself_is_not_read(tmp_path):
    (tmp_path / "INbreast.csv").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" * 9)
    with pytest.raises(CamsegError, match="is no UTF-8; save the table as "):
        rows_of(tmp_path)
