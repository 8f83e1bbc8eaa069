import hashlib
import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from camseg.datasets.selection import Selection
from camseg.formats import ddsm, ljpeg
from camseg.rois import boxes, extraction, lesions
from camseg.rois.boxes import Box
from conftest import overlay_text, rectangle, write_case
from made import RULES, index_source


def extract(folder, rules=RULES, **options):
    """All candidates of a folder, as a dictionary by ROI id; `options` are the index's."""
    candidates = []
    for rows in index_source(folder, "ddsm", **options):
        candidates += extraction.extract_case(rows, folder, rules)
    return {candidate.roi_id: candidate for candidate in candidates}


def test_golden_boxes_of_a_pair_with_images_of_different_sizes(tmp_path):
    # a lesion 16 x 8 at (20, 50) of LEFT; padded by a quarter: 4 columns and 2 rows on each side
    write_case(tmp_path, left=(120, 80), right=(130, 90), left_lesions=(rectangle(20, 50, 16, 8),))
    candidates = extract(tmp_path)
    abnormal = candidates["B-0001-1.LEFT_CC.1.abnormal"]
    normal = candidates["B-0001-1.LEFT_CC.1.normal"]
    assert abnormal.box == Box(16, 48, 24, 12)
    assert normal.box == Box(90 - 16 - 24, 48, 24, 12)
    assert normal.row["view"] == "RIGHT_CC"
    assert abnormal.reason == normal.reason == ""
    record = abnormal.record()
    assert tuple(record) == extraction.COLUMNS
    assert [record[f"lesion_{key}"] for key in "xywh"] == [20, 50, 16, 8]
    # the lesion takes 16 of 24 columns and 8 of 12 rows of its ROI
    assert abnormal.lesion.mean() == pytest.approx(16 * 8 / (24 * 12), abs=0.03)
    assert normal.lesion is None


def test_right_lesions_mirror_by_the_right_images_width(tmp_path):
    write_case(
        tmp_path, left=(120, 80), right=(120, 100), right_lesions=(rectangle(60, 50, 16, 8),)
    )
    normal = extract(tmp_path)["B-0001-1.RIGHT_CC.1.normal"]
    assert normal.box == Box(100 - 56 - 24, 48, 24, 12)


def test_padding_is_clipped_at_the_edge_and_the_mirrored_box_shifted_inside(tmp_path):
    write_case(tmp_path, left=(120, 80), right=(56, 80), left_lesions=(rectangle(2, 50, 16, 8),))
    candidates = extract(tmp_path)
    abnormal = candidates["B-0001-1.LEFT_CC.1.abnormal"]
    normal = candidates["B-0001-1.LEFT_CC.1.normal"]
    assert abnormal.box == Box(0, 48, 22, 12)
    assert abnormal.details["clipped_left"] == 2
    assert abnormal.details["clipped_right"] == 0
    assert normal.box == Box(58, 44, 22, 12)
    assert (normal.details["shift_x"], normal.details["shift_y"]) == (0, -4)


def test_overlapping_lesions_of_both_breasts(tmp_path):
    # mirrored in an image 80 wide, columns 44..59 of RIGHT are columns 20..35 of LEFT
    write_case(
        tmp_path,
        left_lesions=(rectangle(20, 50, 16, 8), rectangle(10, 80, 8, 8)),
        right_lesions=(rectangle(44, 56, 16, 8),),
    )
    kept = {roi_id for roi_id, item in extract(tmp_path).items() if not item.reason}
    assert kept == {
        "B-0001-1.LEFT_CC.1.abnormal",
        "B-0001-1.LEFT_CC.2.abnormal",
        "B-0001-1.LEFT_CC.2.normal",
        "B-0001-1.RIGHT_CC.1.abnormal",
    }
    both = extract(tmp_path, replace(RULES, overlap="drop_both"))
    kept = {roi_id for roi_id, item in both.items() if not item.reason}
    assert kept == {"B-0001-1.LEFT_CC.2.abnormal", "B-0001-1.LEFT_CC.2.normal"}
    reason = both["B-0001-1.RIGHT_CC.1.abnormal"].reason
    assert reason == "overlaps the lesion B-0001-1.LEFT_CC.1 of the other breast"


