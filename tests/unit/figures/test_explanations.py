import matplotlib.image
import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import same_color
from matplotlib.text import Text

from camseg.figures import explanations
from camseg.figures.style import BLUE, save


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
    return pd.DataFrame(rows, columns=columns).assign(n=38)


def test_each_mark_is_a_methods_score_and_the_line_the_highest_floor(table):
    figure = explanations.explanations(table, ["A", "B"])
    dice, placement, auc = figure.axes
    assert [text.get_text() for text in dice.get_yticklabels()] == ["one", "two"]
    a, b, floor = (line for line in placement.get_lines() if line.get_label()[0] != "_")
    assert (b.get_label(), list(b.get_xdata())) == ("B", [0.3, 0.1])
    assert (a.get_label(), list(a.get_xdata())) == ("A", [-0.2, 0.0])
    assert list(floor.get_xdata()) == [0.9, 0.9]
    one, two = dice.get_yticks()
    nearest = [min((one, two), key=lambda tick: abs(tick - y)) for y in a.get_ydata()]
    assert nearest == [two, one]  # each at its own method's place
    (low, high), *_ = dice.containers[1].lines[2][0].get_segments()  # of B
    assert (low[0], high[0]) == pytest.approx((0.5, 0.7))
    lines = [line for line in auc.get_lines() if line.get_label() == "highest floor"]
    assert list(lines[0].get_xdata()) == [0.65, 0.65]
    assert dice.get_ylim()[0] > dice.get_ylim()[1]  # the first method on top


def test_classifiers_are_apart_without_colours(table):
    figure = explanations.explanations(table, ["A", "B"])
    marks = {line.get_marker() for line in figure.axes[1].get_lines() if line.get_label() in "AB"}
    assert len(marks) == 2


COSTS = {
    **dict.fromkeys(("grad_cam", "hires_cam", "layer_cam", "xgrad_cam", "saliency"), (1, 1)),
    **dict.fromkeys(("input_x_gradient", "guided_backprop", "full_grad"), (1, 1)),
    **{"eigen_cam": (1, 0), "integrated_gradients": (33, 32), "smooth_grad": (50, 50)},
    **{"occlusion": (226, 0), "rise": (1001, 0), "score_cam": (1281, 0), "ablation_cam": (1281, 0)},
}


@pytest.fixture
def costly() -> pd.DataFrame:
    """Methods of many costs and of one, with two classifiers whose maps score much alike."""
    random = np.random.default_rng(0)
    table = pd.DataFrame(
        [(model, method, *runs) for model in "AB" for method, runs in COSTS.items()],
        columns=["Classifier", "explanation", "forward", "back"],
    )
    table["Dice"] = random.normal(0.4, 0.02, len(table))
    table = table.assign(low=table["Dice"] - 0.05, high=table["Dice"] + 0.03, n=38)
    table["placement"] = random.normal(0.1, 0.1, len(table))
    floor = {"Classifier": "GrabCut", "explanation": "none", "Dice": 0.85, "placement": 0.9}
    floors = pd.DataFrame([floor, floor | {"Dice": 0.5}])
    table = pd.concat([table, floors], ignore_index=True)
    return table.astype({"forward": "Int64", "back": "Int64"})


def marks_in(axes) -> np.ndarray:
    (found,) = (line for line in axes.get_lines() if line.get_marker() == "o")
    assert same_color(found.get_color(), BLUE)
    return np.array(found.get_data()).T


def test_every_method_is_marked_at_its_cost_and_named(costly):
    figure = explanations.cost(costly, ["A", "B"])
    panels = [("Dice", "A"), ("Dice", "B"), ("placement", "A"), ("placement", "B")]
    for axes, (score, model) in zip(figure.axes, panels, strict=True):
        label = "Dice (n = 38, bars: 95 %)" if score == "Dice" else score
        assert (axes.get_ylabel(), axes.get_title(loc="left")) == (label, model)
        assert axes.get_xscale() == "log"
        rows = costly[costly["Classifier"] == model].set_index("explanation")
        marks = marks_in(axes)
        assert sorted(marks[:, 1]) == pytest.approx(sorted(rows[score]))
        assert sorted(text.get_text() for text in axes.texts) == sorted(COSTS)
        for text in axes.texts:  # the line from a name ends at its mark
            name = text.get_text()
            end = np.array(text.xy)
            assert end[1] == pytest.approx(rows.loc[name, score])
            forward, back = COSTS[name]
            # those of one cost stand beside each other: less than half a decade
            assert abs(np.log10(end[0] / (forward + 2 * back))) < 0.25, name
            assert np.isclose(marks, end).all(axis=1).any()
        floor = [line for line in axes.get_lines() if line.get_label() == "highest floor"]
        assert list(floor[0].get_ydata()) == [costly[score].max()] * 2
    middle = marks_in(figure.axes[0])[1:9, 0]  # of eight that cost 3
    assert np.exp(np.log(middle).mean()) == pytest.approx(3, rel=0.01)


def test_names_over_cost_cover_no_mark_and_no_other_name(costly):
    figure = explanations.cost(costly, ["A", "B"])
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    for axes in figure.axes:
        marks = axes.transData.transform(marks_in(axes))
        boxes = [Text.get_window_extent(text, renderer).padded(-2) for text in axes.texts]
        for number, box in enumerate(boxes):
            assert box.count_overlaps(boxes[:number]) == 0, axes.texts[number]
            assert not any(box.contains(*mark) for mark in marks)
            assert all(axes.bbox.contains(*corner) for corner in box.corners())


def test_a_method_whose_runs_nobody_counted_has_no_mark(costly):
    costly.loc[costly["explanation"] == "rise", ["forward", "back"]] = pd.NA
    figure = explanations.cost(costly, ["A", "B"])
    assert all(len(axes.texts) == len(marks_in(axes)) == len(COSTS) - 1 for axes in figure.axes)
    assert "rise" not in [text.get_text() for text in figure.axes[0].texts]


def test_names_stay_at_their_marks_above_a_note(costly, tmp_path):
    bare, noted = tmp_path / "bare.png", tmp_path / "noted.png"
    save(explanations.cost(costly, ["A", "B"]), [bare])
    save(explanations.cost(costly, ["A", "B"]), [noted], note="Synthetic")
    expected = matplotlib.image.imread(bare)
    found = matplotlib.image.imread(noted)[: len(expected)]
    np.testing.assert_allclose(found, expected, atol=1.5 / 255)
