from html.parser import HTMLParser
from urllib.parse import parse_qsl

import pytest

from browser import open_page
from camseg.report import front_page, summary
from camseg.report.front_page import Shown, Study
from camseg.report.verdicts import RESTS_ON

SHOWN = [
    Shown("tables/verdicts.html", "1 Main results", "Answers"),
    Shown("tables/heat_maps.html", "3 Heat maps", "Heat maps"),
    Shown("figures/figure7.svg", "4 Figures", "Figure  7"),
    Shown("figures/figure8.svg", "1 Main results", "Figure  8"),
]
CURVES = ["figures/learning_curves/cam/A/split-0.svg"]
CAPTIONS = {
    "verdicts": "The answers. They hold for these networks.",
    "heat_maps": "Heat maps & floors, of 95 % intervals. More on <them>.",
    "figure7": "Figure 7: a ROI.",
    "figure8": "Figure 8: Dice.",
}
# made by other rules, of every study
MADE = {"explorer/index.html", "manifest.json", "provenance/configuration.yaml", "index.tsv"}
MADE |= {"rois/candidates.tsv", "figures/figure8_column.svg", *CURVES}
MADE |= {each.path for each in SHOWN}
MADE |= {f"tables/{name}.html" for name in ("table2_intervals", "paper_comparison")}
MADE |= {f"tables/{name}.html" for name in ("label_leaks_readings", "verdicts_reasons")}
MADE |= {f"tables/{name}.html" for name in ("transplant", "transplant_readings")}
PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" width="20" height="10"/>'


class Page(HTMLParser):
    """The cells of every table, by rows; all links, pictures and texts."""

    def __init__(self, text):
        super().__init__()
        self.tables, self.links, self.pictures, self.tags, self.text = [], [], [], [], ""
        self.in_cell = False
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.tags.append(tag)
        self.links += [found["href"]] if tag == "a" else []
        self.pictures += [found["src"]] if tag == "img" else []
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")
            self.in_cell = True
        elif tag == "small":
            self.handle_data(" | ")

    def handle_endtag(self, tag):
        self.in_cell &= tag not in ("td", "th")

    def handle_data(self, data):
        self.text += data
        if self.in_cell:
            self.tables[-1][-1][-1] += data


def rendered(finished, note="Synthetic images", captions=CAPTIONS):
    study = Study("synthetic DDSM", "ROIs of 64 px", note)
    return front_page.render(summary.read(finished), study, SHOWN, CURVES, captions)


def test_the_numbers_are_those_of_the_tables(finished):
    numbers, answers = Page(rendered(finished)).tables
    scores = ["Dice", "Dice_at_threshold", "placement"]
    # nothing was trained on CAMs
    assert numbers[0] == ["Classifier", *scores, "val_acc", "mask_val_acc"]
    accuracy, masked = "0.900 | 0.750 to 0.960", "0.625 | 0.500 to 0.700"
    assert numbers[1:4] == [
        ["B&C", "0.500", "0.660", "-0.250", accuracy, masked],
        ["A", "0.250", "0.750", "0.500", accuracy, masked],
        ["D", "0.125", "0.500", "", accuracy, ""],
    ]
    floor = ["0.750 | mean training mask", "0.700 | mean training mask", "0.875 | GrabCut"]
    assert numbers[4] == ["highest floor", *floor, "", ""]
    assert numbers[5][:4] == ["another outline", "0.800", "0.900", "0.950"]
    assert [cell.partition(" | ")[0] for cell in answers[0][1:]] == list(RESTS_ON)
    assert answers[1] == ["B&C", "yes", "not measured", "no", "no", "no", "open"]
    assert answers[3] == ["D", "no", *5 * ["no reading"]]


def test_the_two_questions_are_answered_first_with_the_numbers_that_decided(finished):
    text = Page(rendered(finished)).text
    first, second = text.split("Does the classifier look at it?")[:2]
    assert "Does a heat map segment the lesion?no 2 of 3 (B&C, A)no reading 1 of 3 (D)" in first
    assert (
        "By Dice_at_threshold, the maps of 1 of 3 are above every floor: the best is 0.750 (A), "
        "the floor mean training mask 0.700."
    ) in first
    assert "the best is 0.500 (A), the floor GrabCut 0.875." in first
    answers = "yes, at the lesion 1 of 3 (A)not measured 1 of 3 (B&C)no reading 1 of 3 (D)"
    assert second.startswith(answers)
    assert "A: A <depends_on> because." in second
    assert "D: D <depends_on> because." in second
    assert "B&C: B&C <depends_on>" not in second.split("highest floor")[0]
    assert "highest floor" not in first


def test_what_to_be_careful_of_stands_above_the_answers(finished):
    for note, captions, splits, told in (
        ("Synthetic images", CAPTIONS, 1, ["Synthetic images", front_page.ONE_TRAINING]),
        ("", CAPTIONS, 5, []),
        ("Boxes", CAPTIONS | {"boxes": "In this study boxes."}, 5, ["In this study boxes."]),
    ):
        text = finished["table2_intervals"].read_text()
        changed = text.replace(",1,Wilson", f",{splits},Wilson").replace(
            ",1,bootstrap", f",{splits},bootstrap"
        )
        finished["table2_intervals"].write_text(changed)
        head = Page(rendered(finished, note, captions)).text.split("Does the classifier look")[0]
        finished["table2_intervals"].write_text(text)
        for each in ("Synthetic images", front_page.ONE_TRAINING, "In this study boxes."):
            assert (each in head) == (each in told), each
        assert "The place alone tells the classes apart" in head
        assert "Brightness" not in head
        assert "101 abnormal and 99 normal ROIs; 3 classifiers" in head
        assert ("trained once" if splits == 1 else "trained 5 times") in head


def test_every_link_lands_on_what_the_study_makes(finished):
    page = Page(rendered(finished))
    own = [link for link in page.links if link.startswith("#")]
    files = {link.partition("#")[0] for link in page.links} - {""}
    assert files | set(page.pictures) == MADE
    assert len(own) == 6
    keys = [dict(parse_qsl(link.partition("#")[2])) for link in page.links if "#model" in link]
    assert keys == 2 * [{"model": "B&C"}, {"model": "A"}, {"model": "D"}]


def test_a_caption_shows_its_first_sentence_and_unfolds(finished):
    page = rendered(finished)
    assert (
        "<summary>Heat maps &amp; floors, of 95 % intervals.</summary>"
        "<p>More on &lt;them&gt;.</p>" in page
    )


@pytest.mark.parametrize("width", [390, 1440])
def test_it_needs_no_script_and_no_network_and_fits_the_window(finished, tmp_path, width):
    for path in MADE:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(PICTURE)
    (tmp_path / "index.html").write_text(rendered(finished))
    assert "script" not in Page(rendered(finished)).tags
    with open_page(tmp_path / "index.html") as page:
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        for name in ("answers", "numbers", "explorer", "tables", "figures", "record"):
            assert page.locator(f"section#{name}").count() == 1
        assert page.locator("img").first.evaluate("image => image.naturalWidth") == 20
        page.locator("a", has_text="B&C").first.click()
        assert page.url.endswith("explorer/index.html#model=B%26C")
