from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from camseg.figures import charts
from camseg.figures.style import save
from camseg.training.registry import REGIMES

PUBLISHED = pd.read_csv("resources/paper_results.csv")


def study(names, *controls):
    """Intervals and extended Table II with the published values, for classifiers of these names."""
    table = PUBLISHED.iloc[np.arange(len(names)) % len(PUBLISHED)].assign(Classifier=names)
    table = table.assign(**{REGIMES[control].column: 0.6 for control in controls})
    intervals = table.melt("Classifier", var_name="quantity")
    return intervals.assign(
        low=intervals["value"] - 0.1,
        high=intervals["value"] + 0.05,
        n=np.where(intervals["quantity"] == "Dice", 100, 38),
    ), table


@pytest.mark.parametrize("width", [85, 175])
@pytest.mark.parametrize(
    ("names", "controls"),
    [
        (list(PUBLISHED["Classifier"]), []),
        ([f"{name}-pretrained" for name in PUBLISHED["Classifier"]], ["swapped", "inverse_cam"]),
    ],
)
def test_figure8_is_readable_in_print(width, names, controls):
    figure = charts.figure8(*study(names, *controls), PUBLISHED, width=width)
    figure.draw_without_rendering()
    assert figure.get_size_inches()[0] * 25.4 == pytest.approx(width)
    (axes,) = figure.axes
    labels = axes.get_xticklabels()
    assert [label.get_text() for label in labels] == names
    for text in [*labels, *figure.legends[0].get_texts()]:
        box = text.get_window_extent()
        assert figure.bbox.x0 <= box.x0 < box.x1 <= figure.bbox.x1
        assert figure.bbox.y0 <= box.y0 < box.y1 <= figure.bbox.y1
        assert text.get_fontsize() >= 8
    height = labels[0].get_fontsize() / 72 * figure.dpi
    places = axes.transData.transform([(x, 0) for x in axes.get_xticks()])[:, 0]
    if labels[0].get_rotation():
        assert np.diff(places).min() * np.sin(np.pi / 4) > height  # between parallel lines
    else:
        boxes = [label.get_window_extent() for label in labels]
        assert all(one.x1 < other.x0 for one, other in pairwise(boxes))


def test_figure8_shows_values_intervals_and_controls():
    names = list(PUBLISHED["Classifier"])
    figure = charts.figure8(*study(names, "blob"), PUBLISHED, width=175)
    (axes,) = figure.axes
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    assert texts == [
        *("CAM_val_acc (n = 38)", "Dice (n = 100)"),
        *("CAM_val_acc, paper (DDSM)", "Dice, paper (DDSM)", "blob"),
    ]
    ours = dict(zip(["CAM_val_acc", "Dice"], axes.containers, strict=True))
    for column, (line, _, bars) in ours.items():
        assert line.get_linestyle() == "None"  # networks have no order that a line could show
        np.testing.assert_allclose(line.get_ydata().astype(float), PUBLISHED[column])
        ends = np.array([segment[:, 1] for segment in bars[0].get_segments()], float)
        np.testing.assert_allclose(ends[:, 0], PUBLISHED[column] - 0.1)
        np.testing.assert_allclose(ends[:, 1], PUBLISHED[column] + 0.05)


@pytest.mark.parametrize(
    ("boxes", "label"), [(False, "Dice, accuracy"), (True, "Dice with boxes, accuracy")]
)
def test_figure8_says_if_boxes_stand_for_outlines(boxes, label):
    figure = charts.figure8(*study(["A", "B"]), PUBLISHED, width=85, boxes=boxes)
    assert figure.axes[0].get_ylabel() == f"{label}\n(bars: 95 % interval)"


def test_every_control_that_was_run_is_in_figure8_and_none_hides_another():
    controls = [
        regime for regime in REGIMES if regime not in ("original", "cam", "mask", "inverse")
    ]
    figure = charts.figure8(*study(["A", "B"], *controls), PUBLISHED, width=85)
    lines = {line.get_label(): line for line in figure.axes[0].get_lines()}
    places = [tuple(lines[control].get_xdata()) for control in controls]
    assert len(set(places)) == len(controls) == len(REGIMES) - 4
    low, high = figure.axes[0].get_xlim()
    assert all(low < place < high for pair in places for place in pair)
    assert all(second > 0.3 for _, second in places)  # beside its own classifier, not another


def test_figures_are_the_same_to_the_byte(tmp_path):
    for folder in ("a", "b"):
        figure = charts.figure8(*study(["A", "B"]), PUBLISHED, width=85)
        save(figure, [tmp_path / folder / "f.svg", tmp_path / folder / "f.png"])
    for name in ("f.svg", "f.png"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