def test_only_pairs_where_unpaired_rois_are_dropped(tmp_path):
    write_case(
        tmp_path,
        left_lesions=(rectangle(20, 50, 16, 8), rectangle(10, 80, 8, 8)),
        right_lesions=(rectangle(44, 56, 16, 8),),
    )
    pairs = extract(tmp_path, replace(RULES, unpaired="drop"))
    kept = {roi_id for roi_id, item in pairs.items() if not item.reason}
    assert kept == {"B-0001-1.LEFT_CC.2.abnormal", "B-0001-1.LEFT_CC.2.normal"}
    assert pairs["B-0001-1.RIGHT_CC.1.abnormal"].reason == (
        "its normal ROI is dropped: overlaps the lesion B-0001-1.LEFT_CC.1 of the other breast"
    )
    # a lesion that is left out says why it is itself
    unselected = extract(tmp_path, replace(RULES, unpaired="drop"), selection=NO_MASSES)
    assert {item.reason for item in unselected.values() if item.label == "abnormal"} == {UNSELECTED}


def with_cluster(folder, **lesions):
    """A case of `lesions`, those of the RIGHT view being calcifications."""
    case = write_case(folder, **lesions)
    text = overlay_text(*lesions["right_lesions"], lesion_types=("CALCIFICATION",))
    (case / "B_0001_1.RIGHT_CC.OVERLAY").write_text(text)


MASSES = Selection(lesion_types=("MASS",))
NO_MASSES = Selection(lesion_types=("CALCIFICATION",))
UNSELECTED = "its lesion type or pathology is not selected"


def test_no_normal_roi_is_cut_where_a_lesion_lies_that_is_not_selected(tmp_path):
    # mirrored in an image 80 wide, columns 44..59 of RIGHT are columns 20..35 of LEFT
    with_cluster(
        tmp_path,
        left_lesions=(rectangle(20, 50, 16, 8), rectangle(10, 80, 8, 8)),
        right_lesions=(rectangle(44, 56, 16, 8),),
    )
    everything, masses = extract(tmp_path), extract(tmp_path, selection=MASSES)
    assert set(everything) == set(masses)  # every outlined lesion has its two rows
    reasons = {roi_id: item.reason for roi_id, item in masses.items() if item.reason}
    assert reasons == {
        "B-0001-1.LEFT_CC.1.normal": "overlaps the lesion B-0001-1.RIGHT_CC.1 of the other breast",
        "B-0001-1.RIGHT_CC.1.abnormal": UNSELECTED,
        "B-0001-1.RIGHT_CC.1.normal": "its abnormal ROI is dropped",
    }
    for roi_id in set(masses) - set(reasons):  # what is left is what it was without a selection
        assert masses[roi_id].record() == everything[roi_id].record()
        assert (masses[roi_id].image == everything[roi_id].image).all()


def test_a_normal_roi_opposite_to_a_lesion_that_is_not_selected_is_not_wanted(tmp_path):
    with_cluster(tmp_path, right_lesions=(rectangle(44, 56, 16, 8),))
    candidates = extract(tmp_path, selection=MASSES)
    assert [item.reason for item in candidates.values()] == [
        UNSELECTED,
        "its abnormal ROI is dropped",
    ]
    assert len(extraction.to_rois(list(candidates.values()), 32)) == 0


def test_a_neighbour_that_is_not_selected_is_counted(tmp_path):
    case = write_case(tmp_path, left_lesions=(rectangle(20, 50, 16, 8),))
    path = case / "B_0001_1.LEFT_CC.OVERLAY"
    near = overlay_text(rectangle(37, 50, 8, 8), lesion_types=("CALCIFICATION",))
    path.write_text(path.read_text() + near)
    candidates = extract(tmp_path, selection=MASSES)
    assert candidates["B-0001-1.LEFT_CC.1.abnormal"].details["neighbours"] == 1
    assert candidates["B-0001-1.LEFT_CC.2.abnormal"].reason == UNSELECTED


def test_rois_of_raw_grey_span_their_images_range(tmp_path):
    """The oracle: the raw image, stretched by hand, cut at the recorded boxes."""
    case = write_case(tmp_path, digitizer="VIDAR 12", left_lesions=(rectangle(20, 50, 16, 8),))
    random = np.random.default_rng(0)
    for side in ("LEFT", "RIGHT"):
        path = case / f"B_0001_1.{side}_CC.LJPEG"
        grey = ljpeg.decode(path.read_bytes()) + random.integers(0, 300, (120, 80), np.uint16)
        path.write_bytes(ljpeg.encode(grey, precision=13))
    candidates = extract(tmp_path, grey="min_max")
    assert [item.reason for item in candidates.values()] == ["", ""]
    for item in candidates.values():
        grey = ljpeg.decode((tmp_path / item.row["image"]).read_bytes()).astype(float)
        stretched = 255 * (grey - grey.min()) / (grey.max() - grey.min())
        expected = boxes.resize(stretched[item.box.slices], 32)
        assert np.abs(item.image - expected).max() <= 1


