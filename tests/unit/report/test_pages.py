import html
from html.parser import HTMLParser

import pandas as pd
import pytest

from browser import open_page
from camseg.report import pages, tables

TABLE = pd.DataFrame(
    {
        "name": ["net 10", "net 9", "<b>&amp;"],
        "p": [0.02, 0.0001, None],
        "n": [5, 30, 200],
        "finding": ["x" * 50, "it's", 'a "quote"'],
    }
)


class Cells(HTMLParser):
    """The kind and text of every cell of a page."""

    def __init__(self, text):
        super().__init__()
        self.cells, self.inside = [], False
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        if tag in ("th", "td"):
            self.cells.append((dict(attributes)["class"], ""))
            self.inside = True

    def handle_endtag(self, tag):
        self.inside &= tag not in ("th", "td")

    def handle_data(self, data):
        if self.inside:
            kind, text = self.cells[-1]
            self.cells[-1] = (kind, text + data)


def test_a_page_has_the_cells_of_the_markdown_table(tmp_path):
    paths = [tmp_path / f"t.{suffix}" for suffix in ("csv", "md", "tex", "html")]
    tables.write_table(TABLE, paths, {"t": "Numbers & <names>."})
    page = paths[-1].read_text()
    cells = Cells(page).cells
    markdown = [line.strip("| ").split(" | ") for line in paths[1].read_text().splitlines()]
    expected = [cell for row in (markdown[0], *markdown[2:]) for cell in row]
    assert [text for _, text in cells if text] == [text for text in expected if text]
    assert [kind for kind, _ in cells] == ["word", "number", "number", "sentence"] * 4
    assert "<b>" not in page
    assert f"<h1>{html.escape('Numbers & <names>.')}</h1>" in page


def test_a_text_keeps_its_lines_and_signs():
    page = pages.text_page("a: <b>\n  c: d & e\n", "A text")
    assert "<pre>a: &lt;b&gt;\n  c: d &amp; e\n</pre>" in page


def test_a_click_sorts_and_the_other_formats_can_be_saved(tmp_path):
    paths = [tmp_path / f"t.{suffix}" for suffix in ("csv", "md", "tex", "html")]
    tables.write_table(TABLE, paths, {"t": "A caption."})
    orders = {
        "name": (["<b>&amp;", "net 9", "net 10"], ["net 10", "net 9", "<b>&amp;"]),
        "p": (["<0.001", "0.020", ""], ["0.020", "<0.001", ""]),  # what is missing comes last
        "n": (["5", "30", "200"], ["200", "30", "5"]),
    }
    with open_page(paths[-1]) as page:
        for column, (name, order) in enumerate(orders.items(), start=1):
            for direction, texts in zip(("ascending", "descending"), order, strict=True):
                page.get_by_role("button", name=name, exact=True).click()
                cells = page.locator(f"tbody td:nth-child({column})")
                assert cells.all_inner_texts() == texts
                assert page.locator("th[aria-sort]").get_attribute("aria-sort") == direction
        for path in paths[:3]:
            with page.expect_download() as saving:
                page.get_by_role("link", name=path.name).click()
            assert saving.value.suggested_filename == path.name
            assert saving.value.path().read_bytes() == path.read_bytes()


def test_cells_lead_where_they_are_told_to_but_nowhere_within_a_report(tmp_path):
    """Snakemake's report shows the page in a frame, without what lies beside it."""
    links = {"name": ["a.html#x=1&y=2", "", "b.html"], "finding": ["", "", "c.html"]}
    tables.write_table(TABLE, [tmp_path / "t.html"], {"t": "A caption."}, links)
    (tmp_path / "report.html").write_text('<link rel="icon" href="data:,"><iframe src="t.html">')
    with open_page(tmp_path / "t.html") as page:
        found = page.locator("td a")
        assert found.all_inner_texts() == ["net 10", "<b>&amp;", 'a "quote"']
        led = [link.get_attribute("href") for link in found.all()]
        assert led == ["a.html#x=1&y=2", "b.html", "c.html"]
        page.goto((tmp_path / "report.html").as_uri())
        shown = page.frame_locator("iframe")
        assert shown.locator("tbody tr").count() == 3
        assert shown.locator("td").first.inner_text() == "net 10"
        assert shown.locator("td a").count() == 0
        assert shown.locator("p a").count() == 3  # to save it


def test_what_is_wider_than_the_window_scrolls_beside_its_first_column(tmp_path):
    wide = TABLE.drop(columns="finding").assign(**{f"a_long_name_{n}": 0.5 for n in range(9)})
    tables.write_table(wide, [tmp_path / "t.html"], {"t": "A caption. " * 30})
    with open_page(tmp_path / "t.html") as page:
        page.set_viewport_size({"width": 390, "height": 844})
        still = [page.locator(selector).first for selector in ("h1", "td", "tr th")]
        before = [each.bounding_box() for each in still]
        assert all(box["x"] + box["width"] <= 390 for box in before)
        right = page.locator("tbody tr td:last-child").first
        assert right.bounding_box()["x"] > 390
        page.evaluate("scrollTo(9999, 0)")
        assert right.bounding_box()["x"] + right.bounding_box()["width"] <= 390
        after = [each.bounding_box()["x"] for each in still]
        assert after[0] == pytest.approx(before[0]["x"], abs=1)
        assert after[1] == after[2] == pytest.approx(0, abs=1)


def test_in_a_narrow_window_a_row_with_sentences_is_read_without_scrolling(tmp_path):
    told = pd.DataFrame({"Classifier": ["A"], "n": [5], "low": [None], "reading": ["word " * 30]})
    tables.write_table(told.assign(low=float("nan")), [tmp_path / "t.html"], {"t": "A caption."})
    with open_page(tmp_path / "t.html") as page:
        page.set_viewport_size({"width": 390, "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        cells = page.locator("td")
        assert [cell.is_visible() for cell in cells.all()] == [True, True, False, True]
        names = cells.evaluate_all(
            "all => all.map(cell => getComputedStyle(cell, '::before').content)"
        )
        assert names[3] == '"reading "'
        page.set_viewport_size({"width": 1440, "height": 844})
        assert page.locator("th").first.is_visible()
