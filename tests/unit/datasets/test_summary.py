from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camseg.datasets import index
from camseg.datasets.selection import Selection
from camseg.datasets.views import COLUMNS, NUMBERS, new_row, read_index, rows_of
from camseg.errors import CamsegError
from conftest import rectangle, write_case
from made import index_source

DATA = Path("data/ddsm")


def view(case="a", name="LEFT", status="usable", **values):
    return new_row(case_id=case, view=name, status=status, **values)


def lesions(number, selected, types, pathologies):
    named = {"lesion_types": types, "pathologies": pathologies}
    return {"abnormalities": number, "selected": selected} | named


MASS = lesions(1, "1", "MASS", "BENIGN")
SPECKS = lesions(2, "", "CALCIFICATION; CALCIFICATION+MASS", "MALIGNANT; ")
BROKEN = {"status": "rejected", "reason": "x.LJPEG is missing"}
SPOILT = {"status": "rejected", "reason": "no calibration"}


def test_rows_are_in_order_of_case_file_and_view():
    cases = [
        [view("b", "RIGHT"), view("b", "LEFT")],
        [view("a", "RIGHT", ics=Path("z/a.ics")), view("a", "LEFT", ics=Path("z/a.ics"))],
        [view("a", "RIGHT", ics="b/a.ics")],
    ]
    found = [(row["case_id"], str(row["ics"]), row["view"]) for row in index.in_order(iter(cases))]
    assert found == [
        ("a", "b/a.ics", "RIGHT"),
        ("a", "z/a.ics", "LEFT"),
        ("a", "z/a.ics", "RIGHT"),
        ("b", "", "LEFT"),
        ("b", "", "RIGHT"),
    ]


def test_the_summary_counts_views_lesions_and_what_views_are_rejected_for():
    rows = [
        view("a", **MASS),
        view("a", "RIGHT", **SPECKS),
        view("b", "LEFT", **SPOILT),
        view("b", "RIGHT", **BROKEN | MASS),  # whose lesion does not count
        view("c", **BROKEN),
        view("c", "RIGHT", "absent", reason="no right image of this case is listed"),
        view("d", "LEFT", "unselected", reason="volume x is not selected"),
        view("e", "LEFT", "rejected", reason="b c/1.png: is a colour image"),
        view("d", "RIGHT", "rejected", reason="a.dcm: is a colour image"),
    ]
    assert index.summary(rows) == [
        "5 cases, 9 views: 2 usable with 3 lesions, 1 of them selected; 5 rejected, 1 absent, "
        "1 of volumes that are not selected",
        "  rejected: 2 x is a colour image (e.g. d RIGHT: a.dcm: is a colour image)",
        "  rejected: 2 x x.LJPEG is missing",
        "  rejected: 1 x no calibration",
    ]


@pytest.mark.parametrize(
    ("rows", "strict"),
    [
        ([view(**MASS), view(name="RIGHT")], True),
        ([view(**MASS), view(name="RIGHT", **BROKEN)], False),
        ([view(**MASS), view(name="RIGHT", **SPECKS)], True),  # one that is selected is enough
        ([view(**MASS), view("b", status="unselected", reason="volume"), view("b")], True),
        ([view(**MASS), view(name="RIGHT", status="absent", reason="none")], True),
    ],
)
def test_an_index_with_a_selected_lesion_is_usable(rows, strict):
    index.check_usable(rows, DATA, strict=strict)


@pytest.mark.parametrize(
    ("rows", "strict", "message"),
    [
        (
            [view(**MASS), view("b", **SPOILT), view("c", **BROKEN), view("d", **BROKEN)],
            True,
            "data/ddsm: 3 of 4 views are rejected: 2 x ... is missing (e.g. c LEFT); "
            "1 x no calibration (e.g. b LEFT)",
        ),
        (
            [view(), view("b", **MASS | BROKEN)],
            False,
            "data/ddsm: 1 of 2 views are rejected, none with a lesion is left: "
            "1 x ... is missing (e.g. b LEFT)",
        ),
        ([view(), view(name="RIGHT")], False, "data/ddsm: no view has a lesion"),
        ([], True, "data/ddsm: no view has a lesion"),
        (
            [view(**SPECKS), view("b", **MASS | {"selected": ""})],
            False,
            "config: selection takes none of the 3 lesions; they are of the types CALCIFICATION, "
            "CALCIFICATION+MASS, MASS and the pathologies BENIGN, MALIGNANT",
        ),
    ],
)
def test_an_index_that_gives_nothing_to_study_says_why(rows, strict, message):
    with pytest.raises(CamsegError) as caught:
        index.check_usable(rows, DATA, strict=strict)
    assert str(caught.value) == message