def test_neighbouring_lesions_keep_their_own_masks_and_are_counted(tmp_path):
    write_case(tmp_path, left_lesions=(rectangle(20, 50, 16, 8), rectangle(37, 50, 8, 8)))
    candidates = extract(tmp_path)
    first = candidates["B-0001-1.LEFT_CC.1.abnormal"]
    assert first.details["neighbours"] == 1
    assert first.lesion[:, -5:].sum() == 0


def test_normal_roi_without_breast_is_dropped(tmp_path):
    # the other image is wider: its breast ends where the LEFT one's still goes on
    case = write_case(
        tmp_path, left=(120, 80), right=(120, 80), left_lesions=(rectangle(40, 50, 16, 8),)
    )
    film = ddsm.grey_level(np.full((120, 80), 3.5), "lumisys")
    film[:, 70:] = ddsm.grey_level(np.float64(1.0), "lumisys")
    (case / "B_0001_1.RIGHT_CC.LJPEG").write_bytes(ljpeg.encode(film, precision=12))
    normal = extract(tmp_path)["B-0001-1.LEFT_CC.1.normal"]
    assert normal.reason.startswith("shows too little breast: 0.00 of its area")


@pytest.mark.parametrize("lost", ["LJPEG", "truncated"])
def test_a_view_without_its_contralateral_loses_only_its_normal_roi(tmp_path, lost):
    case = write_case(tmp_path, left_lesions=(rectangle(20, 50, 16, 8),))
    image = case / "B_0001_1.RIGHT_CC.LJPEG"
    if lost == "LJPEG":
        image.unlink()
    else:
        image.write_bytes(image.read_bytes()[:-100])
    candidates = extract(tmp_path)
    assert candidates["B-0001-1.LEFT_CC.1.abnormal"].reason == ""
    assert "RIGHT_CC" in candidates["B-0001-1.LEFT_CC.1.normal"].reason


def test_a_truncated_image_with_a_lesion_loses_the_pair(tmp_path):
    case = write_case(tmp_path, left_lesions=(rectangle(20, 50, 16, 8),))
    image = case / "B_0001_1.LEFT_CC.LJPEG"
    image.write_bytes(image.read_bytes()[:-100])
    abnormal, normal = extract(tmp_path).values()
    assert abnormal.reason.startswith("case0001/B_0001_1.LEFT_CC.LJPEG: ")
    assert normal.reason == "its abnormal ROI is dropped"


def test_faults_of_an_outline_are_recorded(tmp_path):
    # 16 x 8 pixels from column -3, of which 13 columns are left; and an open chain
    open_chain = " ".join(["20", "80", *"2" * 15, *"4" * 7, *"6" * 15, "#"])
    write_case(tmp_path, left_lesions=(rectangle(-3, 50, 16, 8), open_chain))
    candidates = extract(tmp_path)
    clipped = candidates["B-0001-1.LEFT_CC.1.abnormal"].details
    opened = candidates["B-0001-1.LEFT_CC.2.abnormal"].details
    assert (clipped["outline_beyond"], clipped["outline_closed"], clipped["lesion_w"]) == (
        3,
        True,
        13,
    )
    assert (opened["outline_beyond"], opened["outline_closed"], opened["lesion_h"]) == (0, False, 8)


def test_a_lesion_of_one_pixel_is_refused(tmp_path):
    write_case(tmp_path, left_lesions=("20 50 2 6 #",))
    assert extract(tmp_path)["B-0001-1.LEFT_CC.1.abnormal"].reason == "the lesion is one pixel wide"


def test_a_lesion_too_thin_for_the_roi_is_dropped_not_used_without_a_mask(tmp_path):
    line = " ".join(["5", "10", *"3" * 120, *"7" * 120, "#"])  # there and back, a pixel wide
    write_case(tmp_path, left=(240, 160), right=(240, 160), left_lesions=(line,))
    abnormal, _ = extract(tmp_path).values()
    assert abnormal.reason == "its mask covers only 0.008 of its box: a line?"
    abnormal, normal = extract(tmp_path, replace(RULES, odd_masks="keep")).values()
    assert abnormal.reason == "the lesion is too thin to be seen at 32 x 32"
    assert normal.reason == "its abnormal ROI is dropped"


def test_an_overlay_that_went_away_is_recorded(tmp_path):
    case = write_case(tmp_path, left_lesions=(rectangle(20, 50, 16, 8), rectangle(10, 80, 8, 8)))
    (rows,) = index_source(tmp_path, "ddsm")
    (case / "B_0001_1.LEFT_CC.OVERLAY").unlink()
    candidates = extraction.extract_case(rows, tmp_path, RULES)
    assert [(item.label, item.status) for item in candidates] == [
        ("abnormal", "unreadable"),
        ("normal", "dropped"),
    ] * 2
    assert "OVERLAY: cannot be read" in candidates[0].reason


