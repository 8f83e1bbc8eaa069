"""The crate of a run, against what its profiles require.

roc-validator, which checks these profiles, cannot be installed beside this project's pins (it needs
rich 13); so the required entities of Workflow Run Crate 0.5, of Process Run Crate 0.5 and of
Workflow RO-Crate 1.0, which it extends, are checked one by one.
"""

import hashlib
import json
import zipfile

import pytest

from camseg.errors import CamsegError
from camseg.report import crate, manifest
from recorded import write_record


@pytest.fixture
def study(tmp_path, monkeypatch):
    """The folders of a study's results and of the workflow that made them."""
    monkeypatch.chdir(tmp_path)
    return write_record(tmp_path), tmp_path / "code"


@pytest.fixture
def packed(study, tmp_path):
    """The crate's entities by their `@id`, its context, and the folder that it is unpacked to."""
    count = crate.write(*study, tmp_path / "run.zip")
    with zipfile.ZipFile(tmp_path / "run.zip") as archive:
        archive.extractall(tmp_path / "unpacked")
        assert len(archive.namelist()) == count + 1
    metadata = json.loads((tmp_path / "unpacked/ro-crate-metadata.json").read_text())
    graph = {entity["@id"]: entity for entity in metadata["@graph"]}
    assert len(graph) == len(metadata["@graph"])
    return graph, metadata["@context"], tmp_path / "unpacked"


def ids(value):
    return [each["@id"] for each in (value if isinstance(value, list) else [value])]


def test_it_is_an_ro_crate(packed):
    graph, context, folder = packed
    assert context[0] == "https://w3id.org/ro/crate/1.1/context"
    assert "https://w3id.org/ro/terms/workflow-run/context" in context
    descriptor, root = graph["ro-crate-metadata.json"], graph["./"]
    assert descriptor["about"] == {"@id": "./"}
    assert "https://w3id.org/ro/crate/1.1" in ids(descriptor["conformsTo"])
    assert root["@type"] == "Dataset"
    assert {"name", "description", "datePublished", "license"} <= root.keys()
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert set(ids(root["hasPart"])) == files - {"ro-crate-metadata.json"}
    for name in ids(root["hasPart"]):
        assert "File" in graph[name]["@type"]


def test_every_entity_that_is_referred_to_is_there(packed):
    def references(value):
        if isinstance(value, list):
            return {name for each in value for name in references(each)}
        return {value["@id"]} if isinstance(value, dict) else set()

    graph, _, _ = packed
    found = {name for entity in graph.values() for name in references(list(entity.values()))}
    outside = {name for name in found - graph.keys() if not name.startswith("https://")}
    assert outside == set()


def test_its_main_entity_is_the_workflow(packed):
    graph, _, _ = packed
    workflow = graph[graph["./"]["mainEntity"]["@id"]]
    assert workflow["@id"] == "workflow/Snakefile"
    assert set(workflow["@type"]) == {"File", "SoftwareSourceCode", "ComputationalWorkflow"}
    assert workflow["name"]
    language = graph[workflow["programmingLanguage"]["@id"]]
    assert language["@type"] == "ComputerLanguage"
    assert language["name"] == "Snakemake"
    descriptor = ids(graph["ro-crate-metadata.json"]["conformsTo"])
    assert "https://w3id.org/workflowhub/workflow-ro-crate/1.0" in descriptor


def test_it_conforms_to_the_profiles_of_runs(packed):
    graph, _, _ = packed
    for profile in ("process/0.5", "workflow/0.5"):
        name = f"https://w3id.org/ro/wfrun/{profile}"
        assert name in ids(graph["./"]["conformsTo"])
        assert "CreativeWork" in graph[name]["@type"]


def test_an_action_says_that_the_workflow_made_the_results(packed, study):
    graph, _, _ = packed
    (name,) = ids(graph["./"]["mentions"])
    action = graph[name]
    assert action["@type"] == "CreateAction"
    assert action["instrument"] == {"@id": "workflow/Snakefile"}
    assert action["endTime"] == manifest.read(study[0])["finished"]
    assert action["name"]
    assert {"results/tables/table2.csv", "results/manifest.json"} <= set(ids(action["result"]))
    assert set(ids(action["object"])) == {"results/provenance/configuration.yaml", "#data"}
    (switch,) = ids(action["environment"])
    assert graph[switch] == {
        "@id": switch, "@type": "PropertyValue", "name": "TF_ENABLE_ONEDNN_OPTS", "value": "1"
    }  # fmt: skip


def test_what_it_holds_is_as_recorded_and_pictures_maps_and_networks_are_left_out(packed, study):
    graph, _, folder = packed
    found = manifest.read(study[0])
    for name, each in found["outputs"].items():
        path = folder / "results" / name
        left_out = path.suffix in (".h5", ".keras")
        left_out |= name.startswith(("cases/", "explorer/", "rois/views-"))
        assert path.exists() != left_out, name
        if path.exists():
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            assert digest == each["sha256"] == graph[f"results/{name}"]["sha256"]
    for name in found["code"]["files"]:
        assert (folder / name).read_bytes() == (study[1] / name).read_bytes()


def test_altered_results_and_another_workflow_are_refused(study, tmp_path):
    results, root = study
    path = tmp_path / "run.zip"
    (root / "scripts/draw.py").write_text("another")
    with pytest.raises(CamsegError, match=r"code: 1 files of the workflow are not those that made"):
        crate.write(results, root, path)
    (results / "index.tsv").write_text("another")
    with pytest.raises(CamsegError, match=r"study: 1 files are not as recorded, say index\.tsv"):
        crate.write(results, root, path)
    (results / manifest.NAME).unlink()
    with pytest.raises(CamsegError, match=r"has no manifest\.json"):
        crate.write(results, root, path)
    assert not path.exists()
