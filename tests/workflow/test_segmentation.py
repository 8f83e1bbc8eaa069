"""Segmentation beside the CAMs, through the workflow."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from camseg.segmentation.registry import METHODS
from project import SMALL, copy_project, jobs, snakemake

SCORES = "results/phantom/segmentation/scores/{}/split-0.tsv"
WEAK = ["pseudo_masks", "pseudo_masks_again", "grab_cut", "crf", "random_walker"]
OF_STUDY = ("train_segmenter", "refine_cams", "score_segmenter", "render_segmentation")


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    return copy_project(tmp_path_factory.mktemp("project"))


def test_a_study_without_methods_plans_none_of_it(project):
    counts = jobs(snakemake(project, "-n", "all"))
    assert not set(counts) & {*OF_STUDY, "summarise_segmentation"}


def test_methods_bring_their_jobs_along_and_train_no_classifier(project):
    section = {"methods": list(METHODS), "outlines": [5, 9], "models": ["Xception", "MobileNetV2"]}
    before = jobs(snakemake(project, "-n", "all"))
    after = jobs(snakemake(project, "-n", "all", config={"segmentation": section}))
    added = {rule: count - before.get(rule, 0) for rule, count in after.items() if rule != "all"}
    assert {rule: count for rule, count in added.items() if count} == {
        "train_segmenter": 1 + 2 + 2 * 4,
        "refine_cams": 2 * 3,
        "score_segmenter": 2 + 1 + 2 + 2 * 4 + 2 * 3,
        "render_segmentation": 1,
        "summarise_segmentation": 1,
    }


def test_any_segmenter_can_be_asked_for(project):
    """With what it takes: the CAMs of its model, or the maps of the U-Net before."""
    needs = {
        "unet": {"train_segmenter": 1},
        "few_outlines-7": {"train_segmenter": 1},
        "pseudo_masks_again-Xception": {
            **{"train_segmenter": 2, "train_classifier": 1, "compute_cams": 1}
        },
        "crf-Xception": {"refine_cams": 1, "train_classifier": 1, "compute_cams": 1},
        "cam-Xception": {"train_classifier": 1, "compute_cams": 1},
    }
    for name, expected in needs.items():
        counts = jobs(snakemake(project, "-n", SCORES.format(name)))
        found = {rule: counts.get(rule, 0) for rule in (*OF_STUDY[:2], *needs["cam-Xception"])}
        assert {rule: count for rule, count in found.items() if count} == expected, name
    planned = snakemake(project, "-n", SCORES.format("few_outlines-0"))
    assert "MissingRuleException" in planned.stdout


@pytest.mark.slow
def test_methods_beside_each_other(finished_study, tmp_path):
    """The CAM's row is what score_dice says of the same ROIs; nothing is made twice."""
    study = shutil.copytree(finished_study, tmp_path / "study", symlinks=True)
    results = study / "results/phantom"
    section = {"methods": list(METHODS), "outlines": [3], "steps": 4, "width": 2}
    config = {**SMALL, "segmentation": section}
    result = snakemake(study, "--cores", "2", "all", config=config)
    assert result.returncode == 0, result.stdout + result.stderr
    planned = snakemake(study, "-n", "all", config=config)
    assert "Nothing to be done" in planned.stdout + planned.stderr

    table = pd.read_csv(results / "tables/segmentation.csv")
    scored = pd.read_csv(results / "dice/grad_cam/MobileNetV2/split-0.tsv", sep="\t")
    lesions = scored[(scored["side"] == "validation") & (scored["label"] == "abnormal")]
    (cam,) = table[table["method"] == "CAM"].to_dict("records")
    assert cam["Classifier"] == "MobileNetV2"
    assert cam["Dice"] == pytest.approx(lesions["dice"].mean(), abs=1e-5)
    assert cam["n"] == len(lesions)
    titles = [method.title for name, method in METHODS.items() if name != "few_outlines"]
    assert set(table["method"]) >= {"CAM", *titles, "mean training mask"}
    (few,) = table[table["data"] == "3 outlines"].to_dict("records")
    (every,) = table[(table["method"] == "U-Net") & (table["data"] == "all outlines")].to_dict(
        "records"
    )
    training = scored[(scored["side"] == "train") & (scored["label"] == "abnormal")]
    assert (few["outlines"], every["outlines"]) == (3, len(training))
    assert (table["outlines"][table["data"] == "labels"] == 0).all()

    for name in (*(f"{method}-MobileNetV2" for method in WEAK), "unet", "few_outlines-3"):
        scores = pd.read_csv(study / SCORES.format(name), sep="\t")
        assert scores["false_positive_share"].notna().sum() == (scores["label"] == "normal").sum()
        assert (results / f"segmentation/{name}/split-0/maps.h5").exists()
    metrics = json.loads((results / "segmentation/few_outlines-3/split-0/metrics.json").read_text())
    assert (metrics["outlines"], metrics["normal"], metrics["epoch"]) == (3, 3, 4)
    for figure in ("segmentation", "segmentation_outlines", "segmentation_rois"):
        assert (results / f"figures/{figure}.png").stat().st_size > 10_000
    cost = pd.read_csv(results / "runtime/segmentation_seconds.csv").set_index("segmenter")
    assert cost.loc["unet", "seconds"] > 0
    assert set(cost.index) == {
        *("unet", "few_outlines-3", "fused-MobileNetV2", "fused_shuffled-MobileNetV2"),
        *(f"{method}-MobileNetV2" for method in WEAK),
    }
    stages = pd.read_csv(results / "runtime/runtime.csv", index_col="stage")["jobs"]
    assert (stages["train_segmenter"], stages["refine_cams"]) == (6, 3)
