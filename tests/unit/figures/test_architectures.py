from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from camseg.figures import architectures
from camseg.figures.style import save

FLOORS = {"Dice": 0.8, "placement": 0.9}


def classifiers(n: int, **columns) -> pd.DataFrame:
    """What `report.architectures.read` returns, of n networks crowded as in a real study."""
    rng = np.random.default_rng(3)
    names = [f"{number}-EfficientNetV2B0-with-layers" for number in range(n)]
    table = pd.DataFrame({"Classifier": names, "network": names, "head": "gap", "grid": "4 x 4"})
    table["parameters"] = np.exp(rng.uniform(np.log(1e6), np.log(6e7), n)).astype(int)
    table["val_acc"] = rng.integers(30, 36, n) / 38
    table["Dice"] = np.sort(rng.normal(0.37, 0.05, n))[::-1]
    table["placement"], table["locality"] = rng.normal(0, 0.3, n), rng.uniform(0, 0.7, n)
    return table.assign(low=table["Dice"] - 0.02, high=table["Dice"] + 0.03, n=38, **columns)


def marks(axes) -> list:
    return [line for line in axes.get_lines() if line.get_linestyle() == "None"]


def test_each_mark_is_a_classifier(tmp_path):
    of = classifiers(6, grid=["4 x 4", "2 x 2", "4 x 4", "4 x 4", "2 x 2", "4 x 4"])
    figure = architectures.architectures(of, FLOORS, list(of["Classifier"]))
    panels = [(score, name) for score in ("Dice", "placement", "locality")
              for name in ("parameters", "val_acc")]  # fmt: skip
    for axes, (score, name) in zip(figure.axes, panels, strict=True):
        places = [(line.get_xdata()[0], line.get_ydata()[0]) for line in marks(axes)]
        assert places == list(zip(of[name], of[score], strict=True))
        assert [text.get_text() for text in axes.texts] == list("123456")
        assert [text.xy for text in axes.texts] == [pytest.approx(place) for place in places]
        floors = [line.get_ydata()[0] for line in axes.get_lines() if line.get_linestyle() == "--"]
        assert floors == ([FLOORS[score]] if score in FLOORS else [])
        assert axes.get_xscale() == ("log" if name == "parameters" else "linear")
    ends = [bars.get_segments()[0][:, 1].tolist() for bars in figure.axes[0].collections]
    assert ends == of[["low", "high"]].to_numpy().tolist()
    first, second = ({line.get_marker() for line in marks(figure.axes[0])
                      if line.get_ydata()[0] in set(of.loc[of["grid"] == grid, "Dice"])}
                     for grid in ("4 x 4", "2 x 2"))  # fmt: skip
    assert len(first) == len(second) == 1
    assert first != second  # apart without colours
    key, signs = ([text.get_text() for text in legend.get_texts()] for legend in figure.legends)
    assert key == [f"{number} {name}" for number, name in enumerate(of["Classifier"], 1)]
    assert signs == ["2 x 2", "4 x 4", "highest floor"]
    for name in ("1.svg", "2.svg"):
        save(
            [figure, architectures.architectures(of, FLOORS, list(of["Classifier"]))][
                name == "2.svg"
            ],
            [tmp_path / name],
        )
    assert (tmp_path / "1.svg").read_bytes() == (tmp_path / "2.svg").read_bytes()


def test_heads_are_markers_and_networks_colours():
    heads, networks = ["gap", "flatten_dense (64)"] * 2, ["A", "A", "B", "B"]
    of = classifiers(4, head=heads, network=networks)
    figure = architectures.architectures(of, FLOORS, list(of["Classifier"]))
    looks = [(line.get_marker(), line.get_color()) for line in marks(figure.axes[0])]
    (a_gap, a_flat), (b_gap, b_flat) = looks[:2], looks[2:]
    assert a_gap[0] == b_gap[0] != a_flat[0] == b_flat[0]
    assert a_gap[1] == a_flat[1] != b_gap[1] == b_flat[1]
    signs = [text.get_text() for text in figure.legends[1].get_texts()]
    assert signs == ["flatten_dense (64)", "gap", "A", "B", "highest floor"]


@pytest.mark.parametrize("n", [1, 6, 20, 45])
def test_what_is_written_can_be_read(n):
    of = classifiers(n)
    figure = architectures.architectures(of, FLOORS, list(of["Classifier"]))
    figure.draw_without_rendering()
    legends = [legend.get_window_extent() for legend in figure.legends]
    boxes = [axes.get_tightbbox() for axes in figure.axes] + legends
    for box in boxes:
        assert min(box.x0, box.y0) >= -1
        assert box.x1 <= figure.bbox.x1 + 1
        assert box.y1 <= figure.bbox.y1 + 1
    for legend in legends:
        assert not any(legend.overlaps(axes.get_window_extent()) for axes in figure.axes)
    assert len([tick for tick in figure.axes[4].get_xticklabels() if tick.get_text()]) >= 1
    if n > 20:  # more than there is room for
        return
    for axes in figure.axes:
        inside = axes.get_window_extent()
        written = [Text.get_window_extent(text) for text in axes.texts]  # without lines to marks
        assert len(written) == n
        assert all(box.x0 >= inside.x0 and box.x1 <= inside.x1 for box in written)
        for one, other in combinations(written, 2):
            shared = Bbox.intersection(one, other)
            assert shared is None or shared.width * shared.height < 0.05 * one.width * one.height


def test_what_a_classifier_lacks_is_left_out():
    of = classifiers(3)
    of.loc[1, ["placement", "locality"]] = np.nan
    figure = architectures.architectures(
        of, {"Dice": 0.8, "placement": np.nan}, list(of["Classifier"])
    )
    figure.draw_without_rendering()
    assert [text.get_text() for text in figure.axes[2].texts] == ["1", "3"]
    assert [text.get_text() for text in figure.axes[0].texts] == ["1", "2", "3"]
