"""Lesions of a table's masks as candidates: each once, its mask examined."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from PIL import Image

from camseg.datasets.annotations import Entry, Finding, index_entries
from camseg.datasets.selection import Selection
from camseg.rois import extraction, lesions
from camseg.rois.boxes import Box
from conftest import block, bright, overlay_text, rectangle, write_case
from made import RULES, index_source

SHAPE = 120, 80
LESION = block(SHAPE, 20, 50, 16, 8)
SAME = "is the same lesion as 1.LEFT.1, which counts once"
TWICE = "its lesion is listed more than once and counts once"


def extract(path, source="table", rules=RULES, **options):
    folder = path.parent if path.is_file() else path
    candidates = []
    for rows in index_source(path, source, **options):
        candidates += extraction.extract_case(rows, folder, rules)
    return {candidate.roi_id: candidate for candidate in candidates}


def write_table(folder, *masks, types=None):
    """A table of one pair of images, the left one with these masks."""
    for side in ("LEFT", "RIGHT"):
        rows = np.indices(SHAPE)[0].astype(np.uint8)
        image = bright(side, SHAPE) // 2 + rows % 60
        Image.fromarray(image).save(folder / f"{side.lower()}.png")
    lines = ["image,patient,side,label,mask,type,pathology"]
    for number, mask in enumerate(masks):
        name = f"mask-{number}.png"
        Image.fromarray(mask).save(folder / name)
        kind = types[number] if types else "MASS,MALIGNANT"
        lines.append(f"left.png,1,left,abnormal,{name},{kind}")
    lines.append("right.png,1,right,normal")
    (folder / "table.csv").write_text("\n".join(lines) + "\n")
    return folder / "table.csv"


def described(candidates):
    return {roi_id: (item.status, item.reason) for roi_id, item in candidates.items()}


def test_a_lesion_whose_mask_stands_there_twice_counts_once(tmp_path):
    plain = extract(write_table(tmp_path, LESION))
    twice = extract(write_table(tmp_path, LESION, LESION, LESION))
    assert described(twice) == {
        "1.LEFT.1.abnormal": ("used", ""),
        "1.LEFT.1.normal": ("used", ""),
        "1.LEFT.2.abnormal": ("dropped", SAME),
        "1.LEFT.2.normal": ("dropped", "its abnormal ROI is dropped"),
        "1.LEFT.3.abnormal": ("dropped", SAME),
        "1.LEFT.3.normal": ("dropped", "its abnormal ROI is dropped"),
    }
    for roi_id, item in plain.items():  # and is what it is when it is listed once
        again = twice[roi_id]
        assert np.array_equal(item.image, again.image)
        assert item.details == again.details  # no neighbour either
    assert twice["1.LEFT.1.abnormal"].notes == [TWICE]
    assert twice["1.LEFT.1.abnormal"].record()["notes"] == TWICE


def test_a_row_that_stands_there_twice_counts_once(tmp_path):
    table = write_table(tmp_path, LESION)
    lines = table.read_text().splitlines()
    table.write_text("\n".join([lines[0], lines[1], lines[1], lines[2], lines[2]]) + "\n")
    candidates = extract(table)
    assert [item.roi_id for item in candidates.values() if not item.reason] == [
        "1.LEFT.1.abnormal",
        "1.LEFT.1.normal",
    ]
    assert candidates["1.LEFT.2.abnormal"].reason == SAME


def test_of_a_lesion_listed_as_two_things_the_selected_one_counts(tmp_path):
    table = write_table(tmp_path, LESION, LESION, types=["CALC,BENIGN", "MASS,MALIGNANT"])
    candidates = extract(table, selection=Selection(lesion_types=("MASS",)))
    assert described(candidates) == {
        "1.LEFT.1.abnormal": ("dropped", "is the same lesion as 1.LEFT.2, which counts once"),
        "1.LEFT.1.normal": ("dropped", "its abnormal ROI is dropped"),
        "1.LEFT.2.abnormal": ("used", ""),
        "1.LEFT.2.normal": ("used", ""),
    }
    none = extract(table, selection=Selection(lesion_types=("ASYMMETRY",)))
    assert {item.reason for item in none.values()} == {
        lesions.UNSELECTED,
        "is the same lesion as 1.LEFT.1, which counts once",
        "its abnormal ROI is dropped",
    }


def test_an_abnormality_repeated_in_an_overlay_counts_once(tmp_path):
    chain = rectangle(20, 50, 16, 8)
    write_case(tmp_path, left_lesions=(chain, rectangle(10, 80, 8, 8), chain))
    kept = {roi_id for roi_id, item in extract(tmp_path, "ddsm").items() if not item.reason}
    pairs = ("B-0001-1.LEFT_CC.1", "B-0001-1.LEFT_CC.2")
    assert kept == {f"{pair}.{label}" for pair in pairs for label in ("abnormal", "normal")}


def test_a_copy_of_a_lesion_keeps_no_normal_roi_of_the_other_breast_away(tmp_path):
    """Its padding, drawn by its own name, would reach elsewhere than the lesion's that counts."""
    case = write_case(
        tmp_path,
        left_lesions=(rectangle(20, 50, 16, 8),),
        right_lesions=(rectangle(44, 70, 16, 8), rectangle(44, 70, 16, 8)),
    )
    assert (case / "B_0001_1.RIGHT_CC.OVERLAY").exists()
    found = extract(tmp_path, "ddsm", replace(RULES, padding=(0.1, 0.3)))
    once = tmp_path / "once"
    one = write_case(
        once, left_lesions=(rectangle(20, 50, 16, 8),), right_lesions=(rectangle(44, 70, 16, 8),)
    )
    assert (one / "B_0001_1.RIGHT_CC.OVERLAY").read_text() == overlay_text(rectangle(44, 70, 16, 8))
    expected = extract(once, "ddsm", replace(RULES, padding=(0.1, 0.3)))
    for roi_id, item in expected.items():
        assert (found[roi_id].reason, found[roi_id].box) == (item.reason, item.box)


