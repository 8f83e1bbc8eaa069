"""Downloads of the raw DDSM that lack something, made of cases that lack nothing."""

import gzip

import pytest

from camseg.datasets.ddsm_volumes import COLUMNS, VOLUMES, check, summary, table
from camseg.errors import CamsegError
from conftest import rectangle, write_case

MLO = "LEFT_MLO LINES 120 PIXELS_PER_LINE 80 BITS_PER_PIXEL 12 RESOLUTION 200 NON_OVERLAY\n"
IMAGE, OVERLAY = "B_0001_1.LEFT_CC.LJPEG", "B_0001_1.LEFT_CC.OVERLAY"


@pytest.fixture
def case(tmp_path):
    """A whole case of volume cancer_02, with an overlay; MLO views are not listed."""
    volume = tmp_path / "cases/cancers/cancer_02"
    return write_case(volume, left_lesions=(rectangle(20, 50, 16, 8),))


def told(folder):
    """What is wrong, by the file's name, and if it is used."""
    return {
        fault.file.rpartition("/")[2]: (fault.text, fault.used)
        for each in check(folder)
        for fault in each.faults
    }


def test_volumes_are_the_43_of_the_databases_own_list():
    """Sums by kind: the README's counts, added by hand; it says itself that there are 2620."""
    assert len(VOLUMES) == 43
    sums = {"normal_": 702, "cancer_": 919, "benign_0": 630, "benign_1": 240, "benign_without": 141}
    for kind, cases in sums.items():
        assert sum(n for name, n in VOLUMES.items() if name.startswith(kind)) == cases
    assert sum(VOLUMES.values()) == 2632
    assert (VOLUMES["cancer_15"], VOLUMES["benign_without_callback_02"]) == (72, 66)


def test_a_whole_case_has_no_faults(tmp_path, case):
    (found,) = check(tmp_path)
    assert (found.volume, found.name, found.faults) == ("cancer_02", "B-0001-1", ())
    assert summary([found])[:2] == [
        "1 of 43 volumes, 1 cases: 1 whole, 0 whole but for files that are not used, 0 not",
        "cancer_02: 1 of 88 cases",
    ]


def test_files_that_are_missing(tmp_path, case):
    (case / IMAGE).unlink()
    (case / OVERLAY).unlink()
    with (case / "B-0001-1.ics").open("a") as file:
        file.write(MLO)
    assert told(tmp_path) == {
        IMAGE: ("is missing", True),
        OVERLAY: ("is missing, which the .ics announces", True),
        "B_0001_1.LEFT_MLO.LJPEG": ("is missing", False),
    }


def test_a_case_that_lacks_mlo_views_alone_is_usable(tmp_path, case):
    with (case / "B-0001-1.ics").open("a") as file:
        file.write(MLO)
    (found,) = check(tmp_path)
    assert found.usable
    assert summary([found])[0].endswith("0 whole, 1 whole but for files that are not used, 0 not")
    file = "cases/cancers/cancer_02/case0001/B_0001_1.LEFT_MLO.LJPEG"
    assert summary([found])[-1] == f"1 files, not used: is missing (e.g. {file})"


CUT = "is cut short: its last 4096 bytes have no end-of-image marker"


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda data: b"", "is empty"),
        (lambda data: data[:-2], CUT),
        (lambda data: data[: len(data) // 2], CUT),
        (lambda data: data[:-900] + bytes(900), CUT),  # room was made for it before it came
        (lambda data: data[:30], "lossless JPEG, byte 17: a marker segment has a wrong length"),
        (lambda data: b"<html>" + data, "lossless JPEG, byte 0: not a JPEG, the SOI marker is"),
    ],
)
def test_images_that_are_not_whole(tmp_path, case, change, text):
    path = case / IMAGE
    path.write_bytes(change(path.read_bytes()))
    ((said, used),) = told(tmp_path).values()
    assert said.startswith(text)
    assert used


def test_what_follows_an_image_is_no_fault(tmp_path, case):
    with (case / IMAGE).open("ab") as file:
        file.write(bytes(100))
    assert told(tmp_path) == {}


def test_an_image_of_another_size_than_the_ics_says(tmp_path, case):
    ics = case / "B-0001-1.ics"
    ics.write_text(ics.read_text().replace("LEFT_CC LINES 120", "LEFT_CC LINES 122"))
    text = "the LJPEG has 120 x 80 pixels, the .ics says 122 x 80"
    assert told(tmp_path) == {IMAGE: (text, True)}


def test_texts_that_are_not_whole(tmp_path, case):
    (case / OVERLAY).write_text((case / OVERLAY).read_text().replace(" #", ""))
    ((text, _),) = told(tmp_path).values()
    assert text.endswith("broken chain code: it does not end with '#'")
    ics = case / "B-0001-1.ics"
    whole = ics.read_text()
    ics.write_text(whole.replace("RIGHT_CC LINES 120", "RIGHT_CC LINES"))
    assert "RIGHT_CC is not described as" in told(tmp_path)["B-0001-1.ics"][0]
    ics.write_text("")
    name = "has no line 'filename <case>' with a plain case name"
    assert told(tmp_path) == {"B-0001-1.ics": (name, True)}


