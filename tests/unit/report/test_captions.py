import ast
import html
import re
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
from docutils import nodes
from docutils.core import publish_doctree
from jinja2 import Template

from camseg.datasets.registry import Source
from camseg.errors import CamsegError
from camseg.report import tables
from project import ROOT

REPORT = ROOT / "workflow/report"
RULES = ROOT / "workflow/rules"
TABLE = pd.DataFrame({"Classifier": ["A"], "Dice": [0.5]})


def named_in(call: str) -> set[str]:
    """The first names that the rules pass to a function, captions("a", "b") or the like."""
    texts = "".join(path.read_text() for path in RULES.glob("*.smk"))
    found = re.findall(rf'\b{call}\(\s*((?:"\w+"(?:, )?)+)', texts)
    return {name for names in found for name in re.findall(r'"(\w+)"', names)}


def listed_tables() -> list[str]:
    """The tables that workflow/rules/targets.smk says a study makes, or may make."""
    text = (RULES / "targets.smk").read_text()
    lists = re.findall(r"^ *TABLES \+?= (\[.*\])$", text, re.M)
    return [name for part in lists for name in ast.literal_eval(part)]


TABLES = listed_tables()
# those of the records, with the study's tables; each has its page in the report
CAPTIONED = sorted({*TABLES, "runtime", "segmentation_seconds", "configuration", "versions"})
# those of figures, which an SVG has as its description; and of rules that draw and write tables
OF_FIGURES = {path.stem for path in REPORT.glob("*.rst")} - {*CAPTIONED, "workflow"}
DRAWN_TOO = {"explanations_cost", "explanations_roi", "segmentation_rois"}
ADDED = "another_outline"  # to that of heat_maps, where the table has such a row


def test_every_table_of_a_study_has_a_caption_of_its_name():
    assert len(TABLES) == len(set(TABLES)) > 10
    assert {name for name in CAPTIONED if not (REPORT / f"{name}.rst").is_file()} == set()
    # what the rules read captions for, and what they show in the report
    assert named_in("captions") == {*CAPTIONED, *DRAWN_TOO, ADDED}
    assert named_in("report_table") == set(CAPTIONED) - {"configuration"}  # a page of text


@pytest.mark.parametrize("name", sorted({*CAPTIONED, *OF_FIGURES}))
def test_a_caption_is_one_line_of_plain_text(name):
    """Oracles: docutils, which the report is made with, and what Jinja begins with."""
    text = (REPORT / f"{name}.rst").read_text()
    assert text.count("\n") == 1
    assert text.endswith(".\n")
    assert text == text.strip() + "\n"
    assert not re.search(r"{[{%#]", text)
    document = publish_doctree(text, settings_overrides={"report_level": 1, "halt_level": 1})
    (paragraph,) = document.children
    assert isinstance(paragraph, nodes.paragraph)
    (plain,) = paragraph.children
    assert isinstance(plain, nodes.Text)
    assert paragraph.rawsource == text.strip()
    assert "  " not in text


def test_captions_are_read_by_their_files_names(tmp_path):
    (tmp_path / "one.rst").write_text("Ünë, of 5 %.\n", encoding="utf-8")
    (tmp_path / "two.rst").write_text("Two.")
    paths = [tmp_path / "two.rst", str(tmp_path / "one.rst")]
    assert tables.read_captions(paths) == {"one": "Ünë, of 5 %.", "two": "Two."}
    assert tables.read_captions([]) == {}


CAPTIONS = tables.read_captions(REPORT / f"{name}.rst" for name in CAPTIONED)


@pytest.mark.parametrize("name", TABLES)
def test_the_same_caption_stands_in_every_format(tmp_path, name):
    paths = [tmp_path / f"{name}.{suffix}" for suffix in ("csv", "md", "tex", "html")]
    tables.write_table(TABLE, paths, CAPTIONS)
    caption = (REPORT / f"{name}.rst").read_text().strip()
    tex, page = (path.read_text() for path in paths[2:])
    (in_page,) = re.findall(r"<h1>(.*)</h1>", page)
    assert html.unescape(in_page) == caption
    (title,) = re.findall(r"<title>(.*)</title>", page)
    assert html.unescape(title) == caption
    (in_latex,) = re.findall(r"\\caption\{(.*)\}$", tex, re.M)
    assert re.sub(r"\\([{}&%$#_])", r"\1", in_latex) == caption  # no other sign stands in one


