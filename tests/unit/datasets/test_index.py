import gzip

import pytest

from camseg.datasets.readers import reader
from camseg.datasets.selection import Selection
from camseg.errors import CamsegError
from conftest import overlay_text, rectangle, write_case
from made import index_source

LESION = rectangle(20, 50, 16, 8)


def rows_of(folder, **options):
    cases = index_source(folder, "ddsm", **options)
    return {(row["case_id"], row["view"]): row for case in cases for row in case}


def test_usable_views_at_any_depth(tmp_path):
    write_case(tmp_path / "cancers" / "cancer_01", "B-0001-1", left_lesions=(LESION, LESION))
    write_case(tmp_path / "deep" / "er" / "still", "C-0002-1")
    rows = rows_of(tmp_path)
    assert len(rows) == 4
    assert {row["status"] for row in rows.values()} == {"usable"}
    left = rows["B-0001-1", "LEFT_CC"]
    assert left["abnormalities"] == 2
    assert (left["scanner"], left["lines"], left["pixels_per_line"]) == ("lumisys", 120, 80)
    assert str(left["image"]) == "cancers/cancer_01/case0001/B_0001_1.LEFT_CC.LJPEG"
    assert rows["C-0002-1", "LEFT_CC"]["abnormalities"] == 0


def spoil_ics(case):
    (case / "B-0001-1.ics").write_text("nothing\n")


def spoil_overlay(case):
    (case / "B_0001_1.LEFT_CC.OVERLAY").write_text(overlay_text("20 50 9 #"))


def spoil_image(case):
    (case / "B_0001_1.LEFT_CC.LJPEG").write_bytes(b"not an image")


def unlist_view(case):
    ics = case / "B-0001-1.ics"
    ics.write_text(ics.read_text().replace("LEFT_CC", "LEFT_XX"))


def contradict_size(case):
    ics = case / "B-0001-1.ics"
    ics.write_text(ics.read_text().replace("LINES 120", "LINES 121"))


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (spoil_ics, r"case0001/B-0001-1.ics: has no line 'filename"),
        (spoil_overlay, r"case0001/B_0001_1.LEFT_CC.OVERLAY:9: broken chain code: step 1 is '9'"),
        (lambda case: (case / "B_0001_1.LEFT_CC.OVERLAY").unlink(), r"LEFT_CC.OVERLAY is missing"),
        (lambda case: (case / "B_0001_1.LEFT_CC.LJPEG").unlink(), r"LEFT_CC.LJPEG is missing"),
        (spoil_image, r"case0001/B_0001_1.LEFT_CC.LJPEG: .*byte 0"),
        (unlist_view, r"the .ics does not list this view"),
        (contradict_size, r"the LJPEG has 120 x 80 pixels, the .ics says 121 x 80"),
    ],
)
def test_a_bad_view_is_rejected_with_its_reason_and_the_rest_goes_on(tmp_path, spoil, reason):
    case = write_case(tmp_path, left_lesions=(LESION,))
    write_case(tmp_path, "B-0002-1", left_lesions=(LESION,))
    spoil(case)
    rows = rows_of(tmp_path)
    bad = rows["B-0001-1", "LEFT_CC"]
    assert bad["status"] == "rejected"
    with pytest.raises(CamsegError, match=reason):
        raise CamsegError(bad["reason"])
    assert rows["B-0002-1", "LEFT_CC"]["status"] == "usable"


def test_unknown_scanner_is_rejected_by_name(tmp_path):
    write_case(tmp_path, digitizer="VIDAR 12")
    reason = rows_of(tmp_path)["B-0001-1", "LEFT_CC"]["reason"]
    assert reason == "no calibration for the scanner 'VIDAR 12' of case B-0001-1"


def test_without_calibration_an_unknown_scanner_is_no_reason_to_reject(tmp_path):
    write_case(tmp_path, digitizer="VIDAR 12", left_lesions=(LESION,))
    write_case(tmp_path, "C-0002-1")
    rows = rows_of(tmp_path, grey="min_max")
    assert {(row["status"], row["scanner"]) for row in rows.values()} == {("usable", "min_max")}
    assert rows["B-0001-1", "LEFT_CC"]["digitizer"] == "VIDAR 12"
    assert rows["C-0002-1", "LEFT_CC"]["digitizer"] == "LUMISYS LASER"


def mixed_lesions(case):
    """Give a case's LEFT view a malignant mass, a benign cluster and a benign lesion of both."""
    mass = overlay_text(LESION)
    cluster = overlay_text(LESION, pathology="BENIGN", lesion_types=("CALCIFICATION",))
    both = overlay_text(LESION, pathology="BENIGN", lesion_types=("MASS", "CALCIFICATION"))
    (case / "B_0001_1.LEFT_CC.OVERLAY").write_text(mass + cluster + both)


@pytest.mark.parametrize(
    ("selection", "selected"),
    [
        (Selection(), "1 2 3"),
        (Selection(lesion_types=("MASS",)), "1 3"),
        (Selection(pathologies=("BENIGN",)), "2 3"),
        (Selection(lesion_types=("MASS",), pathologies=("UNPROVEN",)), ""),
    ],
)
def test_index_says_what_lesions_a_view_has_and_which_are_selected(tmp_path, selection, selected):
    mixed_lesions(write_case(tmp_path, left_lesions=(LESION,)))
    rows = rows_of(tmp_path, selection=selection)
    left, right = rows["B-0001-1", "LEFT_CC"], rows["B-0001-1", "RIGHT_CC"]
    assert left["status"] == right["status"] == "usable"
    assert (left["abnormalities"], left["selected"]) == (3, selected)
    assert left["lesion_types"] == "MASS; CALCIFICATION; CALCIFICATION+MASS"
    assert left["pathologies"] == "MALIGNANT; BENIGN; BENIGN"
    assert (right["abnormalities"], right["selected"], right["lesion_types"]) == (0, "", "")


