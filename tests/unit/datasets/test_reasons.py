import pytest

from camseg.datasets import reasons

PLAIN = [
    "the .ics does not list this view: see e",
    "a lesion's place is given (not the image's)",
    "the LJPEG has 7 x 8 pixels, the .ics says 8 x 8",
]


@pytest.mark.parametrize(
    ("reason", "bare"),
    [
        ("a.png is missing", "... is missing"),
        ("my images/benign (4).png is missing", "... is missing"),
        ("C:\\x\\a.dicom: cannot be read: cut off", "cannot be read: cut off"),
        ("my table.csv:7: label is 'x', not normal", "label is 'x', not normal"),
        (
            "LEFT_CC cannot be used: a b/c 1.png: is no mask: it has many grey levels",
            "LEFT_CC cannot be used: is no mask: it has many grey levels",
        ),
        ("the same case stands in cancer/case/a.ics too", "the same case stands in ... too"),
        (
            "has several images, a.png and b/c.png: tell them apart",
            "has several images, ... and ...: tell them apart",
        ),
        ("below a folder Mass_LEFT (list.csv:7)", "below a folder Mass_LEFT (...)"),
        *[(same, same) for same in PLAIN],
    ],
)
def test_paths_are_left_out_and_other_words_are_not(reason, bare):
    assert reasons.without_paths(reason) == bare


@pytest.mark.parametrize(
    "pair",
    [
        ("a.png is missing", "b c/d.dcm is missing"),
        ("side is 'x', not left or right", 'side is "it\'s", not left or right'),
        ("overlaps the lesion A-1.R.1 of the other", "overlaps the lesion B.R.2 of the other"),
        ("A_1.R: lossless JPEG, byte 7: cut off", "B_2.R: lossless JPEG, byte 81: cut off"),
        ("shows too little breast: 0.12 of its area", "shows too little breast: 0.3 of its area"),
    ],
)
def test_reasons_of_a_kind_differ_in_names_and_numbers(pair):
    first, second = map(reasons.kind, pair)
    assert first == second


@pytest.mark.parametrize(
    "pair",
    [
        ("a.png is missing", "a.png: is a colour image"),
        ("no left image is listed", "no right image is listed"),
        ("a.png is missing", "LEFT cannot be used: a.png is missing"),
    ],
)
def test_reasons_of_two_kinds_stay_apart(pair):
    first, second = map(reasons.kind, pair)
    assert first != second


GIVEN = [
    ("c", "z.png: cut off"),
    ("b", "no calibration"),
    ("d", "a.png has 7 x 8 pixels"),
    ("a", "y.png: cut off"),
    ("e", "a.png has 9 x 8 pixels"),
    ("f", "a.png has 7 x 8 pixels"),
]


def test_kinds_say_as_much_as_their_reasons_have_in_common():
    told = [(kind.count, kind.told) for kind in reasons.by_kind(GIVEN)]
    assert told == [
        (3, "... has ... x ... pixels (e.g. d: a.png has 7 x 8 pixels)"),
        (2, "cut off (e.g. a: y.png: cut off)"),
        (1, "no calibration"),
    ]
    assert reasons.by_kind([]) == []
    same = [("b", "a.png: is 7 wide"), ("a", "a.png: is 7 wide")]
    assert reasons.by_kind(same) == [reasons.Kind(2, same[0][1], "a", same[0][1])]


def test_a_line_has_the_first_groups_kinds_first_and_no_paths():
    line = reasons.in_a_line(GIVEN[1:2], [GIVEN[0]], GIVEN[2:])
    assert line == (
        "1 x no calibration (e.g. b); 1 x cut off (e.g. c); 3 x ... has ... x ... pixels (e.g. d); "
        "1 x cut off (e.g. a)"
    )
    assert reasons.in_a_line([], []) == ""


def test_a_line_stays_short():
    many = [(letter, f"fault {letter}") for letter in "abcdefg"] + [("z", "fault g")]
    assert reasons.in_a_line(many) == (
        "2 x fault g (e.g. g); 1 x fault a (e.g. a); 1 x fault b (e.g. b); 1 x fault c (e.g. c); "
        "3 x for 3 other reasons"
    )
