import pandas as pd
import pytest

from camseg.figures import audits
from camseg.figures.style import save


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
    assert one.get_title() == "One\ndown 0.50, across 0.50"
    assert two.get_title() == "Two\ndown 0.00, across 0.00"
    *lines, places, centres = one.get_lines()
    assert len(lines) == 4
    first = [*lines[0].get_xdata(), *lines[0].get_ydata()]
    assert first == pytest.approx([0.25, 0.375, 0.25, 0.375 + 0.05])  # on average over the ROIs
    assert list(places.get_xdata()) == [0.25, 0.75, 0.25, 0.75]
    assert centres.get_xdata() == pytest.approx([0.375, 0.625, 0.375, 0.625])
    assert one.get_ylim() == (1, 0)  # rows count from the top
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
