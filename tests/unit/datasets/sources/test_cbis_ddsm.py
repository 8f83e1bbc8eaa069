import numpy as np
import pytest
from PIL import Image

from camseg.errors import CamsegError
from camseg.rois import extraction
from camseg.rois.boxes import Box
from conftest import block, bright, ramp, write_dicom
from made import RULES, index_source

MASS = (
    "patient_id,breast_density,left or right breast,image view,abnormality id,abnormality type,"
    "mass shape,mass margins,assessment,pathology,subtlety,image file path,"
    "cropped image file path,ROI mask file path"
)
CALC = MASS.replace("breast_density", "breast density")
CALC = CALC.replace("mass shape,mass margins", "calc type,calc distribution")
LEFT, RIGHT = (120, 80), (130, 90)


def line(folder, number=1, *, kind="mass", details="OVAL,ILL_DEFINED", pathology="MALIGNANT"):
    """A line of a description CSV, with stale paths and the line break that real ones have."""
    _, letter, digits, side, view = folder.split("_")
    stale = "1.3.6.1.4.1.9590.100.1.2.4/1.3.6.1.4.1.9590.100.1.2.3"
    return (
        f"{letter}_{digits},3,{side},{view},{number},{kind},{details},4,{pathology},4,"
        f'{folder}/{stale}/000000.dcm,"{folder}_{number}/{stale}/000001.dcm\n",'
        f"{folder}_{number}/{stale}/000000.dcm"
    )


def write_description(root, *lines, kind="mass", part="train"):
    root.mkdir(parents=True, exist_ok=True)
    text = "\n".join([MASS if kind == "mass" else CALC, *lines]) + "\n"
    (root / f"{kind}_case_description_{part}_set.csv").write_text(text)


def write_view(root, folder, shape):
    pixels = bright(folder.rsplit("_", 2)[1], shape).astype(np.uint16) * 257
    return write_dicom(root / folder / "07-20-2016-DDSM-1/1.0-full images-2/1-1.dcm", pixels)


def write_mask(root, folder, mask, *, crop_first=False):
    """Write a mask and its cropped image as 1-1.dcm and 1-2.dcm, in either order."""
    place = root / folder / "07-21-2016-DDSM-3/1.0-ROI mask images-4"
    names = ("1-2.dcm", "1-1.dcm") if crop_first else ("1-1.dcm", "1-2.dcm")
    crop = np.arange(16 * 8, dtype=np.uint16).reshape(8, 16)
    write_dicom(place / names[1], crop)
    return write_dicom(place / names[0], mask)


def write_patient(root, *, crop_first=False):
    """P_00001: a mass in LEFT_CC (120 x 80), a calcification in RIGHT_CC (130 x 90)."""
    left, right = "Mass-Training_P_00001_LEFT_CC", "Calc-Training_P_00001_RIGHT_CC"
    write_view(root, left, LEFT)
    write_view(root, right, RIGHT)
    write_mask(root, f"{left}_1", block(LEFT, 20, 50, 16, 8), crop_first=crop_first)
    write_mask(root, f"{right}_1", block(RIGHT, 60, 100, 16, 8), crop_first=not crop_first)
    write_description(root, line(left), line(left.replace("CC", "MLO")))
    write_description(
        root, line(right, kind="calcification", details="AMORPHOUS,CLUSTERED"), kind="calc"
    )


def rows_of(root):
    return {
        (row["case_id"], row["view"]): row
        for rows in index_source(root, "cbis_ddsm")
        for row in rows
    }


def extract(root):
    candidates = []
    for rows in index_source(root, "cbis_ddsm"):
        candidates += extraction.extract_case(rows, root, RULES)
    return {candidate.roi_id: candidate for candidate in candidates}


@pytest.mark.parametrize("crop_first", [False, True])
def test_golden_boxes_of_a_patient_with_lesions_in_both_breasts(tmp_path, crop_first):
    write_patient(tmp_path, crop_first=crop_first)
    candidates = extract(tmp_path)
    boxes = {roi_id: item.box for roi_id, item in candidates.items()}
    assert boxes == {  # a quarter of 16 x 8 on each side; mirrored by the RIGHT image's width
        "P_00001.LEFT_CC.1.abnormal": Box(16, 48, 24, 12),
        "P_00001.LEFT_CC.1.normal": Box(90 - 16 - 24, 48, 24, 12),
        "P_00001.RIGHT_CC.1.abnormal": Box(56, 98, 24, 12),
        "P_00001.RIGHT_CC.1.normal": Box(90 - 56 - 24, 98, 24, 12),
    }
    assert {item.status for item in candidates.values()} == {"used"}
    left, _, right, _ = (item.record() for item in candidates.values())
    assert left["lesion_type"] == "MASS SHAPE OVAL MARGINS ILL_DEFINED"
    assert right["lesion_type"] == "CALCIFICATION TYPE AMORPHOUS DISTRIBUTION CLUSTERED"
    assert (left["pathology"], left["outline"]) == ("MALIGNANT", "MASK")
    lesion = candidates["P_00001.LEFT_CC.1.abnormal"].lesion
    assert lesion.mean() == pytest.approx(16 * 8 / (24 * 12), abs=0.03)


