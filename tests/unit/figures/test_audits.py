import numpy as np
import pandas as pd
import pytest

from camseg.figures import audits
from camseg.figures.style import save
from camseg.report.transplants import REGIONS


def cells(slope: float) -> pd.DataFrame:
    """Two ROIs' cells of a 2 x 2 grid, which look `slope` times as far from the middle."""
    table = pd.DataFrame(
        [(roi, row, column) for roi in "ab" for row in (0, 1) for column in (0, 1)]
    )
    table.columns = ["roi_id", "row", "column"]
    for axis in ("row", "column"):
        table[f"place_{axis}"] = (table[axis] + 0.5) / 2
        table[f"centre_{axis}"] = 0.5 + slope * (table[f"place_{axis}"] - 0.5)
    table.loc[table["roi_id"] == "a", "centre_row"] += 0.1
    return table


def test_a_line_leads_from_each_cell_to_where_it_looks(tmp_path):
    figure = audits.locality({"One": cells(0.5), "Two": cells(0)})
    one, two = figure.axes
    assert one.get_title() == "One\nslope down 0.50, across 0.50"
    assert two.get_title() == "Two\nslope down 0.00, across 0.00"
    *lines, places, centres = one.get_lines()
    assert len(lines) == 4
    first = [*lines[0].get_xdata(), *lines[0].get_ydata()]
    assert first == pytest.approx([0.25, 0.375, 0.25, 0.375 + 0.05])  # on average over the ROIs
    assert list(places.get_xdata()) == [0.25, 0.75, 0.25, 0.75]
    assert centres.get_xdata() == pytest.approx([0.375, 0.625, 0.375, 0.625])
    assert one.get_ylim() == (1, 0)  # rows count from the top
    assert "n = 2" in centres.get_label()  # ROIs
    assert places.get_marker() != centres.get_marker()  # apart without colours, too
    for name in ("1.svg", "2.svg"):
        save(audits.locality({"One": cells(0.5)}), [tmp_path / name])
    assert (tmp_path / "1.svg").read_bytes() == (tmp_path / "2.svg").read_bytes()


@pytest.mark.parametrize("models", [1, 2, 3, 4, 7])
def test_panels_and_their_titles_lie_apart(models):
    names = [f"{number}-EfficientNetV2B0-with-hidden-layers" for number in range(models)]
    figure = audits.locality({name: cells(1) for name in names})
    figure.draw_without_rendering()
    boxes = [axes.get_tightbbox() for axes in figure.axes]
    boxes.append(figure.legends[0].get_window_extent())
    for number, box in enumerate(boxes):
        assert min(box.x0, box.y0) >= 0
        assert box.x1 <= figure.bbox.x1 + 1
        assert box.y1 <= figure.bbox.y1 + 1
        assert not any(box.overlaps(other) for other in boxes[:number])
    assert figure.get_figwidth() * 25.4 <= 175.01


def shares(*models: str) -> pd.DataFrame:
    values = [0.9, 0.1, 0.5, 0.2, 0.3, 0.25, -3.4]
    rows = [
        (model, region, s, s - 0.1, s + 0.2, 18, s + 0.05, 16)
        for model in models
        for region, s in zip(REGIONS, values, strict=True)
    ]
    columns = ["Classifier", "region", "S", "low", "high", "n", "S_training", "n_training"]
    return pd.DataFrame(rows, columns=columns)


def test_bars_are_the_shares_with_their_intervals(tmp_path):
    figure = audits.transplant(shares("One", "Two"))
    one, two = figure.axes
    assert [one.get_title(), two.get_title()] == ["One", "Two"]
    assert [bar.get_width() for bar in one.patches] == [0.9, 0.1, 0.5, 0.2, 0.3, 0.25, -3.4]
    assert [bar.get_hatch() for bar in one.patches] == 6 * [None] + ["////"]
    assert [label.get_text() for label in one.get_yticklabels()] == list(REGIONS)
    assert [text.get_text() for text in one.texts] == ["-3.40"]  # beyond the axis
    (ends,) = one.containers[1][2]
    np.testing.assert_allclose(ends.get_segments()[0], [[0.8, 0], [1.1, 0]])
    marks = next(line for line in one.get_lines() if line.get_marker() == "D")
    np.testing.assert_allclose(marks.get_xdata(), shares("One")["S_training"])
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    assert texts[:2] == ["validation ROIs (n = 18), 95 % interval", "training ROIs (n = 16)"]
    assert {text.get_fontsize() for text in one.texts} == {8}
    for name in ("1.svg", "2.svg"):
        save(audits.transplant(shares("One")), [tmp_path / name])
    assert (tmp_path / "1.svg").read_bytes() == (tmp_path / "2.svg").read_bytes()


def test_shares_without_an_interval_are_drawn():
    table = shares("One").assign(low=np.nan, high=np.nan)
    table.loc[2:3, ["S", "S_training"]] = np.nan
    figure = audits.transplant(table)
    figure.draw_without_rendering()
    assert len(figure.axes[0].patches) == len(REGIONS)
