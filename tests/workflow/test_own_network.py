"""A study with a network of the user's own: the example of docs/training.md."""

import csv
import io
import re
import shutil
from pathlib import Path

import pytest
import yaml

from camseg.networks import classifiers
from project import ROOT, SMALL, copy_project, jobs, snakemake

FILE = "networks/small.py"


def example(language: str) -> str:
    section = (ROOT / "docs/training.md").read_text().partition("## Your own network\n")[2]
    return re.findall(rf"```{language}\n(.+?)```", section, re.S)[0]


MODELS = yaml.safe_load(example("yaml"))["models"]
CONFIG = SMALL | {"models": MODELS[::-1], "regimes": {"mask": ["Small"], "inverse": []}}


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    folder = copy_project(tmp_path_factory.mktemp("own-network"))
    (folder / FILE).parent.mkdir()
    (folder / FILE).write_text(example("python"))
    return folder


def test_the_examples_network_is_what_it_says(project):
    network = f"{project / FILE}:build"
    model = classifiers.build(network, size=128, batchnorm_momentum=0.8)
    assert model.get_layer("pool").input.shape == (None, 8, 8, 64)


def test_an_edit_repeats_the_jobs_of_its_models_and_of_no_others(project):
    """Of a study whose files are there, if empty, and taken for made."""
    listed = snakemake(project, "--detailed-summary", "all", config=CONFIG)
    for row in csv.DictReader(io.StringIO(listed.stdout), delimiter="\t"):
        path = project / row["output_file"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert snakemake(project, "--touch", "--cores", "1", "all", config=CONFIG).returncode == 0
    assert jobs(snakemake(project, "-n", "all", config=CONFIG)) == {}
    before = (project / FILE).read_text()
    (project / FILE).write_text(before + "\n# edited\n")
    planned = snakemake(project, "-n", "all", config=CONFIG)
    (project / FILE).write_text(before)
    shutil.rmtree(project / "results")
    counts = jobs(planned)
    assert counts["train_classifier"] == 5  # original and cam of both, mask of one
    assert (counts["compute_cams"], counts["check_cams"]) == (2, 2)
    example = ("measure_sensitivity", "transplant_regions", "score_untrained")
    assert [counts[rule] for rule in example] == [1, 1, 1]
    assert "Training Small on mask ROIs" in planned.stdout
    assert re.findall(r"^Job \d+: .*MobileNetV2", planned.stdout, re.M) == []
    assert not {"make_phantom", "extract_rois", "split_rois", "score_baselines"} & set(counts)


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        (None, "config: models: Small: there is no file networks/none.py"),
        (
            "def bild(size): pass",
            "Small: networks/none.py: has no function build; did you mean bil",
        ),
    ],
)
def test_a_dry_run_tells_what_is_wrong_in_one_line(project, code, fault):
    if code:
        (project / "networks/none.py").write_text(code)
    models = [{"name": "Small", "network": "networks/none.py:build"}]
    config = CONFIG | {"models": models}
    result = snakemake(project, "-n", "all", config=config)
    assert result.returncode != 0
    assert fault in result.stdout
    assert "Traceback" not in result.stdout + result.stderr


@pytest.mark.slow
def test_a_study_with_it_runs(project):
    result = snakemake(project, "--cores", "2", "all", config=CONFIG)
    assert result.returncode == 0, result.stdout + result.stderr
    tables = project / "results/phantom/tables"
    rows = list(csv.DictReader((tables / "table2.csv").open()))
    assert [row["Classifier"] for row in rows] == ["Small-dense", "Small", "MobileNetV2"]
    assert jobs(snakemake(project, "-n", "all", config=CONFIG)) == {}
