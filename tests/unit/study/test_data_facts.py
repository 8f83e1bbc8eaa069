"""Lines that count a data set."""

import pandas as pd

from camseg.datasets.views import new_row
from camseg.study import data_facts
from camseg.study.sample import Grey


def view(number, lesions=0, types="", pathologies="", **values):
    values = {"status": "usable", "patient_id": f"p{number % 3}"} | values
    described = {"abnormalities": lesions, "lesion_types": types, "pathologies": pathologies}
    size = {"lines": 100 + number, "pixels_per_line": 200 - number}
    return new_row(case_id=f"c{number}", view="LEFT_CC", **described, **size, **values)


def test_an_index_is_counted_and_what_cannot_be_used_is_no_part_of_it():
    rows = [
        view(1, 2, "MASS; CALCIFICATION", "BENIGN; "),
        view(2, 1, "", ""),
        view(3),
        view(4),
        view(5, 1, "ASYMMETRY", "MALIGNANT", status="rejected", reason="is odd"),
    ]
    lines = data_facts.of_index(rows)
    assert lines[0].startswith("5 cases, 5 views: 4 usable with 3 lesions")
    assert lines[1:] == [
        "  rejected: 1 x is odd",
        "patients: 3",
        "usable views: LEFT_CC 4",
        "types of lesions: CALCIFICATION 1, MASS 1, not told 1",
        "pathologies of lesions: not told 2, BENIGN 1",
        "usable views without a lesion: 2",
        "sizes in pixels: 199 x 101, median 197 x 103, to 196 x 104",  # by area
    ]
    unknown = [row | {"patient_id": ""} for row in rows]
    assert "patients: unknown" in data_facts.of_index(unknown)


def test_where_nothing_can_be_used_nothing_is_measured():
    lines = data_facts.of_index([view(1, status="rejected", reason="is odd")])
    assert "usable views: none" in lines
    assert not [line for line in lines if line.startswith("sizes")]


def test_many_names_are_told_in_part():
    rows = [view(n, 1, f"TYPE{n}") for n in range(10)] + [view(11, 1, "TYPE9")]
    (line,) = (line for line in data_facts.of_index(rows) if line.startswith("types"))
    assert line == (
        "types of lesions: TYPE9 2, TYPE0 1, TYPE1 1, TYPE2 1, TYPE3 1, TYPE4 1, TYPE5 1, TYPE6 1, "
        "2 others 2"
    )


def test_lesions_and_greys_are_spread_from_least_to_greatest():
    sizes = {"lesion_w": ["30", "", "5", "9"], "lesion_h": ["2", "", "5", "90"]}
    table = pd.DataFrame({"label": ["abnormal"] * 4, **sizes})
    wanted = "lesions' boxes in pixels: 5 x 5, median 30 x 2, to 9 x 90"
    assert data_facts.of_lesions(table) == [wanted]
    assert data_facts.of_lesions(table[1:2]) == data_facts.of_greys([]) == []
    greys = [Grey(16, 5, 900, False), Grey(8, 0, 255, False), Grey(16, 7, 65535, True)]
    assert data_facts.of_greys(greys) == [
        "grey levels of 3 pictures: bits a sample 16 2, 8 1; the least 0 to 7, the greatest 255 to "
        "65535 (median 900)",
        "warning: in 1 pictures a thousandth of the pixels holds more than half of the grey range",
    ]
