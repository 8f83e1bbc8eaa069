import numpy as np

from camseg.figures import charts
from camseg.figures.style import save


def curves(*means: float) -> list[np.ndarray]:
    return [np.linspace(2 * mean, 0, 256) for mean in means]


def test_dice_curves_show_what_they_are_given(tmp_path):
    models = dict(zip(["One", "Two", "Three"], curves(0.2, 0.4, 0.3), strict=True))
    floors = dict(zip(["all 255", "smooth noise"], curves(0.25, 0.1), strict=True))
    figure = charts.dice_curves(models, floors, 100)
    (axes,) = figure.axes
    lines = {line.get_label(): line for line in axes.get_lines()}
    assert lines.keys() == models.keys() | floors.keys()
    for name, curve in {**models, **floors}.items():
        np.testing.assert_array_equal(lines[name].get_ydata(), curve)
    marks = {lines[name].get_marker() for name in models}
    assert len(marks) == 3  # apart without colours, and no floor has any
    assert {lines[name].get_marker() for name in floors} == {"None"}
    looks = {(line.get_color(), str(line.get_linestyle())) for line in lines.values()}
    assert len({line.get_color() for name, line in lines.items() if name in models}) == 3
    assert {lines[name].get_color() for name in floors} == {"0.45"}
    assert len(looks) >= 4
    networks, others = figure.legends
    assert [text.get_text() for text in networks.get_texts()] == list(models)
    assert [text.get_text() for text in others.get_texts()] == list(floors)

    assert axes.get_xlabel() == "threshold t, grey levels (n = 100 lesions)"

    paths = [tmp_path / name for name in ("1.svg", "2.svg")]
    for path in paths:
        save(charts.dice_curves(models, floors, 100), [path])
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_the_legends_of_dice_curves_lie_beside_each_other_and_below_the_axes():
    names = ["NASNetMobile", "MobileNetV2", "DenseNet121", "ResNet50V2", "Xception", "InceptionV3"]
    models = dict(zip(names, curves(*[0.3] * 6), strict=True))
    floors = ["all 255", "smooth noise", "brightness", "5 outlines", "mean training mask"]
    figure = charts.dice_curves(models, dict(zip(floors, curves(*[0.2] * 5), strict=True)), 9)
    assert len(set(charts.FLOOR_DASHES)) >= len(floors)
    figure.draw_without_rendering()
    left, right = (legend.get_window_extent() for legend in figure.legends)
    assert left.x1 < right.x0
    assert max(left.y1, right.y1) <= figure.axes[0].get_tightbbox().y0
    assert left.x0 >= 0
    assert right.x1 <= figure.bbox.x1
    assert figure.get_figwidth() * 25.4 == 85
