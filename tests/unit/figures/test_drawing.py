import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from camseg.figures import drawing


def test_middles_of_equal_parts():
    assert drawing.middles(5, 1) == [2]
    assert drawing.middles(4, 1) == [2]  # the upper one
    assert drawing.middles(9, 3) == [1, 4, 7]
    assert drawing.middles(20, 10) == list(range(1, 20, 2))
    assert drawing.middles(3, 8) == [0, 1, 2]


def test_an_outline_goes_round_every_part_of_a_mask():
    mask = np.zeros((20, 20), np.uint8)
    mask[2:6, 3:9] = 1
    mask[12:15, 10:11] = 1
    axes = Figure().subplots()
    drawing.outline(axes, mask, "white")
    boxes = sorted(
        patch.get_xy().min(0).tolist() + patch.get_xy().max(0).tolist() for patch in axes.patches
    )
    # the centres of the outermost pixels: x, y, x, y
    assert boxes == [[3.5, 2.5, 8.5, 5.5], [10.5, 12.5, 10.5, 14.5]]


@pytest.mark.parametrize("lines", [["MobileNetV2"], ["a", "NASNetMobile-with-a-long-name"]])
def test_type_fits_its_width(lines):
    """Oracle: the width of the text as drawn."""
    with mpl.rc_context(drawing.TYPE):
        figure = Figure(dpi=300)
        size = drawing.fitting(lines, 30)
        texts = [figure.text(0, 0, line, fontsize=size) for line in lines]
        renderer = FigureCanvasAgg(figure).get_renderer()
    widest = max(text.get_window_extent(renderer).width for text in texts) / 300 / drawing.MM
    assert size <= drawing.TYPE["font.size"]
    assert widest <= 30.5
    if size < drawing.TYPE["font.size"]:
        assert widest >= 29.5


def test_places_are_moved_as_little_as_sets_them_apart():
    apart = drawing.spread(np.array([0.0, 10, 10, 10, 30]), 4)
    assert apart == pytest.approx([0, 6, 10, 14, 30])  # ties stay round their place
    assert drawing.spread(np.array([0.0, 1]), 4) == pytest.approx([-1.5, 2.5])