def test_sixteen_bits_become_eight_by_the_images_own_range(tmp_path):
    write_patient(tmp_path)
    grey = np.asarray(bright("LEFT", LEFT), dtype=np.float64)
    scaled = np.rint(255 * (grey - grey.min()) / (grey.max() - grey.min()))
    abnormal = extract(tmp_path)["P_00001.LEFT_CC.1.abnormal"]
    # resizing the ROI keeps its mean
    assert abnormal.image.mean() == pytest.approx(scaled[48:60, 16:40].mean(), abs=0.5)


def test_mlo_views_are_ignored_and_a_breast_without_lesions_is_absent(tmp_path):
    write_patient(tmp_path)
    write_description(tmp_path, kind="calc")
    rows = rows_of(tmp_path)
    assert set(rows) == {("P_00001", "LEFT_CC"), ("P_00001", "RIGHT_CC")}
    assert rows["P_00001", "LEFT_CC"]["status"] == "usable"
    assert rows["P_00001", "RIGHT_CC"]["status"] == "absent"
    reasons = {item.label: item.reason for item in extract(tmp_path).values()}
    assert reasons["abnormal"] == ""
    assert "no right image of this case is listed" in reasons["normal"]


def test_a_view_of_the_mass_and_the_calcification_set_has_the_lesions_of_both(tmp_path):
    write_patient(tmp_path)
    folder = "Calc-Test_P_00001_LEFT_CC"
    write_view(tmp_path, folder, LEFT)
    write_mask(tmp_path, f"{folder}_1", block(LEFT, 10, 80, 8, 8))
    write_description(
        tmp_path,
        line(folder, kind="calcification", details="NA,REGIONAL"),
        kind="calc",
        part="test",
    )
    row = rows_of(tmp_path)["P_00001", "LEFT_CC"]
    assert (row["status"], row["abnormalities"]) == ("usable", 2)
    # the descriptions come sorted by name: calc test, calc train, mass train
    assert extract(tmp_path)["P_00001.LEFT_CC.1.abnormal"].box == Box(8, 78, 12, 12)


def spoil(path, keep):
    path.write_bytes(path.read_bytes()[:keep])


@pytest.mark.parametrize("name", ["1-1.dicom", "000000"])
def test_dicom_files_are_known_by_what_they_hold(tmp_path, name):
    write_patient(tmp_path)
    plain = {roi_id: item.box for roi_id, item in extract(tmp_path).items()}
    for path in list(tmp_path.rglob("*.dcm")):
        path.rename(path.with_name(name if path.name == "1-1.dcm" else f"2{name}"))
    (next(tmp_path.rglob(name)).parent / "LICENSE").write_text("no image")
    renamed = extract(tmp_path)
    assert {roi_id: item.box for roi_id, item in renamed.items()} == plain
    assert all(item.status == "used" for item in renamed.values() if item.label == "abnormal")


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda path: path.unlink(), "no DICOM file below a folder MASS-TRAINING_P_00001_LEFT_CC"),
        (lambda path: spoil(path, 100), "1-1.dcm: cannot be read: "),
        (
            lambda path: write_dicom(path.with_name("1-2.dcm"), np.zeros((4, 4), np.uint8)),
            "2 DICOM files below MASS-TRAINING_P_00001_LEFT_CC, not one",
        ),
    ],
)
def test_a_bad_image_is_rejected_with_its_reason_and_the_rest_goes_on(tmp_path, damage, reason):
    write_patient(tmp_path)
    damage(next((tmp_path / "Mass-Training_P_00001_LEFT_CC").rglob("1-1.dcm")))
    rows = rows_of(tmp_path)
    assert rows["P_00001", "LEFT_CC"]["status"] == "rejected"
    assert reason in rows["P_00001", "LEFT_CC"]["reason"]
    assert extract(tmp_path)["P_00001.RIGHT_CC.1.abnormal"].status == "used"