def test_cases_of_other_volumes_are_listed_as_such(tmp_path):
    write_case(tmp_path / "cancers" / "cancer_01", "B-0001-1", left_lesions=(LESION,))
    other = write_case(tmp_path / "cancers" / "cancer_02", "B-0002-1", left_lesions=(LESION,))
    spoil_image(other)
    copy = write_case(tmp_path / "aside", "B-0001-1")
    rows = list(index_source(tmp_path, "ddsm", selection=Selection(volumes=("Cancer_01",))))
    status = {str(row["ics"]): (row["status"], row["reason"]) for case in rows for row in case}
    assert status == {
        "cancers/cancer_01/case0001/B-0001-1.ics": ("usable", ""),
        "cancers/cancer_02/case0002/B-0002-1.ics": (
            "unselected",
            "volume cancer_02 is not selected",
        ),
        str(copy.relative_to(tmp_path) / "B-0001-1.ics"): (
            "unselected",
            "volume aside is not selected",
        ),
    }


def test_the_same_case_twice_counts_once(tmp_path):
    write_case(tmp_path / "a", left_lesions=(LESION,))
    write_case(tmp_path / "b", left_lesions=(LESION,))
    first, second = list(index_source(tmp_path, "ddsm"))
    assert [row["status"] for row in first] == ["usable"] * 2
    assert [row["status"] for row in second] == ["rejected"] * 2
    assert "a/case0001/B-0001-1.ics" in second[0]["reason"]


def test_a_copy_of_the_headers_alone_does_not_block_the_case(tmp_path):
    case = write_case(tmp_path / "z", left_lesions=(LESION,))
    headers = tmp_path / "all_ics"
    headers.mkdir()
    (headers / "B-0001-1.ics").write_text((case / "B-0001-1.ics").read_text())
    first, second = list(index_source(tmp_path, "ddsm"))
    assert [row["status"] for row in first] == ["rejected"] * 2
    assert [row["status"] for row in second] == ["usable"] * 2


def test_paths_that_a_table_cannot_hold_are_rejected(tmp_path):
    write_case(tmp_path / "line\rbreak", "B-0001-1", left_lesions=(LESION,))
    write_case(tmp_path / "caf\udce9", "B-0002-1", left_lesions=(LESION,))
    write_case(tmp_path / "caf\u00e9", "B-0003-1", left_lesions=(LESION,))
    rows = [row for case in index_source(tmp_path, "ddsm") for row in case]
    assert [row["status"] for row in rows].count("usable") == 2
    assert all("control character or is no UTF-8" in row["reason"] for row in rows if row["reason"])
    "".join(str(list(row.values())) for row in rows).encode()  # all of it can be written


def test_what_macos_leaves_behind_is_passed_over(tmp_path):
    case = write_case(tmp_path, left_lesions=(LESION,))
    (case / "._B-0001-1.ics").write_bytes(b"\0\5\26\7")
    assert len(list(index_source(tmp_path, "ddsm"))) == 1


def test_odd_texts_in_an_overlay_do_no_harm(tmp_path):
    case = write_case(tmp_path, left_lesions=(LESION,))
    overlay = case / "B_0001_1.LEFT_CC.OVERLAY"
    overlay.write_text(overlay.read_text().replace("MALIGNANT", "MALIGNANT; \0BENIGN"))
    row = rows_of(tmp_path)["B-0001-1", "LEFT_CC"]
    assert row["status"] == "usable"
    assert (row["selected"], row["pathologies"]) == ("1", "MALIGNANT, BENIGN")


def test_an_overlay_of_another_case_is_not_taken(tmp_path):
    case = write_case(tmp_path)
    (case / "A_1585_1.LEFT_CC.OVERLAY").write_text(overlay_text(LESION))
    assert rows_of(tmp_path)["B-0001-1", "LEFT_CC"]["abnormalities"] == 0


def test_a_gzipped_mirror_is_read_the_same(tmp_path):
    case = write_case(tmp_path, left_lesions=(LESION,))
    plain = rows_of(tmp_path)
    for path in list(case.iterdir()):
        path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    packed = rows_of(tmp_path)
    for view, row in plain.items():
        assert packed[view]["status"] == row["status"] == "usable"
        assert packed[view]["abnormalities"] == row["abnormalities"]
        assert packed[view]["image"] == row["image"].with_name(row["image"].name + ".gz")
    left = packed["B-0001-1", "LEFT_CC"]
    image, _ = reader("ddsm").read_view(left, tmp_path)
    assert image.shape == (120, 80)


def test_names_in_lower_case_and_links_are_found_and_loops_end(tmp_path):
    case = write_case(tmp_path / "disk", left_lesions=(LESION,))
    for path in list(case.iterdir()):
        path.rename(case / path.name.lower())
    study = tmp_path / "study"
    study.mkdir()
    (study / "volume").symlink_to(tmp_path / "disk")
    (study / "loop").symlink_to(study)
    assert rows_of(study)["B-0001-1", "LEFT_CC"]["abnormalities"] == 1