def test_a_table_without_a_caption_of_its_name_is_told(tmp_path):
    paths = [tmp_path / f"table3.{suffix}" for suffix in ("csv", "html")]
    with pytest.raises(CamsegError) as error:
        tables.write_table(TABLE, paths, {"table1": "One.", "table2": "Two."})
    assert str(error.value) == (f"{paths[0]}: there is no caption table3 among table1, table2")
    assert list(tmp_path.iterdir()) == []


def of_the_layout(*, boxes):
    """What workflow/rules/layout.smk defines in a study of a source whose outlines are boxes."""
    source = Source("VinDr-Mammo", boxes=boxes)
    known = {"SOURCE": source, "Path": Path, "re": re, "beside": str, "multiext": lambda *_: ["x"]}
    known["report"] = lambda path, **shown: shown
    exec((RULES / "layout.smk").read_text(), known)
    return known


@pytest.mark.parametrize("boxes", [False, True])
def test_where_boxes_stand_for_outlines_the_captions_of_all_tables_say_so(tmp_path, boxes):
    layout = of_the_layout(boxes=boxes)
    files = layout["captions"]("heat_maps", "heat_maps_scores")
    assert files[:2] == [
        f"workflow/report/{name}.rst" for name in ("heat_maps", "heat_maps_scores")
    ]
    assert files[2:] == (["workflow/report/boxes.rst"] if boxes else [])
    assert layout["captions"]("versions") == ["workflow/report/versions.rst"]
    assert layout["OF_THE_RUN"] == set(CAPTIONED) - set(TABLES)

    captions = tables.read_captions(ROOT / name for name in files)
    paths = [tmp_path / f"heat_maps.{suffix}" for suffix in ("csv", "md", "tex", "html")]
    tables.write_table(TABLE, paths, captions)
    csv, *shown = (path.read_text() for path in paths)
    assert csv == "Classifier,Dice\nA,0.5\n"
    for text in shown:
        assert ("In this study boxes stand for outlines" in text) == boxes
    said = shown[0].removeprefix(tables.to_markdown(TABLE))
    assert said == (f"\n{captions['boxes']}\n" if boxes else "")


def test_the_report_says_of_every_result_if_boxes_stand_for_outlines():
    for boxes in (False, True):
        layout = of_the_layout(boxes=boxes)
        added = {"outlines": "boxes"} if boxes else {}
        for kind in ("report_table", "report_figure"):
            labels = [
                each["labels"]
                for each in layout[kind]("heat_maps", "3", "Heat maps")
                if isinstance(each, dict)
            ]
            assert labels == [{"result": "Heat maps"} | added]
    # the label has to be there for all, or for none
    assert layout["reported"]("a/runtime.html", "7", "Time")["labels"]["outlines"] == ""


@pytest.mark.parametrize("note", ["", "\nOf boxes.\n"])
def test_the_reports_first_page_shows_a_table_and_what_is_said_below_it(tmp_path, note):
    (tmp_path / "table1.md").write_text(tables.to_markdown(TABLE) + note)
    file = SimpleNamespace(target="table1.html", path=tmp_path / "table1.html")
    macro = re.search(
        r"{% macro table.*?{% endmacro %}", (REPORT / "workflow.rst").read_text(), re.S
    )
    page = Template(f"{macro[0]}{{{{ table('table1.html') }}}}").render(files=[file])
    document = publish_doctree(page, settings_overrides={"report_level": 1, "halt_level": 1})
    cells = [entry.astext() for entry in document.findall(nodes.entry)]
    assert cells == ["Classifier", "Dice", "A", "0.500"]
    assert [each.astext() for each in document.children[1:]] == ([note.strip()] if note else [])
