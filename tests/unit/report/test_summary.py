import pytest

from camseg.errors import CamsegError
from camseg.report import summary, verdicts

EVERY = (*verdicts.PLAIN, *verdicts.OUTLINED)


@pytest.fixture
def found(finished):
    return summary.read(finished)


def test_classifiers_stand_in_the_order_of_their_dice(found):
    assert summary.classifiers(found) == ["B&C", "A", "D"]


def test_answers_are_counted_what_says_something_and_the_commonest_first(found):
    assert summary.counted(found, "segmentation") == {"no": ["B&C", "A"], "no reading": ["D"]}
    assert list(summary.counted(found, "works").items()) == [("yes", ["B&C", "A"]), ("no", ["D"])]
    depends = [("lesion", ["A"]), ("not measured", ["B&C"]), ("no reading", ["D"])]
    assert list(summary.counted(found, "depends_on").items()) == depends


def test_the_best_map_stands_beside_the_highest_of_the_floors_that_count(found):
    """Worked out by hand: another outline is a ceiling, no floor; D has no placement."""
    assert summary.best(found, "Dice", EVERY) == ("B&C", 0.5, "mean training mask", 0.75, 0)
    assert summary.best(found, "Dice_at_threshold", EVERY) == (
        *("A", 0.75, "mean training mask", 0.7, 1),
    )
    assert summary.best(found, "placement", verdicts.PLAIN) == ("A", 0.5, "GrabCut", 0.875, 0)
    assert summary.best(found, "placement", ()) == ("A", 0.5, "untrained A 1", 0.1, 1)
    found["heat_maps"]["placement"] = float("nan")
    assert summary.best(found, "placement", EVERY) is None


def test_used_rois_and_what_else_tells_their_classes_apart(found):
    assert summary.used(found) == {"abnormal ROI": 101, "normal ROI": 99}
    assert summary.leaks(found) == [
        "The place alone tells the classes apart: AUC 0.589 (0.532 to 0.645)."
    ]


@pytest.mark.parametrize(
    ("name", "before", "after", "fault"),
    [
        ("heat_maps", "A,", "E,", "has no row of A;"),
        ("table2_intervals", "D,Dice", "D,dice", "has no row of D and Dice;"),
        ("verdicts_reasons", "D,H1", "D,H2", "has no row of D and H1;"),
        ("candidates", "used,101", "used,many", ":3: count is 'many'"),
    ],
)
def test_a_table_that_is_not_whole_is_told_in_a_line(finished, name, before, after, fault):
    text = finished[name].read_text()
    assert before in text
    finished[name].write_text(text.replace(f"\n{before}", f"\n{after}").replace(before, after, 1))
    with pytest.raises(CamsegError) as error:
        summary.read(finished)
    assert str(error.value).startswith(str(finished[name]))
    assert fault in str(error.value)
    assert "\n" not in str(error.value)