INVERTED = 255 - LESION
SPOTTED = np.maximum(LESION, block(SHAPE, 70, 5, 1, 1))
OUTLINE = cv2.rectangle(np.zeros(SHAPE, np.uint8), (20, 50), (35, 57), 255, 1)


@pytest.mark.parametrize(
    ("mask", "odd"),
    [
        (INVERTED, "it marks 0.99 of the image and its border: inverted"),
        (SPOTTED, "1 specks beside the lesion: removed"),
        (OUTLINE, "it is an outline, 0.34 of what it encloses: filled"),
    ],
    ids=["inverted", "speck", "outline"],
)
def test_an_odd_mask_is_mended_dropped_or_kept(tmp_path, mask, odd):
    plain = extract(write_table(tmp_path, LESION))["1.LEFT.1.abnormal"]
    table = write_table(tmp_path, mask)
    mended = extract(table)["1.LEFT.1.abnormal"]
    assert mended.reason == ""
    assert mended.box == plain.box
    assert np.array_equal(mended.lesion, plain.lesion)
    assert mended.record()["notes"] == f"its mask was odd: {odd}"
    record = mended.record()
    row = next(iter(index_source(table, "table")))[0]
    _, shown = lesions.read_lesion(row, tmp_path, record)  # what figures show is what was cut
    assert np.array_equal(shown, LESION // 255)

    dropped = extract(table, rules=replace(RULES, odd_masks="drop"))["1.LEFT.1.abnormal"]
    assert (dropped.status, dropped.reason) == ("dropped", f"its mask is odd: {odd}")

    kept = extract(table, rules=replace(RULES, odd_masks="keep"))["1.LEFT.1.abnormal"]
    rows, columns = np.nonzero(mask)
    assert kept.details["lesion_w"] == np.ptp(columns) + 1
    assert kept.details["lesion_h"] == np.ptp(rows) + 1
    assert not kept.notes
    for item in (mended, dropped, kept):  # all say what the mask was like
        assert item.details["components"] == (2 if mask is SPOTTED else 1)
        share = np.mean(mask[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1] > 0)
        assert item.details["box_share"] == pytest.approx(share, abs=1e-6)
        assert item.details["touches_edge"] == ("yes" if mask is INVERTED else "no")


def test_a_mask_of_two_far_lesions_is_dropped_with_the_reason(tmp_path):
    two = np.maximum(block(SHAPE, 2, 20, 6, 6), block(SHAPE, 60, 90, 6, 6))
    item = extract(write_table(tmp_path, two))["1.LEFT.1.abnormal"]
    assert item.reason.endswith("of its box, in 2 pieces: several lesions?")
    kept = extract(write_table(tmp_path, two), rules=replace(RULES, odd_masks="keep"))
    assert kept["1.LEFT.1.abnormal"].reason == ""


def test_what_was_done_to_read_a_mask_is_told(tmp_path):
    soft = cv2.GaussianBlur(LESION, (3, 3), 0)
    candidate = extract(write_table(tmp_path, soft))["1.LEFT.1.abnormal"]
    told = f"mask of {len(np.unique(soft))} grey levels, lesion from half of the brightest on"
    assert candidate.notes == [told]
    assert candidate.box == Box(16, 48, 24, 12)


SECOND = block(SHAPE, 24, 48, 16, 8)  # 12 of LESION's 16 columns, 6 of its 8 rows


def outlined(folder, *masks, **changed):
    """The candidate of a lesion of which each mask is an outline, and its row of the index."""
    write_table(folder, *masks)
    paths = tuple(folder / f"mask-{number}.png" for number in range(len(masks)))
    finding = Finding("MALIGNANT", "MASS", masks=paths)
    entry = Entry("1", "1", "LEFT", folder / "left.png", finding)
    row = next(index_entries([entry], folder, ""))[0]
    row |= {"source": "table", "selected": "1"}
    (candidate,) = lesions.abnormal_candidates(row, folder, replace(RULES, **changed))
    return candidate, row


def lesion_box(candidate):
    return Box(*(candidate.details[f"lesion_{side}"] for side in "xywh"))


def test_outlines_of_one_lesion_are_united_and_compared(tmp_path):
    candidate, row = outlined(tmp_path, LESION, SECOND)
    assert (candidate.reason, candidate.notes) == ("", [])
    assert lesion_box(candidate) == Box(20, 48, 20, 10)
    record = candidate.record()
    assert record["outlines"] == "1 2"
    assert record["reader_dice"] == 0.5625  # 2 * 12 * 6 / (16 * 8 + 16 * 8)
    _, shown = lesions.read_lesion(row, tmp_path, record)
    np.testing.assert_array_equal(shown, (LESION | SECOND) // 255)


def test_of_three_outlines_the_dice_is_the_mean_over_pairs(tmp_path):
    third = block(SHAPE, 20, 50, 16, 4)  # the upper half of the first
    candidate, _ = outlined(tmp_path, LESION, SECOND, third)
    # 72 pixels of both; its 64 are all of the first; 12 x 4 of them are the second's
    pairs = [2 * 72 / 256, 2 * 64 / (128 + 64), 2 * 48 / (128 + 64)]
    assert candidate.details["reader_dice"] == pytest.approx(sum(pairs) / 3, abs=1e-6)
    assert candidate.record()["outlines"] == "1 2 3"


def test_one_outline_has_nothing_to_be_compared_with(tmp_path):
    candidate, _ = outlined(tmp_path, LESION)
    assert candidate.record()["reader_dice"] == ""
    assert candidate.record()["outlines"] == "1"


def test_the_core_is_the_last_outline_alone(tmp_path):
    candidate, row = outlined(tmp_path, LESION, SECOND, outline="core")
    assert lesion_box(candidate) == Box(24, 48, 16, 8)
    record = candidate.record()
    assert (record["outlines"], record["reader_dice"]) == ("2", "")
    _, shown = lesions.read_lesion(row, tmp_path, record)
    np.testing.assert_array_equal(shown, SECOND // 255)


def test_boundary_and_core_of_an_overlay(tmp_path):
    """Each of BOUNDARY and CORE is an outline, the BOUNDARY first wherever it stands."""
    boundary, core = rectangle(20, 50, 16, 8), rectangle(22, 52, 8, 4)
    case = write_case(tmp_path, left_lesions=(boundary,))
    for text in (f"BOUNDARY\n{boundary}\n\tCORE\n{core}", f"\tCORE\n{core}\nBOUNDARY\n{boundary}"):
        whole = overlay_text(boundary).replace("OUTLINES 1", "OUTLINES 2")
        overlay = case / "B_0001_1.LEFT_CC.OVERLAY"
        overlay.write_text(whole.replace(f"BOUNDARY\n{boundary}", text))
        both = extract(tmp_path, "ddsm")["B-0001-1.LEFT_CC.1.abnormal"]
        assert lesion_box(both) == Box(20, 50, 16, 8)
        assert both.details["reader_dice"] == 0.4  # 2 * 32 / (128 + 32)
        rules = replace(RULES, outline="core")
        inner = extract(tmp_path, "ddsm", rules)["B-0001-1.LEFT_CC.1.abnormal"]
        assert lesion_box(inner) == Box(22, 52, 8, 4)
        assert inner.record()["reader_dice"] == ""


@pytest.mark.parametrize("faulty", [0, 1])
def test_a_faulty_outline_of_two_is_left_out_and_told(tmp_path, faulty):
    row = outlined(tmp_path, LESION, SECOND)[1]
    (tmp_path / f"mask-{faulty}.png").write_bytes(b"no picture")
    (candidate,) = lesions.abnormal_candidates(row, tmp_path, RULES)
    assert (candidate.status, candidate.reason) == ("used", "")
    assert lesion_box(candidate) == (Box(24, 48, 16, 8), Box(20, 50, 16, 8))[faulty]
    (note,) = candidate.notes
    assert note.startswith(f"an outline of several is left out: mask-{faulty}.png: ")
    assert candidate.record()["reader_dice"] == ""
    _, shown = lesions.read_lesion(row, tmp_path, candidate.record())
    np.testing.assert_array_equal(shown, (SECOND, LESION)[faulty] // 255)


def test_a_lesion_without_an_outline_that_can_be_read_is_unreadable(tmp_path):
    row = outlined(tmp_path, LESION, SECOND)[1]
    for number in (0, 1):
        (tmp_path / f"mask-{number}.png").write_bytes(b"no picture")
    (candidate,) = lesions.abnormal_candidates(row, tmp_path, RULES)
    assert candidate.status == "unreadable"
    assert candidate.reason.startswith("mask-0.png: ")


def test_outlines_that_do_not_overlap_are_told_and_not_compared(tmp_path):
    apart = block(SHAPE, 40, 50, 8, 8)
    candidate, _ = outlined(tmp_path, LESION, apart, odd_masks="keep")
    assert candidate.notes == [
        "its outlines do not overlap: one lesion with several parts, or several"
    ]
    assert candidate.record()["reader_dice"] == ""
    assert lesion_box(candidate) == Box(20, 50, 28, 8)