def test_padding_depends_on_seed_and_roi_alone(tmp_path):
    rules = replace(RULES, padding=(0.1, 0.3))
    write_case(tmp_path, "B-0002-1", left_lesions=(rectangle(20, 50, 16, 8),))
    alone = extract(tmp_path, rules)["B-0002-1.LEFT_CC.1.abnormal"].box
    write_case(tmp_path, "B-0001-1", left_lesions=(rectangle(20, 50, 16, 8),))
    more = extract(tmp_path, rules)
    assert more["B-0002-1.LEFT_CC.1.abnormal"].box == alone
    assert more["B-0001-1.LEFT_CC.1.abnormal"].box != alone
    assert extract(tmp_path, replace(rules, seed=2))["B-0002-1.LEFT_CC.1.abnormal"].box != alone


def test_padding_is_uniform_between_its_bounds(tmp_path):
    # a lesion 100 x 100 in the middle, many seeds: each side between 10 and 30, all reached
    write_case(tmp_path, left=(400, 300), left_lesions=(rectangle(100, 150, 100, 100),))
    (rows,) = index_source(tmp_path, "ddsm")
    sides = []
    for seed in range(100):
        rules = replace(RULES, padding=(0.1, 0.3), seed=seed)
        (candidate,) = lesions.abnormal_candidates(rows[0], tmp_path, rules)
        x, y, w, h = candidate.box
        sides.append([100 - x, 150 - y, x + w - 200, y + h - 250])
    sides = np.array(sides)
    assert sides.min() in (10, 11)
    assert sides.max() in (29, 30)
    assert sides.mean() == pytest.approx(20, abs=1)
    assert np.abs(np.corrcoef(sides.T) - np.eye(4)).max() < 0.35  # independent sides


def test_real_cases(fixtures, tmp_path):
    """The two real-pixel cases: LJPEGs decode to the listed SHA-256, ROIs are the expected ones."""
    folder = tmp_path / "cases"
    shutil.copytree(fixtures / "cases", folder)
    for image in folder.rglob("*.LJPEG"):
        expected = json.loads(image.with_name(image.name + ".expected.json").read_text())
        pixels = ljpeg.decode(image.read_bytes())
        assert list(pixels.shape) == expected["shape"]
        digest = hashlib.sha256(pixels.astype("<u2").tobytes()).hexdigest()
        assert digest == expected["sha256_of_uint16_little_endian_pixels"]
    candidates = extract(folder, replace(RULES, size=224, padding=(0.1, 0.3)))
    used = [item for item in candidates.values() if not item.reason]
    abnormal = [item.row["case_id"] for item in used if item.label == "abnormal"]
    assert (abnormal.count("C-0820-1"), abnormal.count("C-0173-1")) == (2, 3)
    normal = {item.roi_id for item in used if item.label == "normal"}
    assert normal == {
        "C-0820-1.LEFT_CC.1.normal",
        "C-0820-1.RIGHT_CC.1.normal",
        "C-0173-1.RIGHT_CC.1.normal",
    }
    for item in used:
        if item.label == "abnormal":  # the mask is the drawn ellipse: its box is the outline's
            overlay = ddsm.read_overlay(folder / item.row["outlines"])
            points = overlay[item.number - 1].outlines[0].points
            low, high = points.min(axis=0), points.max(axis=0)
            rows, columns = np.nonzero(item.lesion)
            scale = 224 / np.array([item.box.w, item.box.h])
            wanted = np.array([low - item.box[:2], high + 1 - item.box[:2]]) * scale
            found = [[columns.min(), rows.min()], [columns.max() + 1, rows.max() + 1]]
            assert np.abs(wanted - found).max() <= 1.5
        else:
            assert item.row["view"] not in item.pair_id  # cut from the other breast


def one_side(side, shape, begins):
    """A breast whose chest wall is `begins` columns from the picture's edge, on dark film."""
    rows, columns = np.indices(shape)
    depth = columns - begins if side == "LEFT" else shape[1] - 1 - begins - columns
    inside = ((rows - shape[0] / 2) / (0.4 * shape[0])) ** 2 + (depth / (0.6 * shape[1])) ** 2 < 1
    return np.where(inside & (depth >= 0), 150 + rows % 90, 10 + columns % 3).astype(np.uint8)


LESION = Box(20, 50, 16, 8)


