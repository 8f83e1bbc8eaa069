"""What a citation of the software needs, in CITATION.cff and .zenodo.json, and that they agree."""

import datetime
import json

import pytest
import yaml

import camseg
from project import ROOT


@pytest.fixture(scope="module")
def citation() -> dict:
    return yaml.safe_load((ROOT / "CITATION.cff").read_text())


def test_a_citation_has_what_converters_print(citation):
    """cffconvert takes the year from date-released; 1.2.0 requires the other four."""
    assert {"cff-version", "message", "title", "authors"} <= citation.keys()
    assert citation["cff-version"] == "1.2.0"
    assert citation["version"] == camseg.__version__
    assert datetime.date.fromisoformat(citation["date-released"]).year >= 2026
    assert citation["license"] == "MIT"
    paper = citation["preferred-citation"]
    assert (paper["year"], paper["authors"][0]["family-names"]) == (2021, "Guan")


def test_zenodo_is_told_the_same(citation):
    told = json.loads((ROOT / ".zenodo.json").read_text())
    for name in ("title", "version", "license", "keywords"):
        assert told[name] == citation[name]
    assert [each["name"] for each in told["creators"]] == [
        each["name"] for each in citation["authors"]
    ]
    (paper,) = told["related_identifiers"]
    assert paper["identifier"] == citation["preferred-citation"]["identifiers"][0]["value"]
    assert told["upload_type"] == "software"
