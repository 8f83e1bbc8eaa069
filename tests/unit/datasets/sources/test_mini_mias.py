import numpy as np
import pytest
from PIL import Image

from camseg.datasets.sources import mini_mias
from camseg.errors import CamsegError
from camseg.rois import extraction
from camseg.rois.boxes import Box
from conftest import bright
from made import RULES, index_source

NOTES = """\
INFORMATION:

This file lists the films in the MIAS database and provides
appropriate details as follows:

1st column: MIAS database reference number, such as
mdb 001 of films.

4th column: mdb001 is no film here

REFNUM BG CLASS SEVERITY X Y RADIUS
"""
INFO = """\
mdb001 G CIRC B 535 425 197
mdb002 G CIRC M 522 280 69
mdb003 D NORM
mdb004 D NORM
mdb005 F CIRC B 477 133 30
mdb005 F CIRC B 500 168 26
mdb059 F CIRC B
mdb060 F NORM
mdb216 D CALC M *NOTE 3*
mdb322 D NORM
"""
# film: patient, view, then of each lesion pathology, type, and its circle from the bottom or fault
FILMS = {
    "mdb001": ("p1", "RIGHT_MLO", ("BENIGN", "CIRC", (535, 425, 197))),
    "mdb002": ("p1", "LEFT_MLO", ("MALIGNANT", "CIRC", (522, 280, 69))),
    "mdb003": ("p2", "RIGHT_MLO"),
    "mdb004": ("p2", "LEFT_MLO"),
    "mdb005": (
        *("p3", "RIGHT_MLO"),
        *(("BENIGN", "CIRC", (477, 133, 30)), ("BENIGN", "CIRC", (500, 168, 26))),
    ),
    "mdb059": ("p30", "RIGHT_MLO", ("BENIGN", "CIRC", "no place is given")),
    "mdb060": ("p30", "LEFT_MLO"),
    "mdb216": ("p108", "LEFT_MLO", ("MALIGNANT", "CALC", "no place is given (*NOTE 3*)")),
    "mdb322": ("p161", "LEFT_MLO"),
}


def write_info(folder, text=INFO, name="Info.txt"):
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_bytes(text.encode())


def write_film(folder, film, size=1024):
    side = "RIGHT" if int(film[3:]) % 2 else "LEFT"
    path = folder / f"{film}.pgm"
    path.parent.mkdir(exist_ok=True)
    Image.fromarray(bright(side, (size, size)) + np.uint8(int(film[-3:]) % 7)).save(path)


def rows_of(folder):
    rows = [row for case in index_source(folder, "mini_mias") for row in case]
    return {f"{row['case_id']} {row['view']}": row for row in rows}


def extract(folder, rules=RULES):
    found = {}
    for rows in index_source(folder, "mini_mias"):
        found |= {each.roi_id: each for each in extraction.extract_case(rows, folder, rules)}
    return found


@pytest.fixture
def entries(monkeypatch):
    """What the reader makes of Info.txt, before any image is looked at."""
    monkeypatch.setattr(mini_mias, "index_entries", lambda found, folder, grey: list(found))
    return lambda folder: mini_mias.index_cases([folder / "Info.txt"], folder, "min_max")


@pytest.mark.parametrize(
    "text",
    [
        INFO,
        NOTES + INFO,
        (NOTES + INFO).replace("\n", "\r\n"),
        "\ufeff" + INFO.replace("\n", "\r\n"),
        INFO.replace("\n", "  \n").rstrip(),
        INFO.replace(" ", "\t").replace("*NOTE\t", "*NOTE "),
    ],
)
def test_every_film_keeps_its_label_and_place_whatever_ends_a_line(tmp_path, entries, text):
    write_info(tmp_path, text)
    found = {}
    for entry in entries(tmp_path):
        assert entry.case == f"{entry.patient}.MLO"
        assert entry.fault == ""
        known = found.setdefault(entry.image.stem, (entry.patient, entry.view))
        if entry.finding:
            described = entry.finding.pathology, entry.finding.lesion_type
            place = entry.finding.fault.partition(": ")[2]
            if entry.finding.shapes:
                assert entry.finding.from_bottom
                ((circle,),) = entry.finding.shapes
                assert circle.kind == "circle"
                place = circle.numbers
            found[entry.image.stem] = (*known, (*described, place))
    assert found == FILMS