def test_an_index_is_read_as_it_was_written(tmp_path):
    folder, lesion = tmp_path / "ddsm", rectangle(20, 50, 16, 8)
    write_case(folder / "a", "B-0001-1", right=(130, 90), left_lesions=(lesion, lesion))
    write_case(folder / "b", "B-0002-1", left_lesions=(lesion,))
    spoilt = write_case(folder / "a", "B-0003-1", left_lesions=(lesion,))
    (spoilt / "B-0003-1.ics").write_text("nothing\n")
    rows = index.in_order(index_source(folder, "ddsm", selection=Selection(volumes=("a",))))
    assert {row["status"] for row in rows} == {"usable", "unselected", "rejected"}
    index.write_index(tmp_path / "index.tsv", rows)
    read = rows_of(read_index(tmp_path / "index.tsv"))
    paths = ("ics", "image", "outlines")
    assert read == [row | {name: str(row[name]) for name in paths} for row in rows]
    for row in read:
        assert tuple(row) == COLUMNS
        assert type(row["abnormalities"]) is int
        for name, kind in NUMBERS.items():
            assert type(row[name]) is (type(None) if row["status"] == "rejected" else kind)


def test_rejected_views_come_before_the_selection_only_if_strict():
    rows = [view(**SPECKS), view("b", **BROKEN)]
    with pytest.raises(CamsegError, match=r"^data/ddsm: 1 of 2 views are rejected: 1 x \.\.\."):
        index.check_usable(rows, DATA, strict=True)
    with pytest.raises(CamsegError, match=r"^config: selection takes none of the 2 lesions; "):
        index.check_usable(rows, DATA, strict=False)


def round_trip(folder, rows):
    index.write_index(folder / "index.tsv", rows)
    return rows_of(read_index(folder / "index.tsv"))


def test_numbers_that_are_not_known_stay_blank_and_the_others_whole(tmp_path):
    known = {"lines": 4000, "pixels_per_line": 3000, "bits_per_pixel": None, "resolution": 1 / 3}
    rows = [
        view("a", source="ddsm", **known),
        view("b", status="absent", source="table"),
        view("nan", "NA", "rejected", source="ddsm", reason='a "quote",\ta tab', patient_id="None"),
    ]
    assert round_trip(tmp_path, rows) == rows
    numbers = read_index(tmp_path / "index.tsv")[list(NUMBERS)].to_numpy().tolist()
    assert numbers == [["4000", "3000", "", "0.3333333333333333"], [""] * 4, [""] * 4]


def test_an_index_of_no_view_has_its_columns(tmp_path):
    assert round_trip(tmp_path, []) == []
    assert (tmp_path / "index.tsv").read_text() == "\t".join(COLUMNS) + "\n"


TEXT = st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]))
WHOLE = st.integers(1, 10**6)
TEXTS = ("case_id", "patient_id", "reason", "lesion_types", "pathologies", "digitizer", "scanner")
TEXTS += ("ics", "image", "outlines")
ROWS = st.builds(
    new_row,
    **dict.fromkeys(TEXTS, TEXT),
    view=st.sampled_from(["LEFT_CC", "RIGHT_MLO", "LEFT"]),
    status=st.sampled_from(["usable", "rejected", "unselected", "absent"]),
    abnormalities=st.integers(0, 99),
    selected=st.lists(st.integers(1, 9)).map(lambda numbers: " ".join(map(str, numbers))),
    lines=WHOLE,
    pixels_per_line=WHOLE,
    bits_per_pixel=st.none() | WHOLE,
    resolution=st.none() | st.floats(1e-3, 1e6),
    source=st.sampled_from(["ddsm", "cbis_ddsm", "table"]),
)


@settings(max_examples=40, deadline=None)
@given(rows=st.lists(ROWS, max_size=4))
def test_any_rows_come_back_as_they_were(rows, tmp_path_factory):
    assert round_trip(tmp_path_factory.mktemp("index"), rows) == rows