def test_a_truncated_image_is_found_when_it_is_decoded(tmp_path):
    write_patient(tmp_path)
    path = next((tmp_path / "Mass-Training_P_00001_LEFT_CC").rglob("1-1.dcm"))
    spoil(path, path.stat().st_size - 100)
    candidates = extract(tmp_path)
    assert candidates["P_00001.LEFT_CC.1.abnormal"].status == "unreadable"
    assert candidates["P_00001.LEFT_CC.1.abnormal"].reason.startswith("Mass-Training_P_00001_LEFT")
    assert candidates["P_00001.RIGHT_CC.1.abnormal"].status == "used"


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda path: [file.unlink() for file in path.parent.iterdir()], "no mask: no DICOM file"),
        (lambda path: path.unlink(), "this mask has 8 x 16 pixels, its image 120 x 80"),
        (lambda path: spoil(path, 100), "1-1.dcm: cannot be read: "),
        (lambda path: spoil(path, path.stat().st_size - 100), "1-1.dcm: cannot be read: "),
        (
            lambda path: write_dicom(path, ramp(LEFT)),
            "is no mask: it has 199 grey levels, and no threshold",
        ),
        (
            lambda path: write_dicom(path, block((119, 95), 20, 50, 16, 8)),
            "this mask has 119 x 95 pixels, its image 120 x 80",
        ),
    ],
)
def test_a_bad_mask_loses_its_lesion_with_the_reason(tmp_path, damage, reason):
    write_patient(tmp_path)
    damage(next((tmp_path / "Mass-Training_P_00001_LEFT_CC_1").rglob("1-1.dcm")))
    candidates = extract(tmp_path)
    assert candidates["P_00001.LEFT_CC.1.abnormal"].status == "unreadable"
    assert reason in candidates["P_00001.LEFT_CC.1.abnormal"].reason
    assert str(tmp_path) not in candidates["P_00001.LEFT_CC.1.abnormal"].reason
    assert candidates["P_00001.RIGHT_CC.1.abnormal"].status == "used"


def test_a_mask_at_another_scale_is_resized_and_recorded(tmp_path):
    write_patient(tmp_path)
    write_mask(tmp_path, "Mass-Training_P_00001_LEFT_CC_1", block((240, 160), 40, 100, 32, 16))
    abnormal = extract(tmp_path)["P_00001.LEFT_CC.1.abnormal"]
    assert abnormal.box == Box(16, 48, 24, 12)
    assert abnormal.details["outline"] == "MASK resized from 240 x 160"


def test_a_line_without_a_side_is_rejected_by_its_place(tmp_path):
    write_patient(tmp_path)
    path = tmp_path / "mass_case_description_train_set.csv"
    path.write_text(path.read_text().replace(",LEFT,CC,", ",,CC,"))
    (bad,) = (row for row in rows_of(tmp_path).values() if row["status"] == "rejected")
    assert bad["reason"] == (
        "mass_case_description_train_set.csv:2: patient, side and view are 'P_00001', '', 'CC'"
    )


def test_descriptions_that_are_none_or_stand_there_twice_are_one_clear_error(tmp_path):
    write_patient(tmp_path)
    write_description(tmp_path / "copy")
    with pytest.raises(CamsegError, match=r"stands there twice, also as"):
        rows_of(tmp_path)
    (tmp_path / "copy" / "mass_case_description_train_set.csv").unlink()
    (tmp_path / "mass_case_description_train_set.csv").write_text("nothing\n")
    with pytest.raises(CamsegError, match=r"train_set.csv:1: has no column 'patient_id'"):
        rows_of(tmp_path)


UID = "1.3.6.1.4.1.9590.100.1.2"
GOLDEN = {  # as of the DICOM files
    "P_00001.LEFT_CC.1.abnormal": Box(16, 48, 24, 12),
    "P_00001.LEFT_CC.1.normal": Box(90 - 16 - 24, 48, 24, 12),
    "P_00001.RIGHT_CC.1.abnormal": Box(56, 98, 24, 12),
    "P_00001.RIGHT_CC.1.normal": Box(90 - 56 - 24, 98, 24, 12),
}


def write_jpeg(root, series, name, pixels):
    path = root / "jpeg" / f"{UID}.{series}" / f"{name}.jpg"
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(pixels).astype(np.uint8)).save(path)
    return path


def write_release(root, *, apart=False, exchanged=False):
    """The patient of `write_patient` as the JPEG release has it: jpeg/<series>/, and csv/ beside.

    The cropped image and the mask of a lesion share a series, or are `apart` in two; their paths
    are `exchanged` or not.
    """
    lines = {"mass": [], "calc": []}
    for number, (kind, side, shape, corner) in enumerate(
        [("mass", "LEFT", LEFT, (20, 50)), ("calc", "RIGHT", RIGHT, (60, 100))], start=1
    ):
        image, crop, mask = 10 * number, 10 * number + 1, 10 * number + 1 + apart
        write_jpeg(root, image, "1-249", bright(side, shape))
        write_jpeg(root, crop, "1-033", np.full((8, 16), 99))
        write_jpeg(root, mask, "2-173", block(shape, *corner, 16, 8))
        folder = f"{kind.title()}-Training_P_00001_{side}_CC"
        paths = [
            f"{folder}_1/{UID}.9{series}/{UID}.{series}/00000{file}.dcm"
            for file, series in enumerate((mask, crop))
        ]
        name, details = ("mass", "OVAL,X") if kind == "mass" else ("calcification", "X,NA")
        roi, cropped = paths[::-1] if exchanged else paths
        lines[kind].append(
            f"P_00001,3,{side},CC,1,{name},{details},4,MALIGNANT,4,"
            f'{folder}/{UID}.9{image}/{UID}.{image}/000000.dcm,"{cropped}\n","{roi}\n"'
        )
    for kind, of_kind in lines.items():
        write_description(root / "csv", *of_kind, kind=kind)
    for name in ("dicom_info.csv", "meta.csv"):  # what they hold is not asked for
        (root / "csv" / name).write_text("file_path,image_path\n")