def test_golden_boxes_of_a_pair_of_films(tmp_path):
    # centre: column 522, row 1023 - 280 = 743; radius 69; padding round(139 / 4) = 35
    write_info(tmp_path, NOTES + "mdb001 G NORM\nmdb002 G CIRC B 522 280 69\n")
    write_film(tmp_path, "mdb001")
    write_film(tmp_path, "mdb002")
    found = extract(tmp_path)
    assert {roi_id: each.box for roi_id, each in found.items()} == {
        "p1.MLO.LEFT_MLO.1.abnormal": Box(522 - 69 - 35, 743 - 69 - 35, 209, 209),
        "p1.MLO.LEFT_MLO.1.normal": Box(1024 - 522 + 69 + 35 - 209, 743 - 69 - 35, 209, 209),
    }
    assert [each.reason for each in found.values()] == ["", ""]
    record = found["p1.MLO.LEFT_MLO.1.abnormal"].record()
    assert (record["patient_id"], record["outline"]) == ("p1", "CIRCLE")
    assert (record["pathology"], record["lesion_type"]) == ("BENIGN", "CIRC")


@pytest.mark.parametrize("line", ["mdb059 F CIRC B", "mdb059 D CALC M *NOTE 3*"])
def test_no_normal_roi_is_cut_from_a_film_with_a_lesion_somewhere(tmp_path, line):
    write_info(tmp_path, f"{line}\nmdb060 F CIRC B 300 500 60\n")
    write_film(tmp_path, "mdb059")
    write_film(tmp_path, "mdb060")
    found = extract(tmp_path)
    unplaced = found["p30.MLO.RIGHT_MLO.1.abnormal"]
    assert unplaced.status == "unreadable"
    assert unplaced.reason.startswith("Info.txt:1: no place is given")
    assert found["p30.MLO.LEFT_MLO.1.abnormal"].status == "used"
    normal = found["p30.MLO.LEFT_MLO.1.normal"]
    assert normal.reason == "RIGHT_MLO holds a lesion whose place is not known"


def test_films_are_found_at_any_depth_beside_copies_of_the_list(tmp_path):
    write_info(tmp_path, "mdb001 G NORM\nmdb002 G CIRC B 522 280 69\n")
    write_info(tmp_path, "mdb001 G NORM\nmdb002 G CIRC B 522 280 69\n", "all-mias/INFO.TXT")
    write_film(tmp_path / "all-mias", "mdb001")
    write_film(tmp_path / "all-mias", "mdb002")
    (tmp_path / "all-mias/mdb002.pgm").rename(tmp_path / "all-mias/MDB002.PGM")
    rows = rows_of(tmp_path)
    assert {row["status"] for row in rows.values()} == {"usable"}
    assert rows["p1.MLO LEFT_MLO"]["image"] == "all-mias/MDB002.PGM"
    write_info(tmp_path, INFO)
    with pytest.raises(CamsegError, match=r"all-mias/INFO.TXT: differs from .*/Info.txt; leave "):
        rows_of(tmp_path)


def test_what_cannot_be_used_is_named(tmp_path):
    write_info(
        tmp_path,
        "mdb002 G CIRC B 522 280 69\nmdb003 D NORM 3\nmdb004 D CIRC B 12 14\nmdb005 F NORM\n"
        "mdb006 F CIRC X 1 2 3\nmdb007 F CIRC B 100 100 0\nmdb009 G NORM\nmdb010 G NORM\n"
        "mdb010 G CIRC B 500 500 50\n",
    )
    for film in ("mdb003", "mdb004", "mdb006", "mdb007", "mdb008", "mdb009", "mdb010"):
        write_film(tmp_path, film)
    write_film(tmp_path / "x", "mdb009")
    write_film(tmp_path, "mdb005", 512)
    rows = rows_of(tmp_path)
    assert {name: row["reason"] for name, row in rows.items() if row["reason"]} == {
        "p1.MLO RIGHT_MLO": "no right image of this case is listed",
        "p1.MLO LEFT_MLO": "mdb002.pgm is missing",
        "p2.MLO RIGHT_MLO": "Info.txt:2: cannot be read: mdb003 D NORM 3",
        "p2.MLO LEFT_MLO": "Info.txt:3: cannot be read: mdb004 D CIRC B 12 14",
        "p3.MLO RIGHT_MLO": "mdb005.pgm: has 512 x 512 pixels, mini-MIAS 1024 x 1024: its lesions "
        "would be sought elsewhere",
        "p3.MLO LEFT_MLO": "Info.txt:5: cannot be read: mdb006 F CIRC X 1 2 3",
        "p4.MLO LEFT_MLO": "Info.txt: has no line of mdb008",
        "p5.MLO RIGHT_MLO": "mdb009 stands there twice, as mdb009.pgm and x/mdb009.pgm",
        "p5.MLO LEFT_MLO": "mdb010.pgm is listed both with and without a lesion",
    }
    flat = extract(tmp_path)["p4.MLO.RIGHT_MLO.1.abnormal"]
    assert flat.reason == "the circle at (100, 100) has no area"


def test_another_info_is_one_clear_error(tmp_path):
    write_info(tmp_path, "Hello\n")
    with pytest.raises(CamsegError) as caught:
        rows_of(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path / 'Info.txt'}: has no line of a film, such as mdb001 G CIRC B 535 425 197"
    )
