"""A study of boxes says so wherever it shows a score, one of phantoms in every picture."""

import re

import pytest

from project import copy_project, snakemake


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = copy_project(tmp_path_factory.mktemp("boxes"))
    (folder / "vindr").mkdir()
    (folder / "vindr/finding_annotations.csv").write_text("")
    return folder


def test_all_tables_of_boxes_and_no_others_have_the_caption_that_says_so(project):
    data = {"dataset": {"source": "vindr_mammo", "path": "vindr"}}
    for config, boxes in ((data, True), ({}, False)):
        result = snakemake(project, "-n", "-p", "--cores", "1", "all", config=config)
        assert result.returncode == 0, result.stderr
        shown = result.stdout + result.stderr
        commands = re.findall(r"python (scripts/\S+) .*--captions (.*)", shown)
        scripts = [script.rpartition("/")[2] for script, _ in commands]
        assert len(scripts) > 10
        told = {
            script
            for script, (_, files) in zip(scripts, commands, strict=True)
            if "workflow/report/boxes.rst" in files
        }
        of_the_run = {"record_provenance.py", "summarise_runtime.py", "summarise_segmentation.py"}
        assert told == (set(scripts) - of_the_run if boxes else set())
        (figure8,) = re.findall(r"python scripts/render_figure8.py .*", shown)
        assert ("--boxes" in figure8) == boxes
        drawn = re.findall(r"python scripts/(\S+)\.py (.*\.png .*)", shown)
        note = "Boxes stand for the lesions' outlines" if boxes else "Synthetic images"
        noted = {script for script, words in drawn if note in words.replace("'\"'\"'", "'")}
        assert noted == {script for script, _ in drawn} - (
            {"summarise_runtime"} if boxes else set()
        )
        assert len(noted) > 10