@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize("exchanged", [False, True])
def test_the_jpeg_release_gives_the_same_rois(tmp_path, apart, exchanged):
    write_release(tmp_path, apart=apart, exchanged=exchanged)
    candidates = extract(tmp_path)
    assert {roi_id: item.box for roi_id, item in candidates.items()} == GOLDEN
    assert {item.status for item in candidates.values()} == {"used"}
    left = candidates["P_00001.LEFT_CC.1.abnormal"]
    assert left.record()["lesion_type"] == "MASS SHAPE OVAL MARGINS X"
    assert "grey levels, lesion from half of the brightest on" in left.record()["notes"]
    write_patient(tmp_path / "dicom")
    for roi_id, item in extract(tmp_path / "dicom").items():
        if item.label == "abnormal":
            assert np.array_equal(item.lesion, candidates[roi_id].lesion)
    assert left.image.mean() == pytest.approx(bright("LEFT", LEFT)[48:60, 16:40].mean(), abs=1)


def test_a_folder_of_the_study_is_taken_where_there_is_none_of_the_series(tmp_path):
    write_release(tmp_path)
    for folder in list((tmp_path / "jpeg").iterdir()):
        folder.rename(folder.with_name(folder.name.replace(f"{UID}.", f"{UID}.9")))
    assert {roi_id: item.box for roi_id, item in extract(tmp_path).items()} == GOLDEN


def test_dicom_files_go_before_jpeg_files(tmp_path):
    write_release(tmp_path)
    write_view(tmp_path, "Mass-Training_P_00001_LEFT_CC", LEFT)
    rows = rows_of(tmp_path)
    assert rows["P_00001", "LEFT_CC"]["image"].endswith(".dcm")
    assert rows["P_00001", "RIGHT_CC"]["status"] == "rejected"
    assert "no DICOM file below a folder CALC-TRAIN" in rows["P_00001", "RIGHT_CC"]["reason"]


@pytest.mark.parametrize(
    ("series", "name", "label", "reason"),
    [
        (10, "1-249", "view", f"no JPEG file below a folder {UID}.10 (csv/mass_case_description_"),
        (11, "2-173", "lesion", "this mask has 8 x 16 pixels, its image 120 x 80"),
        (11, "*", "lesion", f"no mask: no JPEG file below a folder {UID}.11 (csv/mass_case_"),
    ],
)
def test_a_jpeg_file_that_is_missing_is_told(tmp_path, series, name, label, reason):
    write_release(tmp_path)
    for path in (tmp_path / "jpeg" / f"{UID}.{series}").glob(f"{name}.jpg"):
        path.unlink()
    told = rows_of(tmp_path)["P_00001", "LEFT_CC"]["reason"]
    if label == "lesion":
        assert not told
        told = extract(tmp_path)["P_00001.LEFT_CC.1.abnormal"].reason
    assert reason in told
    assert extract(tmp_path)["P_00001.RIGHT_CC.1.abnormal"].status == "used"


def test_a_view_with_seven_lesions_of_a_patient_of_both_sets(tmp_path):
    write_release(tmp_path)
    lines = []
    for number in range(7):
        write_jpeg(tmp_path, 30 + number, "1-1", block(LEFT, 8 + 9 * number, 8, 6, 6))
        mask = f"Mass-Test_P_00001_LEFT_CC_{number + 1}/{UID}.99/{UID}.{30 + number}/0.dcm"
        lines.append(
            f"P_00001,3,LEFT,CC,{number + 1},mass,OVAL,X,4,BENIGN,4,"
            f"Mass-Test_P_00001_LEFT_CC/{UID}.98/{UID}.10/000000.dcm,{mask},{mask}"
        )
    write_description(tmp_path / "csv", *lines, part="test")
    row = rows_of(tmp_path)["P_00001", "LEFT_CC"]
    assert (row["status"], row["abnormalities"]) == ("usable", 8)
    assert row["pathologies"].split("; ") == ["BENIGN"] * 7 + ["MALIGNANT"]
    abnormal = [item for item in extract(tmp_path).values() if item.label == "abnormal"]
    assert len([item for item in abnormal if item.reason]) == 0
