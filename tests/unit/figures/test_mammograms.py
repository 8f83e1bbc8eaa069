from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from camseg.datasets.views import COLUMNS
from camseg.figures import mammograms
from camseg.figures.style import save
from camseg.rois import extraction, lesions
from camseg.rois.boxes import Box, bounding_box
from camseg.rois.candidates import COLUMNS as CANDIDATES
from camseg.seeds import generator
from conftest import rectangle, write_case
from made import index_source

RULES = lesions.Rules(
    size=32,
    padding=(0.1, 0.3),
    outline="boundary",
    overlap="drop_normal",
    min_breast_share=0.5,
    seed=1,
)


def write_tables(folder, cases):
    """The index and the candidates of a folder of cases, as the workflow writes them."""
    views, candidates = [], []
    for rows in index_source(cases, "ddsm"):
        views += rows
        candidates += extraction.extract_case(rows, cases, RULES)
    records = [candidate.record() for candidate in candidates]
    pd.DataFrame(views, columns=COLUMNS).to_csv(folder / "index.tsv", sep="\t", index=False)
    table = pd.DataFrame(records, columns=lesions.COLUMNS)
    table.to_csv(folder / "candidates.tsv", sep="\t", index=False)
    return extraction.to_rois(candidates, RULES.size)


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A folder with the tables of three cases, and their ROIs; the median lesion is at the edge."""
    folder = tmp_path_factory.mktemp("study")
    cases = folder / "cases"
    write_case(cases, "B-0001-1", left_lesions=(rectangle(20, 50, 8, 8),))
    write_case(cases, "B-0002-1", right_lesions=(rectangle(58, 40, 20, 30),))
    write_case(cases, "B-0003-1", left_lesions=(rectangle(10, 30, 36, 44),))
    return folder, write_tables(folder, cases)


@pytest.fixture
def sample(study):
    folder, _ = study
    return mammograms.read_sample(folder / "candidates.tsv", folder / "index.tsv", folder / "cases")


def candidates(areas, **columns):
    """A table of used abnormal candidates with lesions of the given (width, height)."""
    table = pd.DataFrame(areas, columns=["lesion_w", "lesion_h"]).astype(str)
    table["roi_id"] = [f"{letter}.abnormal" for letter in "abcdefghij"[: len(table)]]
    return table.assign(**({"label": "abnormal", "status": "used"} | columns))


def test_a_single_sample_is_the_median_by_area():
    table = candidates([(9, 9), (2, 3), (100, 1), (4, 4), (50, 50)])
    assert list(mammograms.spread(table, 1)["roi_id"]) == ["a.abnormal"]
    shuffled = table.sample(frac=1, random_state=3)
    assert list(mammograms.spread(shuffled, 1)["roi_id"]) == ["a.abnormal"]


def test_samples_are_the_middles_of_equal_parts_from_small_to_large():
    table = candidates([(size, 2) for size in (9, 1, 8, 2, 7, 3, 6, 4, 5)])  # b d f h j g e c a
    chosen = mammograms.spread(table, 3)["lesion_w"]
    assert list(chosen) == ["2", "5", "8"]
    assert len(mammograms.spread(table, 20)) == 9


def test_equal_areas_go_by_id_and_dropped_or_normal_candidates_are_never_shown():
    table = candidates([(4, 6), (6, 4), (8, 3)])
    assert list(mammograms.spread(table[::-1], 3)["roi_id"]) == list(table["roi_id"])
    table = candidates([(4, 6), (6, 4), (8, 3)], status=["used", "dropped", "dropped"])
    assert list(mammograms.spread(table, 3)["roi_id"]) == ["a.abnormal"]
    table = candidates([(4, 6), ("", ""), (8, 3)], label=["abnormal", "normal", "normal"])
    assert list(mammograms.spread(table, 3)["roi_id"]) == ["a.abnormal"]


def test_paddings_are_arrows_from_the_lesions_box_to_the_padded_box():
    # 10, 20, 30 and 25 % of 100 x 40, of which 7 columns and 4 rows lie outside the image
    lesion, padded, box = Box(3, 20, 100, 40), Box(-7, 12, 140, 58), Box(0, 12, 133, 54)
    found = mammograms.paddings(lesion, padded, box)
    assert found == {
        "left": mammograms.Padding((3, 40), (-7, 40), 0.1, "width", 7),
        "top": mammograms.Padding((53, 20), (53, 12), 0.2, "height", 0),
        "right": mammograms.Padding((103, 40), (133, 40), 0.3, "width", 0),
        "bottom": mammograms.Padding((53, 60), (53, 70), 0.25, "height", 4),
    }


def test_the_sample_is_the_roi_as_drawn_and_as_cut(sample):
    """The median lesion, 20 x 30 in an image 80 wide: its padding is drawn, then cut on the right.

    Oracle: the drawn shares themselves, as whole pixels.
    """
    assert sample.roi_id == "B-0002-1.RIGHT_CC.1.abnormal"
    assert sample.lesion == Box(58, 40, 20, 30) == bounding_box(sample.mask)
    assert sample.image.shape == sample.mask.shape == (120, 80)
    drawn = generator(1, "padding", "B-0002-1.RIGHT_CC.1").uniform(0.1, 0.3, size=4)
    left, top, right, bottom = np.rint(drawn * (20, 30, 20, 30)).astype(int)
    assert right > 2  # pixels from the lesion to the edge
    found = mammograms.paddings(sample.lesion, sample.padded, sample.box)
    shares = [found[side].share for side in mammograms.SIDES]
    assert shares == [left / 20, top / 30, right / 20, bottom / 30]
    assert [found[side].cut for side in mammograms.SIDES] == [0, 0, right - 2, 0]
    assert sample.box == Box(58 - left, 40 - top, 22 + left, 30 + top + bottom)


def test_the_chosen_outline_is_shown(tmp_path):
    case = write_case(tmp_path, left_lesions=(rectangle(20, 50, 30, 20),))
    overlay = case / "B_0001_1.LEFT_CC.OVERLAY"
    overlay.write_text(overlay.read_text() + f"\tCORE\n{rectangle(30, 55, 8, 6)}\n")
    (views,) = index_source(tmp_path, "ddsm")
    row = {view["view"]: view for view in views}["LEFT_CC"]
    for numbers, box in (("1 2", Box(20, 50, 30, 20)), ("2", Box(30, 55, 8, 6))):
        candidate = {"abnormality": "1", "outlines": numbers, "mask_mended": ""}
        _, mask = lesions.read_lesion(row, tmp_path, candidate)
        assert bounding_box(mask) == box


def test_figure4_shows_the_roi_and_its_place(sample):
    left, right = mammograms.figure4(sample).axes
    x, y, w, h = sample.box
    assert left.get_images()[0].get_extent() == [x, x + w, y + h, y]
    assert (left.get_images()[0].get_array() == sample.image[y : y + h, x : x + w]).all()
    assert right.get_images()[0].get_extent() == [0, 80, 120, 0]
    outline = left.patches[0].get_xy()
    assert outline.min(axis=0).tolist() == [58.5, 40.5]  # the centres of the outermost pixels
    assert outline.max(axis=0).tolist() == [77.5, 69.5]


def test_figure5_says_how_much_was_drawn_and_how_much_cut_off(sample):
    figure = mammograms.figure5(sample)
    (axes,) = figure.axes
    found = mammograms.paddings(sample.lesion, sample.padded, sample.box)
    texts = " ".join(text.get_text().replace("\n", " ") for text in axes.texts)
    for padding in found.values():
        assert f"{100 * padding.share:.1f} % of {padding.of}" in texts
    assert texts.count("cut off") == 1
    assert f"({found['right'].cut} pixels cut off)" in texts
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend[1] == "lesion's box, 20 \u00d7 30 pixels"
    assert legend[-1] == "cut off at the image's edge"
    assert min(axes.get_xlim()) < sample.padded.x
    assert max(axes.get_xlim()) > sample.padded.x + sample.padded.w > 80


def test_figure5_without_a_cut_says_nothing_of_one(sample):
    box = Box(40, 40, 30, 40)
    whole = mammograms.Sample("id", "V", sample.image, sample.mask, Box(45, 50, 20, 20), box, box)
    figure = mammograms.figure5(whole)
    assert not any("cut off" in text.get_text() for text in figure.axes[0].texts)
    assert len(figure.legends[0].get_texts()) == 3


def test_figure6_has_a_column_a_pair(study):
    folder, rois = study
    pairs = mammograms.read_pairs(folder / "candidates.tsv", 6)
    names = ["B-0001-1.LEFT_CC.1", "B-0002-1.RIGHT_CC.1", "B-0003-1.LEFT_CC.1"]
    assert pairs == [(f"{name}.normal", f"{name}.abnormal") for name in names]
    panels = np.array(mammograms.figure6(rois, pairs).axes).reshape(3, 3)
    place = list(rois.roi_id)
    for column, pair in zip(panels.T, names, strict=True):
        shown = [axes.get_images()[0].get_array() for axes in column]
        normal, abnormal = place.index(f"{pair}.normal"), place.index(f"{pair}.abnormal")
        assert (shown[0] == rois.image[normal]).all()
        assert (shown[1] == rois.image[abnormal]).all()
        assert (shown[2] == 255 * rois.mask[abnormal]).all()
        assert column[0].get_title().replace("\n", ".") == pair


def test_pairs_without_a_normal_roi_are_left_out(tmp_path):
    cases = tmp_path / "cases"
    write_case(cases, "B-0001-1", left_lesions=(rectangle(20, 50, 8, 8),))
    case = write_case(cases, "B-0002-1", left_lesions=(rectangle(20, 50, 8, 8),))
    (case / "B_0002_1.RIGHT_CC.LJPEG").unlink()
    write_tables(tmp_path, cases)
    assert mammograms.read_pairs(tmp_path / "candidates.tsv", 6) == [
        ("B-0001-1.LEFT_CC.1.normal", "B-0001-1.LEFT_CC.1.abnormal")
    ]


def test_figures_are_the_same_to_the_byte(study, sample, tmp_path):
    folder, rois = study
    pairs = mammograms.read_pairs(folder / "candidates.tsv", 2)
    for run in ("first", "second"):
        for name, figure in (
            ("figure4", mammograms.figure4(sample)),
            ("figure5", mammograms.figure5(sample)),
            ("figure6", mammograms.figure6(rois, pairs)),
        ):
            paths = [tmp_path / run / f"{name}.{suffix}" for suffix in ("svg", "png")]
            save(figure, paths)
    for path in sorted((tmp_path / "first").iterdir()):
        assert path.read_bytes() == (tmp_path / "second" / path.name).read_bytes(), path.name
        if path.suffix == ".svg":
            assert ElementTree.parse(path).getroot().tag == "{http://www.w3.org/2000/svg}svg"


def test_real_mammogram(fixtures, tmp_path):
    """The real-pixel cases: the median of five lesions, its outline the ellipse in its box."""
    write_tables(tmp_path, fixtures / "cases")
    sample = mammograms.read_sample(
        tmp_path / "candidates.tsv", tmp_path / "index.tsv", fixtures / "cases"
    )
    assert sample.roi_id == "C-0173-1.LEFT_CC.1.abnormal"
    assert sample.image.shape == (4432, 2864)
    assert bounding_box(sample.mask) == sample.lesion
    assert sample.mask.sum() / (sample.lesion.w * sample.lesion.h) == pytest.approx(
        np.pi / 4, abs=0.01
    )
    for padding in mammograms.paddings(sample.lesion, sample.padded, sample.box).values():
        assert 0.1 <= padding.share <= 0.3


def test_of_regions_already_cut_normal_ones_are_spread_by_themselves(tmp_path):
    names = ["a.abnormal", "b.abnormal", "n1.normal", "n2.normal", "n3.normal"]
    table = pd.DataFrame("1", index=range(5), columns=CANDIDATES)
    table["roi_id"], table["pair_id"] = names, [name.split(".")[0] for name in names]
    table["label"] = [name.split(".")[1] for name in names]
    table["status"], table["lesion_w"] = "used", ["9", "3", "1", "1", "1"]
    table.to_csv(tmp_path / "candidates.tsv", sep="\t", index=False)
    pairs = mammograms.read_pairs(tmp_path / "candidates.tsv", 2)
    assert pairs == [("n1.normal", "b.abnormal"), ("n3.normal", "a.abnormal")]
