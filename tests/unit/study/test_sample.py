"""A look at some cases: which are drawn and shown, and what of them."""

import numpy as np
import pytest
from PIL import Image

from camseg.datasets import index
from camseg.datasets.views import new_row, read_index
from camseg.rois import extraction
from camseg.study import sample
from camseg.study.sample import Grey
from conftest import rectangle, write_case
from made import RULES, index_source

CASES = 12


@pytest.fixture
def cases(tmp_path):
    """The candidates of DDSM cases, a lesion each; that of the last is unreadable."""
    for number in range(1, CASES + 1):
        chain = rectangle(20, 30, 20, 10 + number)
        write_case(tmp_path, f"B-{number:04}-1", left_lesions=(chain,))
    (tmp_path / "case0012/B_0012_1.LEFT_CC.OVERLAY").write_text(
        (tmp_path / "case0012/B_0012_1.LEFT_CC.OVERLAY").read_text().replace("20 30 ", "900 30 ")
    )
    index.write_index(tmp_path / "index.tsv", index.in_order(index_source(tmp_path, "ddsm")))
    rows = extraction.cases_of_shard(read_index(tmp_path / "index.tsv"), 0, 1)
    return [extraction.extract_case(case, tmp_path, RULES) for case in rows]


def test_cases_are_drawn_at_random_and_the_same_each_time():
    cases = [[new_row(case_id=str(number))] for number in range(40)]
    drawn = [case[0]["case_id"] for case in sample.draw_cases(cases, 10)]
    assert drawn == [case[0]["case_id"] for case in sample.draw_cases(cases, 10)]
    assert len(set(drawn)) == 10
    assert drawn != sorted(drawn, key=int)
    everything = sample.draw_cases(cases, 99)
    assert sorted(int(case[0]["case_id"]) for case in everything) == list(range(40))


def test_both_views_of_a_case_are_shown_and_first_those_with_a_rois_fault(cases):
    views = sample.shown(cases, 5)  # two cases, and no half of one
    ids = [case for case, _, _ in views]
    assert ids == ["B-0001-1", "B-0001-1", "B-0012-1", "B-0012-1"]
    assert {view for _, _, view in views} == {"LEFT_CC", "RIGHT_CC"}
    assert sum(map(len, sample.shown(cases, 99).values())) == 2 * CASES


def test_a_tile_has_the_places_that_the_rois_have(cases, tmp_path):
    abnormal, normal = cases[0]
    tile, grey = sample.tile_of([abnormal], tmp_path)
    assert (tile.name, tile.file) == ("B-0001-1 LEFT_CC", "B_0001_1.LEFT_CC.LJPEG")
    x, y, w, h = abnormal.box
    assert tile.marks[0].box == pytest.approx((x / 80, y / 120, w / 80, h / 120))
    assert (tile.marks[0].used, tile.marks[0].normal, tile.rejected) == (True, False, False)
    assert tile.image.shape == (120, 80)  # not shrunk
    wanted = np.zeros((120, 80))
    wanted[30:41, 20:40] = 1
    np.testing.assert_array_equal(tile.mask, wanted)
    assert grey.bits == 12
    tile, _ = sample.tile_of([normal], tmp_path)
    assert tile.mask is None
    assert tile.marks[0].normal


def test_a_lost_roi_says_why_on_its_tile(cases, tmp_path):
    (abnormal, _) = cases[-1]
    tile, _ = sample.tile_of([abnormal], tmp_path)
    assert tile.note == f"abnormal: {abnormal.reason}" != "abnormal: "
    assert tile.rejected
    assert tile.marks == ()
    image = tmp_path / "case0001/B_0001_1.LEFT_CC.LJPEG"
    image.write_bytes(image.read_bytes()[:200])
    tile, grey = sample.tile_of(cases[0][:1], tmp_path)
    assert (tile.image, tile.rejected, grey) == (None, True, None)
    assert "B_0001_1.LEFT_CC.LJPEG" in tile.note


def test_rejected_views_are_shown_once_for_each_kind_of_reason():
    reasons = [f"a{n}.png is missing" for n in range(9)] + ["is a copy", ""]
    rows = [
        new_row(case_id=str(n), status="rejected" if reason else "usable", reason=reason)
        for n, reason in enumerate(reasons)
    ]
    found = sample.rejected(rows)
    assert [row["case_id"] for row in found] == ["0", "9"]
    assert sample.rejected_tile(found[0]).note == "rejected: a0.png is missing"


@pytest.mark.parametrize(
    ("kind", "hot", "wanted"),
    [
        (np.uint16, 0, Grey(16, 9, 41, False)),
        (np.uint16, 65535, Grey(16, 9, 65535, True)),
        (np.uint8, 255, Grey(8, 9, 255, False)),  # which is kept as it stands
    ],
)
def test_grey_levels_are_those_of_the_file(tmp_path, kind, hot, wanted):
    pixels = np.random.default_rng(0).integers(10, 40, (90, 90)).astype(kind)
    pixels[0, 0], pixels[0, 1] = 9, 41
    pixels[5, 5] = hot or 20
    Image.fromarray(pixels).save(tmp_path / "a.png")
    (tmp_path / "t.csv").write_text("image,patient,side,label\na.png,p,left,normal\n")
    (row,) = (each for each in next(index_source(tmp_path / "t.csv", "table")) if each["image"])
    assert sample._grey(row, tmp_path) == wanted