def test_gzipped_files_and_leftovers(tmp_path, case):
    for path in list(case.iterdir()):
        path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    assert told(tmp_path) == {}
    packed = case / f"{IMAGE}.gz"
    (case / IMAGE).write_bytes(gzip.decompress(packed.read_bytes()))
    beside = "lies beside the unpacked file, which is read"
    assert told(tmp_path) == {f"{IMAGE}.gz": (beside, False)}
    (case / IMAGE).unlink()
    packed.write_bytes(packed.read_bytes()[:40])
    assert "cannot be read" in told(tmp_path)[f"{IMAGE}.gz"][0]


def test_a_case_without_its_ics_and_an_empty_folder(tmp_path, case):
    (case / "B-0001-1.ics").unlink()
    (case.parent / "case0002").mkdir()
    assert told(tmp_path) == {
        "B-0001-1.ics": ("is missing", True),
        "case0002": ("has neither .ics nor images", True),
    }
    assert [each.name for each in check(tmp_path)] == ["B-0001-1", "case0002"]


def test_an_overlay_of_another_case_makes_no_case(tmp_path, case):
    (case / "A_1585_1.RIGHT_MLO.OVERLAY").write_text("")  # as in cancer_11/case1826
    assert len(check(tmp_path)) == 1
    assert told(tmp_path) == {}


@pytest.mark.parametrize(
    ("folder", "volume"),
    [
        ("cancer_02", "cancer_02"),
        ("Benign_Without_Callback_01", "benign_without_callback_01"),
        ("DDSM_benign_02/more", "benign_02"),
        ("cancers/cancer_16", ""),  # there are 15
        ("normals", ""),
    ],
)
def test_a_case_is_of_the_volume_whose_folder_it_is_in(tmp_path, folder, volume):
    write_case(tmp_path / folder)
    (found,) = check(tmp_path)
    assert found.volume == volume
    (found,) = check(tmp_path / folder)  # the volume's folder itself
    assert found.volume == volume


def test_many_cases_in_one_folder_and_one_case_twice(tmp_path):
    flat = tmp_path / "normal_12"
    flat.mkdir()
    for case_id in ("A-0001-1", "A-0002-1"):
        for path in write_case(tmp_path / "made", case_id).iterdir():
            path.rename(flat / path.name)
    write_case(flat / "again", "A-0002-1")
    for empty in (tmp_path / "made").iterdir():
        empty.rmdir()
    cases = check(tmp_path)
    assert [each.name for each in cases] == ["A-0001-1", "A-0002-1", "A-0002-1"]
    assert summary(cases)[1] == "normal_12: 2 of 20 cases"


def test_summary_and_table_of_a_partial_download(tmp_path, case):
    for number in range(1, 21):
        write_case(tmp_path / "normals/normal_12", f"A-{number:04d}-1")
    write_case(tmp_path / "mine")
    (case / IMAGE).unlink()
    cases = check(tmp_path)
    assert summary(cases) == [
        "2 of 43 volumes, 22 cases: 21 whole, 0 whole but for files that are not used, 1 not",
        "normal_12: 20 of 20 cases",
        "cancer_02: 1 of 88 cases, 1 of them not whole",
        "in no folder of a volume: 1 cases",
        "missing: normal_01 to normal_11, cancer_01, cancer_03 to cancer_15, "
        "benign_01 to benign_14, benign_without_callback_01 to benign_without_callback_02",
        f"1 files: is missing (e.g. cases/cancers/cancer_02/case0001/{IMAGE})",
    ]
    rows = table(cases)
    assert list(rows) == COLUMNS
    assert len(rows) == 42 + 1  # every volume but normal_12, and a file
    assert rows.iloc[0].tolist() == ["normal_01", "", "", "", "0 of 118 cases are here"]
    assert "1 of 88 cases are here" in set(rows["fault"])
    file = f"cases/cancers/cancer_02/case0001/{IMAGE}"
    assert rows.iloc[-1].tolist() == ["cancer_02", "B-0001-1", file, "yes", "is missing"]


@pytest.mark.parametrize("name", ["", "lost"])
def test_nothing_of_the_ddsm_is_one_line(tmp_path, name):
    (tmp_path / "notes.txt").write_text("")
    with pytest.raises(CamsegError) as error:
        check(tmp_path / name)
    assert "\n" not in str(error.value)
    assert str(error.value).startswith(f"{tmp_path / name}: ")


def test_the_fixtures(fixtures):
    """Two cases of real pixels, whole but for their MLO views; three that are texts alone."""
    cases = {each.name: each for each in check(fixtures)}
    assert [name for name, each in cases.items() if each.usable] == ["C-0173-1", "C-0820-1"]
    assert {fault.text for fault in cases["C-0820-1"].faults} == {"is missing"}
    assert {"cancer_01", "normal_01", "benign_01"} < {each.volume for each in cases.values()}
