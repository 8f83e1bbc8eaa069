"""The contact sheet: what becomes of images, masks and boxes; whether its words can be read."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.patches import Polygon, Rectangle

from camseg.figures.contact_sheet import COLUMNS, PANEL, Mark, Tile, contact_sheet, mark, shrink
from camseg.rois.boxes import Box

LONG = "its place does not fit into any normal picture of the view LEFT_CC of another patient"


@pytest.mark.parametrize("shape", [(4000, 3000), (10, 20), (1, 900)])
def test_images_are_shrunk_to_a_panel_and_never_enlarged(shape):
    small = shrink(np.full(shape, 77, np.uint8))
    assert max(small.shape) == min(PANEL, max(shape))
    assert abs(small.shape[0] - max(1, small.shape[1] * shape[0] / shape[1])) <= 1
    assert (small == 77).all()


def test_a_speck_of_a_mask_is_not_lost():
    mask = np.zeros((4000, 3000), np.uint8)
    mask[1234, 1500] = 1
    small = shrink(mask, mask=True)
    (place,) = np.argwhere(small)
    assert np.abs(place - np.array([1234, 1500]) * PANEL / 4000).max() <= 1
    mask[1000:2000, 1000:2000] = 1
    assert shrink(mask, mask=True).mean() == pytest.approx(1 / 12, rel=0.02)


def tiles():
    image = np.add.outer(np.arange(60), np.arange(40)).astype(np.uint8)
    mask = np.zeros((60, 40), np.uint8)
    mask[20:30, 10:20] = 1
    marks = (
        mark(Box(8, 18, 16, 12), (60, 40), used=True, normal=False),
        mark(Box(2, 40, 16, 12), (60, 40), used=False, normal=True),
    )
    return [
        Tile("A-0001-1 LEFT_CC", "A_0001_1.LEFT_CC.LJPEG", image, mask, marks, f"normal: {LONG}"),
        *[Tile(f"case {n} " + "x" * n, "y" * 3 * n, image.T, None) for n in range(8, 29)],
        Tile("lost RIGHT", "", note=f"rejected: {LONG}; {LONG}", rejected=True),
        Tile("lost LEFT", "$lost{$.png", note="rejected: lost.png is missing", rejected=True),
    ]


def test_boxes_and_outlines_lie_where_they_are_in_the_image():
    assert tiles()[0].marks[0] == Mark((0.2, 0.3, 0.4, 0.2), used=True, normal=False)
    axes = contact_sheet(tiles(), "title").axes[0]
    boxes = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    found = [(*box.get_xy(), box.get_width(), box.get_height()) for box in boxes]
    np.testing.assert_allclose(found, [(8, 18, 16, 12), (2, 40, 16, 12)])
    assert len({box.get_edgecolor() for box in boxes}) == 2
    assert [box.get_linestyle() for box in boxes] == ["-", "--"]
    (line,) = (patch for patch in axes.patches if isinstance(patch, Polygon))
    np.testing.assert_allclose(line.get_xy().min(axis=0), (10.5, 20.5))
    np.testing.assert_allclose(line.get_xy().max(axis=0), (19.5, 29.5))


def test_only_rejected_views_are_framed_and_every_reason_is_there():
    figure = contact_sheet(tiles(), "title")
    framed = [axes.spines["left"].get_visible() for axes in figure.axes]
    assert framed == [tile.rejected for tile in tiles()]
    said = [
        " ".join(" ".join(text.get_text() for text in axes.texts).split()) for axes in figure.axes
    ]
    assert said[-1] == "rejected: lost.png is missing"
    assert said[0].startswith("normal: its place does not fit")
    assert said[1:-2] == [""] * 21


@pytest.mark.parametrize("count", [1, 3, 24])
def test_no_words_reach_over_those_of_another_view_nor_off_the_sheet(count):
    figure = contact_sheet(tiles()[-count:], "a title " * 40)
    assert len(figure.axes) == count
    figure.set_dpi(300)  # as it is written
    renderer = FigureCanvasAgg(figure).get_renderer()
    sheet = figure.bbox
    boxes = []
    for axes in figure.axes:
        words = [axes.title, axes._left_title, *axes.texts]
        extents = [word.get_window_extent(renderer) for word in words if word.get_text()]
        boxes += extents
        for extent in extents:
            assert extent.x1 <= axes.bbox.x1 + 6
            assert extent.x0 >= axes.bbox.x0 - 6
    boxes += [text.get_window_extent(renderer) for text in figure.texts]
    boxes += [legend.get_window_extent(renderer) for legend in figure.legends]
    for number, box in enumerate(boxes):
        assert sheet.x0 <= box.x0 <= box.x1 <= sheet.x1
        assert sheet.y0 <= box.y0 <= box.y1 <= sheet.y1
        assert not any(box.overlaps(other) for other in boxes[number + 1 :])


def test_rows_fill_before_the_next_begins():
    figure = contact_sheet(tiles()[: COLUMNS + 1], "title")
    tops = [round(axes.bbox.y1) for axes in figure.axes]
    assert len(set(tops[:COLUMNS])) == 1
    assert tops[COLUMNS] < tops[0]
