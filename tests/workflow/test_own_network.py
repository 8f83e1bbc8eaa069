"""A study with a network of the user's own: the example of docs/training.md."""

import csv
import io
import re
import shutil
from pathlib import Path

import keras
import numpy as np
import pandas as pd
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


NONE = {"name": "None", "network": "networks/none.py:build"}
GIVEN = {"name": "Given", "network": "MobileNetV2", "trained": "given.keras"}


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        (NONE, "config: models: None: there is no file networks/none.py"),
        (GIVEN | {"trained": "no.keras"}, "config: models: Given: trained: there is no file no.ke"),
        (GIVEN | {"trained": FILE}, f"Given: trained: {FILE}: is no model as Keras 3 saves it"),
        ({"name": "Small", "network": f"{FILE}:bild"}, "has no function bild; did you mean build?"),
    ],
)
def test_a_dry_run_tells_what_is_wrong_in_one_line(project, entry, fault):
    config = CONFIG | {"models": [entry], "regimes": {"mask": [], "inverse": []}}
    result = snakemake(project, "-n", "all", config=config)
    assert result.returncode != 0
    assert fault in result.stdout
    assert "Traceback" not in result.stdout + result.stderr


@pytest.mark.slow
def test_a_study_with_both_and_a_classifier_trained_elsewhere_runs(project):
    """`Given` is scored as it is, and retrained as the network that it is."""
    given = classifiers.build("MobileNetV2", size=64, batchnorm_momentum=0.8, name="somebodys")
    given.save(project / "given.keras")
    names = ["Small-dense", "Small", "Given"]
    config = CONFIG | {
        "models": [*CONFIG["models"][:2], GIVEN],
        "regimes": {"cam": ["Small", "Given"], "mask": [], "inverse": []},
    }
    result = snakemake(project, "--cores", "2", "all", config=config)
    assert result.returncode == 0, result.stdout + result.stderr
    assert jobs(snakemake(project, "-n", "all", config=config)) == {}
    results = project / "results/phantom"
    with (results / "tables/table2.csv").open() as file:
        rows = {row["Classifier"]: row for row in csv.DictReader(file)}
    assert sorted(rows) == sorted(names)
    with (results / "tables/selection_bias.csv").open() as file:
        bias = {(row["regime"], row["Classifier"]): row for row in csv.DictReader(file)}
    assert {key for key, row in bias.items() if row["chosen_on"] == "nothing"} == {
        ("original", "Given")
    }
    model = keras.models.load_model(results / "training/original/Given/split-0/model.keras")
    for one, other in zip(model.get_weights(), given.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    table = pd.read_csv(results / "training/original/Given/split-0/predictions.tsv", sep="\t")
    table = table[table["side"] == "validation"]
    accuracy = ((table["probability"] > 0.5) == (table["label"] == "abnormal")).mean()
    assert float(rows["Given"]["val_acc"]) == pytest.approx(accuracy, abs=5e-4)
    # another network than the file's is not retrained in its place
    other = GIVEN | {"head": "gap_dense", "widths": [4]}
    config = config | {"models": [*CONFIG["models"][:2], other]}
    result = snakemake(project, "--cores", "2", "all", config=config)
    assert result.returncode != 0
    log = results / "logs/train_classifier/cam/Given/split-0.log"
    assert "given.keras: is another network than MobileNetV2 with the head gap_d" in log.read_text()
