"""The parts of the documentation that follow from the code, against the code."""

import importlib.util
import json
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import yaml

from project import ROOT, copy_project


def program(name: str) -> ModuleType:
    """A program of docs/, imported."""
    specification = importlib.util.spec_from_file_location(name, ROOT / f"docs/{name}.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


generate, hooks = program("generate"), program("hooks")
STAGES = {Path(file).stem: rules for file, rules in generate.stages().items() if rules}
GENERATED = ["config/README.md", "docs/workflow.md", *(f"docs/{stage}.md" for stage in STAGES)]


@pytest.fixture(scope="module")
def fresh(tmp_path_factory) -> Path:
    """A copy of the project whose generated documentation is written anew."""
    folder = copy_project(tmp_path_factory.mktemp("docs"))
    command = [sys.executable, "docs/generate.py"]
    result = subprocess.run(command, cwd=folder, text=True, capture_output=True, check=False)
    assert result.returncode == 0, result.stderr
    return folder


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """The site of the documentation, built in a copy of the project."""
    folder = copy_project(tmp_path_factory.mktemp("site"))
    command = [Path(sys.executable).with_name("mkdocs"), "build", "--strict"]
    result = subprocess.run(command, cwd=folder, text=True, capture_output=True, check=False)
    assert result.returncode == 0, result.stderr
    return folder / "site"


@pytest.mark.parametrize("name", GENERATED)
def test_generated_parts_are_up_to_date(fresh, name):
    assert (fresh / name).read_text() == (ROOT / name).read_text(), "make docs, and commit"


@pytest.mark.parametrize("name", ["rulegraph.svg", "rules.svg"])
def test_the_drawn_rule_graph_is_up_to_date(fresh, name):
    """Nodes and arrows are compared: every version of graphviz draws them otherwise."""
    if not shutil.which("dot"):
        pytest.skip("graphviz is not installed: the rule graph is not drawn")
    drawn, committed = (
        sorted(re.findall("<title>(.+)</title>", (folder / "docs" / name).read_text()))
        for folder in (fresh, ROOT)
    )
    assert {"train_classifier", "train_classifier&#45;&gt;compute_cams"} <= set(drawn)
    assert drawn == committed, "make docs, and commit"


def test_every_rule_is_in_the_graph_but_those_that_all_does_not_need():
    rules = [name for names in generate.stages().values() for name in names]
    shown = re.findall(r"^        (\w+)$", (ROOT / "docs/workflow.md").read_text(), re.M)
    others = {"render_figure1", "render_retrained", "score_own_maps"}
    others |= {"train_segmenter", "refine_cams", "score_segmenter"}
    others |= {"render_segmentation", "summarise_segmentation", "digest_inputs"}
    assert set(rules) - set(shown) == others


def test_every_rule_is_in_the_table_of_its_stage_with_its_program():
    assert list(STAGES) == [
        *("phantom", "datasets", "rois", "training", "explanations"),
        *("segmentation", "scoring", "audit", "report", "figures", "explorer"),
    ]
    for stage, rules in STAGES.items():
        text = (ROOT / f"workflow/rules/{stage}.smk").read_text()
        assert list(rules) == re.findall(r"^(?:rule|checkpoint) (\w+):", text, re.M)
        rows = re.findall(r"^\| `(\w+)` \| (.+) \| \[(.+)\]", page_of(stage), re.M)
        assert rows == [(rule, makes, f"scripts/{rule}.py") for rule, makes in rules.items()]


def page_of(stage: str) -> str:
    """What the page of a stage has between the comments of its generated part."""
    return (ROOT / f"docs/{stage}.md").read_text().partition("<!-- begin rules")[2]


def test_arrows_that_others_imply_are_left_out():
    chain = list(pairwise("abcdef"))
    assert generate.reduced([*chain, ("a", "c"), ("a", "f"), ("b", "e")]) == chain
    loop = [("a", "b"), ("b", "a"), ("b", "c")]
    assert generate.reduced([("a", "c"), *loop]) == loop
    random = np.random.default_rng(1)
    for _ in range(50):
        edges = [tuple(map(str, sorted(pair))) for pair in random.integers(0, 8, (16, 2))]
        edges = sorted({edge for edge in edges if edge[0] != edge[1]})
        kept = generate.reduced(edges)
        for name in map(str, range(8)):
            assert generate.reached(name, kept) == generate.reached(name, edges)
        for edge in kept:
            others = [other for other in kept if other != edge]
            assert edge[1] not in generate.reached(edge[0], others)


def test_the_table_of_keys_has_every_key_of_the_default_study():
    text = (ROOT / "config/README.md").read_text()
    for key, value in generate.load("config/config.yaml").items():
        for name in [f"{key}: {below}" for below in value] if isinstance(value, dict) else [key]:
            assert f"| `{name}` |" in text
    assert "| `rois: size` | 128 | 224 | pixels" in text
    assert "| `models: head` | gap |" in text


def anchors(path: Path) -> set[str]:
    """The names by which GitHub links to a page's headings."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(), re.M)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


PLACES = (".", "config", "docs", "docs/reference", "benchmarks", "resources/ddsm")
PAGES = [page for place in PLACES for page in (ROOT / place).glob("*.md")]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_links_lead_somewhere(page):
    for link in re.findall(r"\]\(([^)]+)\)", page.read_text()):
        if "://" not in link:
            path, _, anchor = link.partition("#")
            target = page.parent / path if path else page
            assert target.exists(), link
            assert not anchor or anchor in anchors(target), link


def in_nav(entry: object) -> list[str]:
    """The pages below an entry of the site's navigation, in order."""
    if isinstance(entry, str):
        return [entry]
    below = entry.values() if isinstance(entry, dict) else entry
    return [page for each in below for page in in_nav(each)]


def test_every_page_is_in_the_navigation():
    shown = in_nav(yaml.safe_load((ROOT / "mkdocs.yml").read_text())["nav"])
    written = [str(path.relative_to(ROOT / "docs")) for path in (ROOT / "docs").rglob("*.md")]
    assert sorted(shown) == sorted([*written, *hooks.OUTSIDE])
    assert {str(page.relative_to(ROOT)).removeprefix("docs/") for page in PAGES} == set(shown)


def test_the_reference_names_every_module_of_the_library_on_the_page_of_its_package():
    library = ROOT / "scripts/camseg"
    named = [
        (page.stem, module)
        for page in (ROOT / "docs/reference").glob("*.md")
        for module in re.findall(r"^::: (.+)$", page.read_text(), re.M)
    ]
    modules = [
        path.relative_to(library).with_suffix("").parts
        for path in library.rglob("*.py")
        if path.stem != "__init__"
    ]
    expected = [
        (parts[0] if len(parts) > 1 else "camseg", ".".join(("camseg", *parts)))
        for parts in modules
    ]
    assert sorted(named) == sorted(expected)


class Loads(HTMLParser):
    """Notes what a browser loads with a page: not what a reader may click."""

    def __init__(self):
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        if tag == "link" and values.get("rel") not in ("canonical", "next", "prev"):
            self.found.append(values["href"])
        if values.get("src"):
            self.found.append(values["src"])


def test_the_site_loads_nothing_from_another_host(site):
    pages = list(site.rglob("*.html"))
    for page in pages:
        loads = Loads()
        loads.feed(page.read_text())
        assert loads.found
        for link in loads.found:
            assert not re.match(r"(https?:)?//", link), f"{page.name}: {link}"
            if page.name != "404.html":  # whose links start at the host's root
                assert (page.parent / re.sub("[?#].*", "", link)).exists(), f"{page.name}: {link}"
        # Mermaid's graphs would be drawn by a program from another host
        assert not re.search(r'class="[^"]*mermaid', page.read_text()), page.name
    styles = [path.read_text() for path in site.rglob("*.css")]
    assert not re.search(r"(url\(|@import)\s*[\"']?(https?:)?//", "".join(styles))


def test_the_site_has_the_reference_and_pages_from_outside_docs_and_can_be_searched(site):
    docstring = "the mean over t = 0..255 of Dice(mask, cam &gt; t)"
    assert docstring in (site / "reference/scoring.html").read_text()
    index = json.loads((site / "search/search_index.json").read_text())["docs"]
    places = {entry["location"] for entry in index}
    assert "reference/scoring.html#camseg.scoring.dice.mean_dice" in places
    assert {"index.html", "CHANGELOG.html", "config/index.html", "datasets.html"} <= places
    home = (site / "index.html").read_text()
    assert 'href="config/index.html"' in home and 'href="protocol.html"' in home
    assert 'src="rulegraph.svg"' in home
    assert 'src="rules.svg"' in (site / "workflow.html").read_text()
    assert not list(site.rglob("*.py"))
