"""Machines that lack something, or are set otherwise: the results are any other's, to the byte."""

import errno
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import drills

# they read HDF5 files, run compiled code, and train and explain a network
RULES = ("make_phantom", "extract_rois", "train_classifier", "compute_cams", "score_dice")
OTHER_KERAS = {"floatx": "float16", "image_data_format": "channels_first", "backend": "jax"}


@pytest.fixture(scope="module")
def stages(study) -> dict[str, drills.Stage]:
    return drills.stages(study)


@pytest.fixture
def same_results(study, stages, tmp_path, monkeypatch) -> Callable[[], None]:
    """The function that runs the stages again on this machine, and compares what they write."""
    monkeypatch.chdir(study)

    def check() -> None:
        for rule in RULES:
            stage = stages[rule]
            assert drills.run_apart(stage.writing_to(tmp_path / "made")) == "", rule
        made = drills.files_below(tmp_path / "made")
        expected = drills.files_below(study)
        assert {Path(name).suffix for name in made} >= {".LJPEG", ".h5", ".keras", ".tsv", ".csv"}
        for name, data in made.items():
            assert data == expected[name] or name.endswith(".keras"), name

    return check


@pytest.mark.slow
def test_a_file_system_without_locks(same_results, no_locks, monkeypatch):
    for name, value in no_locks(errno.ENOLCK).items():
        monkeypatch.setenv(name, value)
    same_results()


@pytest.mark.slow
def test_a_container_without_a_home_and_with_read_only_code(same_results, study, monkeypatch):
    monkeypatch.setenv("HOME", "/dev/null")
    for name in [name for name in os.environ if "CACHE" in name]:
        monkeypatch.delenv(name)
    places = [each.parent / "__pycache__" for each in study.glob("scripts/camseg/**/__init__.py")]
    for place in places:
        shutil.rmtree(place, ignore_errors=True)
        place.touch()  # no folder can be made there, not even by root
    try:
        same_results()
    finally:
        for place in places:
            place.unlink()


@pytest.mark.slow
def test_a_user_whose_keras_is_set_otherwise(same_results, tmp_path, monkeypatch):
    (tmp_path / "keras.json").write_text(json.dumps(OTHER_KERAS))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    same_results()
