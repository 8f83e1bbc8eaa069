import pandas as pd
import pytest

from camseg.figures import explanations


@pytest.fixture
def table() -> pd.DataFrame:
    rows = [
        ("B", "one", 0.6, 0.5, 0.7, 0.3, 0.7),
        ("B", "two", 0.4, 0.3, 0.6, 0.1, 0.6),
        ("A", "two", 0.3, 0.2, 0.5, -0.2, 0.5),
        ("A", "one", 0.2, 0.1, 0.4, 0.0, 0.4),
        ("all 255", "none", 0.5, 0.5, 0.5, float("nan"), 0.5),
        ("GrabCut", "none", 0.45, 0.4, 0.5, 0.9, 0.65),
    ]
    columns = ["Classifier", "explanation", "Dice", "low", "high", "placement", "pixel_AUC"]
    return pd.DataFrame(rows, columns=columns)


def test_each_mark_is_a_methods_score_and_the_line_the_highest_floor(table):
    figure = explanations.explanations(table)
    dice, placement, auc = figure.axes
    assert [text.get_text() for text in dice.get_yticklabels()] == ["one", "two"]
    b, a, floor = (line for line in placement.get_lines() if line.get_label()[0] != "_")
    assert (b.get_label(), list(b.get_xdata())) == ("B", [0.3, 0.1])
    assert (a.get_label(), list(a.get_xdata())) == ("A", [-0.2, 0.0])
    assert list(floor.get_xdata()) == [0.9, 0.9]
    assert [round(y) for y in a.get_ydata()] == [1, 0]  # each at its own method's place
    (low, high), *_ = dice.containers[0].lines[2][0].get_segments()
    assert (low[0], high[0]) == pytest.approx((0.5, 0.7))
    lines = [line for line in auc.get_lines() if line.get_label() == "highest floor"]
    assert list(lines[0].get_xdata()) == [0.65, 0.65]
    assert dice.get_ylim()[0] > dice.get_ylim()[1]  # the first method on top


def test_classifiers_are_apart_without_colours(table):
    figure = explanations.explanations(table)
    marks = {line.get_marker() for line in figure.axes[1].get_lines() if line.get_label() in "AB"}
    assert len(marks) == 2