def write_pair(folder, left, right, lesion=LESION):
    """A table of a left picture with a lesion, and a right one without."""
    mask = np.zeros(left.shape, np.uint8)
    mask[lesion.slices] = 255
    for name, image in (("left", left), ("right", right), ("mask", mask)):
        Image.fromarray(image).save(folder / f"{name}.png")
    lines = ["image,patient,side,label,mask", "left.png,1,left,abnormal,mask.png"]
    (folder / "table.csv").write_text("\n".join([*lines, "right.png,1,right,normal,"]) + "\n")


def extract_pair(folder, **rules):
    (rows,) = index_source(folder / "table.csv", "table")
    found = extraction.extract_case(rows, folder, replace(RULES, **rules))
    return {candidate.label: candidate for candidate in found}


CONTRADICTION = (
    "the breast lies at the left edge of RIGHT, the chest wall is taken to be at the right: "
    "see rois: chest_wall"
)


def test_pictures_stored_turned_to_one_side_are_found_out_and_can_be_told(tmp_path):
    left = one_side("LEFT", (120, 80), 0)
    write_pair(tmp_path, left, one_side("LEFT", (120, 90), 0))
    warned = extract_pair(tmp_path)
    assert warned["abnormal"].notes == []
    assert warned["normal"].notes == [CONTRADICTION]
    assert warned["normal"].details["breast_side"] == "left"
    assert warned["normal"].box == Box(90 - 16 - 24, 48, 24, 12)  # as told: by side
    for rule in ("left", "found"):
        pair = extract_pair(tmp_path, chest_wall=rule)
        assert pair["normal"].box == pair["abnormal"].box == Box(16, 48, 24, 12)
        assert pair["normal"].notes == pair["abnormal"].notes == []
    wrong = extract_pair(tmp_path, chest_wall="right")
    assert [len(wrong[label].notes) for label in ("abnormal", "normal")] == [1, 1]


def test_a_breast_that_touches_no_edge_is_measured_from_where_it_begins(tmp_path):
    shape = 240, 200
    lesion = Box(70, 100, 32, 16)
    left, right = one_side("LEFT", shape, 40), one_side("RIGHT", shape, 20)
    write_pair(tmp_path, left, right, lesion)
    pair = extract_pair(tmp_path)
    assert pair["abnormal"].box == Box(62, 96, 48, 24)
    # 22 columns from where the left breast begins; the right one ends at column 180
    assert pair["normal"].box.x + 48 == pytest.approx(180 - 22, abs=2)
    assert pair["normal"].notes == []
    # the same pair, each at its edge, gives the same place exactly
    edges = tmp_path / "edges"
    edges.mkdir()
    write_pair(
        edges, one_side("LEFT", shape, 0), one_side("RIGHT", shape, 0), lesion._replace(x=30)
    )
    assert extract_pair(edges)["normal"].box == Box(200 - 22 - 48, 96, 48, 24)


def test_a_picture_of_few_levels_is_told(tmp_path):
    left, right = one_side("LEFT", (120, 80), 0), one_side("RIGHT", (120, 80), 0)
    write_pair(tmp_path, left, right)
    assert extract_pair(tmp_path)["abnormal"].notes == []
    hot = left.astype(np.uint16) * 16  # twelve bits
    hot[0, 0] = 65535
    Image.fromarray(hot).save(tmp_path / "left.png")
    pair = extract_pair(tmp_path)
    image = np.rint((hot.astype(float) - hot.min()) * 255 / (65535 - hot.min()))
    ordered = np.sort(image, axis=None)  # 9,600 pixels: a thousandth of them are 9.6
    levels = len(np.unique(ordered[9:-9]))
    assert levels < 12
    assert pair["abnormal"].notes == [f"only {levels} of 256 grey levels are in use"]
    assert pair["normal"].notes == []


def test_a_robust_range_is_not_squeezed_by_a_hot_pixel(tmp_path):
    left, right = one_side("LEFT", (120, 80), 0), one_side("RIGHT", (120, 80), 0)
    write_pair(tmp_path, left.astype(np.uint16) * 16, right)
    plain = extract_pair(tmp_path)["abnormal"].image.astype(int)
    hot = left.astype(np.uint16) * 16
    hot[0, 0] = 65535
    Image.fromarray(hot).save(tmp_path / "left.png")
    (rows,) = index_source(tmp_path / "table.csv", "table", grey="robust")
    abnormal, _ = extraction.extract_case(rows, tmp_path, RULES)
    assert abnormal.notes == []
    assert np.abs(abnormal.image.astype(int) - plain).max() <= 3
