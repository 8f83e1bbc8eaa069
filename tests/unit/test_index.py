import pytest

from camseg import index
from camseg.errors import CamsegError
from conftest import overlay_text, rectangle, write_case

LESION = rectangle(20, 50, 16, 8)


def rows_of(folder):
    return {
        (row["case_id"], row["view"]): row for case in index.index_cases(folder) for row in case
    }


def test_usable_views_at_any_depth(tmp_path):
    write_case(tmp_path / "cancers" / "cancer_01", "B-0001-1", left_lesions=(LESION, LESION))
    write_case(tmp_path / "deep" / "er" / "still", "C-0002-1")
    rows = rows_of(tmp_path)
    assert len(rows) == 4
    assert {row["status"] for row in rows.values()} == {"usable"}
    left = rows["B-0001-1", "LEFT_CC"]
    assert left["abnormalities"] == 2
    assert (left["scanner"], left["lines"], left["pixels_per_line"]) == ("lumisys", 120, 80)
    assert str(left["picture"]) == "cancers/cancer_01/case0001/B_0001_1.LEFT_CC.LJPEG"
    assert rows["C-0002-1", "LEFT_CC"]["abnormalities"] == 0


def spoil_ics(case):
    (case / "B-0001-1.ics").write_text("nothing\n")


def spoil_overlay(case):
    (case / "B_0001_1.LEFT_CC.OVERLAY").write_text(overlay_text("20 50 9 #"))


def spoil_picture(case):
    (case / "B_0001_1.LEFT_CC.LJPEG").write_bytes(b"not a picture")


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
        (spoil_picture, r"case0001/B_0001_1.LEFT_CC.LJPEG: .*byte 0"),
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


def test_the_same_case_twice_counts_once(tmp_path):
    write_case(tmp_path / "a", left_lesions=(LESION,))
    write_case(tmp_path / "b", left_lesions=(LESION,))
    first, second = list(index.index_cases(tmp_path))
    assert [row["status"] for row in first] == ["usable"] * 2
    assert [row["status"] for row in second] == ["rejected"] * 2
    assert "a/case0001/B-0001-1.ics" in second[0]["reason"]


def test_an_overlay_of_another_case_is_not_taken(tmp_path):
    case = write_case(tmp_path)
    (case / "A_1585_1.LEFT_CC.OVERLAY").write_text(overlay_text(LESION))
    assert rows_of(tmp_path)["B-0001-1", "LEFT_CC"]["abnormalities"] == 0


def test_names_in_lower_case_and_links_are_found_and_loops_end(tmp_path):
    case = write_case(tmp_path / "disk", left_lesions=(LESION,))
    for path in list(case.iterdir()):
        path.rename(case / path.name.lower())
    study = tmp_path / "study"
    study.mkdir()
    (study / "volume").symlink_to(tmp_path / "disk")
    (study / "loop").symlink_to(study)
    assert rows_of(study)["B-0001-1", "LEFT_CC"]["abnormalities"] == 1


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("ddsm", r"no .ics file at any depth below it; put DDSM case folders there"),
        ("cbis_ddsm", r"no mass_case_description_train_set.csv or the like at any depth"),
        ("table", r"is no file; set dataset: path to the table of pictures itself"),
    ],
)
def test_every_source_without_data_is_one_clear_error(tmp_path, source, reason):
    (tmp_path / "notes.txt").write_text("nothing here")
    with pytest.raises(CamsegError, match=reason) as caught:
        list(index.index_cases(tmp_path, source))
    assert "\n" not in str(caught.value)
    assert str(tmp_path) in str(caught.value)
