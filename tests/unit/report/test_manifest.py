import hashlib
import json

import pytest

from camseg.errors import CamsegError
from camseg.report import manifest
from camseg.seeds import derive_seed
from recorded import CONFIGURATION, MACHINE, write_record


@pytest.fixture
def results(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return write_record(tmp_path)


def test_it_counts_every_outcome_and_neither_logs_states_nor_hidden_files(results):
    found = manifest.read(results)
    assert list(found["outputs"]) == [
        "cases/a.LJPEG",
        "explorer/index.html",
        "index.tsv",
        "provenance/configuration.yaml",
        "rois/candidates.tsv",
        "rois/shard-0.h5",
        "rois/views-0.json",
        "splits/split-0.tsv",
        "tables/counts.csv",
        "tables/table2.csv",
        "training/original/Xception/split-0/model.keras",
    ]
    digest = hashlib.sha256(b"pictures").hexdigest()
    assert found["outputs"]["rois/shard-0.h5"] == {"bytes": 8, "sha256": digest}
    manifest.write(results / manifest.NAME, found)
    assert manifest.NAME not in {path.name for path in manifest.outcomes(results)}


def test_it_says_what_made_the_results(results):
    found = manifest.read(results)
    assert found["configuration"]["values"] == CONFIGURATION
    assert found["seeds"] == {"seed": 4, "runs": {"0": 4, "0-seed-1": derive_seed(4, "run", 1)}}
    assert found["machine"] == MACHINE
    assert found["packages"]["numpy"]
    assert list(found["code"]["files"]) == [
        *("LICENSE", "Snakefile", "config/config.yaml", "scripts/draw.py", "workflow/Snakefile"),
    ]
    assert (found["code"]["commit"], found["code"]["dirty"]) == (None, None)
    assert list(found["inputs"]["data"]["files"]) == ["a.png"]
    assert list(found["inputs"]["given"]) == ["data/weights.h5"]
    assert found["timings"][0]["jobs"] == 3


def test_a_hash_of_the_configuration_is_of_its_values_not_their_order():
    turned = dict(reversed(CONFIGURATION.items()))
    assert manifest.digest_of_values(turned) == manifest.digest_of_values(CONFIGURATION)
    assert manifest.digest_of_values(CONFIGURATION | {"seed": 5}) != manifest.digest_of_values(
        CONFIGURATION
    )


def test_a_study_without_a_record_and_a_broken_one_are_one_line(results):
    path = results / manifest.NAME
    values = json.loads(path.read_text())
    path.write_text(path.read_text()[:-9])
    with pytest.raises(CamsegError, match=r"manifest\.json: is no whole JSON file"):
        manifest.read(results)
    for name in ("outputs", "schema"):
        path.write_text(json.dumps({key: value for key, value in values.items() if key != name}))
        with pytest.raises(CamsegError, match=rf"manifest\.json: has no {name}; remove the file"):
            manifest.read(results)
    path.unlink()
    with pytest.raises(CamsegError, match=r"study: has no manifest\.json: the target all"):
        manifest.read(results)


@pytest.mark.parametrize(
    ("commit", "dirty", "told"),
    [
        ("0123456789abcdef", False, "camseg v1, commit 0123456789; finished "),
        ("0123456789abcdef", True, "camseg v1, commit 0123456789, edited since; "),
        (None, None, "camseg v1, edits not known; "),
    ],
)
def test_a_record_in_a_line(results, commit, dirty, told):
    found = manifest.read(results)
    found["code"] |= {"version": "v1", "commit": commit, "dirty": dirty}
    line = manifest.told(found)
    assert line.startswith(told)
    assert line.endswith("; Some Processor, rounding abababab")
