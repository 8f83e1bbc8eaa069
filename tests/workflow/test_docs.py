"""The parts of the documentation that follow from the code, against the code."""

import importlib.util
import re
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from project import ROOT, copy_project

specification = importlib.util.spec_from_file_location("generate", ROOT / "docs/generate.py")
generate = importlib.util.module_from_spec(specification)
specification.loader.exec_module(generate)


@pytest.fixture(scope="module")
def fresh(tmp_path_factory) -> Path:
    """A copy of the project whose generated documentation is written anew."""
    folder = copy_project(tmp_path_factory.mktemp("docs"))
    command = [sys.executable, "docs/generate.py"]
    result = subprocess.run(command, cwd=folder, text=True, capture_output=True, check=False)
    assert result.returncode == 0, result.stderr
    return folder


@pytest.mark.parametrize("name", ["config/README.md", "docs/workflow.md"])
def test_generated_parts_are_up_to_date(fresh, name):
    assert (fresh / name).read_text() == (ROOT / name).read_text(), "make docs, and commit"


def test_the_drawn_rule_graph_is_up_to_date(fresh):
    """Nodes and arrows are compared: every version of graphviz draws them otherwise."""
    if not shutil.which("dot"):
        pytest.skip("graphviz is not installed: the rule graph is not drawn")
    drawn, committed = (
        sorted(re.findall("<title>(.+)</title>", (folder / "docs/rulegraph.svg").read_text()))
        for folder in (fresh, ROOT)
    )
    assert {"train_classifier", "train_classifier&#45;&gt;compute_cams"} <= set(drawn)
    assert drawn == committed, "make docs, and commit"


def test_every_rule_is_in_the_graph_but_those_that_all_does_not_need():
    rules = [name for names in generate.stages().values() for name in names]
    shown = re.findall(r"^        (\w+)$", (ROOT / "docs/workflow.md").read_text(), re.M)
    assert set(rules) - set(shown) == {"render_figure1"}


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


PAGES = [
    page for place in (".", "config", "docs", "benchmarks") for page in (ROOT / place).glob("*.md")
]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_links_lead_somewhere(page):
    for link in re.findall(r"\]\(([^)]+)\)", page.read_text()):
        if "://" not in link:
            path, _, anchor = link.partition("#")
            target = page.parent / path if path else page
            assert target.exists(), link
            assert not anchor or anchor in anchors(target), link
