from itertools import product
from xml.etree import ElementTree

import matplotlib.image
import numpy as np
import pytest
from matplotlib.figure import Figure

from camseg.datasets.registry import SOURCES
from camseg.figures import style

SVG = "{http://www.w3.org/2000/svg}"


def chart(width: float = 3) -> Figure:
    figure = Figure(figsize=(width, 2), layout="constrained")
    axes = figure.subplots()
    axes.plot([1, 3, 2], label="a curve")
    axes.set_xlabel("x")
    figure.legend(loc="outside lower center")
    figure.legend(loc="outside upper center")
    return figure


def panels() -> Figure:
    figure = Figure(figsize=(3, 2))
    axes = figure.add_axes((0.1, 0.3, 0.8, 0.6))
    axes.plot([1, 3, 2], label="a curve")
    style_of_legend = {"bbox_to_anchor": (0.5, 0.1), "bbox_transform": figure.transFigure}
    figure.legend(loc="center", **style_of_legend)
    figure.text(0.5, 0.05, "below")
    return figure


@pytest.mark.parametrize("draw", [chart, panels])
def test_a_note_stands_below_a_figure_and_moves_nothing_of_it(tmp_path, draw):
    style.save(draw(), [tmp_path / "bare.png"])
    style.save(draw(), [tmp_path / "noted.png", tmp_path / "noted.svg"], note="Synthetic")
    bare, noted = (matplotlib.image.imread(tmp_path / f"{name}.png") for name in ("bare", "noted"))
    height, strip = len(bare), noted[len(bare) :]
    np.testing.assert_array_equal(noted[:height], bare)
    assert len(strip) / 300 == pytest.approx(style.STRIP, abs=0.01)
    assert (strip < 0.5).any()  # something is written
    assert (strip[[0, -1]] == 1).all()  # and not cut
    texts = [text.text for text in ElementTree.parse(tmp_path / "noted.svg").iter(f"{SVG}text")]
    assert "Synthetic" in texts


def test_an_svg_is_described_for_those_who_cannot_see_it(tmp_path):
    caption = "Dice & accuracy of <all> classifiers, with intervals; hollow: published. And more."
    for name in ("first.svg", "second.svg"):
        style.save(chart(), [tmp_path / name], caption)
    root = ElementTree.parse(tmp_path / "first.svg").getroot()
    title, description = root[0], root[1]
    assert (title.tag, title.text) == (
        *(f"{SVG}title", "Dice & accuracy of <all> classifiers, with intervals"),
    )
    assert (description.tag, description.text) == (f"{SVG}desc", caption)
    assert root.get("role") == "img"
    assert root.get("width") == "216pt"  # 3 inches: what the type's size refers to
    assert (tmp_path / "first.svg").read_bytes() == (tmp_path / "second.svg").read_bytes()


def test_a_caption_is_read_from_its_file(tmp_path):
    (tmp_path / "figure8.rst").write_text("Dïce.\n", encoding="utf-8")
    assert style.read_caption(tmp_path / "figure8.rst") == "Dïce."


def test_classifiers_look_apart_also_in_grey_and_keep_their_looks():
    names = [f"net {number}" for number in range(36)]
    looks = style.looks(names)
    assert list(looks) == names
    assert {tuple(look.values()) for look in looks.values()} == set(
        product(style.COLOURS, style.MARKERS)
    )
    assert len({look["marker"] for look in style.looks(names[:6]).values()}) == 6
    assert style.looks(names[:2]) == {name: looks[name] for name in names[:2]}
    assert style.looks(["a", "a", "b", "a"]) == style.looks(["a", "b"])


def test_notes_fit_a_column_and_say_what_the_data_is(tmp_path):
    notes = {name: source.note for name, source in SOURCES.items() if source.note}
    assert notes.keys() == {"phantom"} | {name for name, source in SOURCES.items() if source.boxes}
    assert notes["phantom"].startswith("Synthetic")
    assert all("Boxes" in notes[name] for name, source in SOURCES.items() if source.boxes)
    for note in notes.values():
        figure = chart(85 / 25.4)
        style.save(figure, [tmp_path / "f.png"], note=note)
        figure.draw_without_rendering()
        (text,) = figure.texts
        assert text.get_window_extent().x1 < figure.bbox.x1
        assert text.get_fontsize() >= 8
