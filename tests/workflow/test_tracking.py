"""Which jobs run again when a file of the code is edited."""

import csv
import io
from dataclasses import dataclass

import pytest

from project import ROOT, SMALL, jobs, snakemake

INGESTION = "index_cases extract_rois "
PLACES = "render_figure4 render_figure5 "  # figures that read the cases again
SAMPLES = PLACES + "render_figure6 "
HEAT_MAPS = "render_figure7 render_figure9 render_figure10 "
PICTURES = SAMPLES + HEAT_MAPS
PLOTS = "render_figure8 render_dice_curves render_learning_curve summarise_runtime "
SCORING = "score_dice score_baselines "
STATISTICS = "render_intervals render_claims render_selection_bias "
RECORDS = "render_candidates record_provenance "
AUDITED = "render_sanity render_sensitivity "
TABLES = "render_tables render_heat_maps summarise_runtime " + STATISTICS + AUDITED + RECORDS
AUDIT = "check_cams measure_sensitivity "
MODELS = "train_classifier compute_cams " + AUDIT
EVERY = "make_phantom merge_candidates split_rois "
EVERY += INGESTION + MODELS + SCORING + TABLES + PICTURES + PLOTS

# Stated by hand, module by module of camseg: the rules whose own code it is part of. Figure 1 is
# not in the study and left out.
OWN = {
    "__init__": EVERY,
    "audit": AUDITED,
    "augmentation": "train_classifier",
    "baselines": "score_baselines",
    "cam": "compute_cams " + AUDIT,
    "cam_pictures": HEAT_MAPS,
    "candidates": "extract_rois merge_candidates render_candidates " + SAMPLES,
    "cbis_ddsm": INGESTION + SAMPLES,
    "checked_files": EVERY.replace("make_phantom ", ""),
    "checkpoint": "train_classifier",
    "claims": "render_claims",
    "classifiers": MODELS,
    "cli": EVERY,
    "collection": INGESTION + SAMPLES,
    "config": "",
    "controls": "train_classifier " + HEAT_MAPS,
    "ddsm": "make_phantom " + INGESTION + SAMPLES,
    "ddsm_cases": INGESTION + SAMPLES,
    "dice": SCORING + AUDIT,
    "discovery": INGESTION + SAMPLES + "render_candidates",
    "drawing": PICTURES,
    "errors": EVERY,
    "evaluation": "train_classifier",
    "extraction": "extract_rois " + SAMPLES,
    "figures": PICTURES + PLOTS,
    "files": EVERY,
    "filters": "train_classifier " + HEAT_MAPS,
    "gpus": MODELS,
    "grid_limit": "score_dice",
    "hdf5": "extract_rois split_rois render_dice_curves render_sanity "
    + (MODELS + SCORING + PICTURES),
    "heat_map_tables": "render_heat_maps render_dice_curves",
    "heatmaps": "compute_cams " + SCORING + AUDIT,
    "imagenet": "",
    "index": "index_cases",
    "intervals": STATISTICS,
    "ljpeg": "make_phantom " + INGESTION + SAMPLES,
    "ljpeg_kernels": "make_phantom " + INGESTION + SAMPLES,
    "localisation": SCORING,
    "networks": MODELS,
    "pages": TABLES,
    "phantom": "make_phantom",
    "phantom_drawing": "make_phantom",
    "picture_files": INGESTION + SAMPLES,
    "picture_table": INGESTION + SAMPLES,
    "pictures": SAMPLES,
    "provenance": "record_provenance",
    "readers": INGESTION + SAMPLES,
    "regimes": "train_classifier " + HEAT_MAPS,
    "rejections": "render_candidates",
    "results": TABLES + PICTURES + PLOTS,
    "roi": "extract_rois " + SAMPLES,
    "runtime": "summarise_runtime",
    "sanity": "check_cams",
    "seeds": "make_phantom extract_rois split_rois train_classifier "
    + (SCORING + STATISTICS + PICTURES + AUDIT),
    "selection": "index_cases",
    "sensitivity": "measure_sensitivity",
    "settings": "train_classifier",
    "sources": "train_classifier",
    "split": "split_rois train_classifier render_claims render_figure9 " + SCORING + AUDIT,
    "statistics": STATISTICS,
    "step": "train_classifier",
    "store": "extract_rois split_rois render_dice_curves render_sanity "
    + (MODELS + SCORING + PICTURES),
    "tables": TABLES,
    "training": "train_classifier",
    "views": INGESTION + SAMPLES + "render_candidates",
}  # fmt: skip


@dataclass
class Job:
    """A job of the study; `name` is its log's."""

    rule: str
    name: str
    inputs: set[str]
    outputs: set[str]


@pytest.fixture(scope="module")
def study_jobs(study) -> list[Job]:
    """All jobs of the study, as Snakemake lists them."""
    listed = snakemake(study, "--detailed-summary", "all", config=SMALL)
    assert listed.returncode == 0, listed.stderr
    found = {}
    for row in csv.DictReader(io.StringIO(listed.stdout), delimiter="\t"):
        name, inputs = row["log-file(s)"], set(row["input-file(s)"].split(","))
        job = found.setdefault(name, Job(row["rule"], name, inputs, set()))
        job.outputs.add(row["output_file"])
    return list(found.values())


def following(study_jobs: list[Job], rules: set[str]) -> dict[str, int]:
    """Return the jobs of `rules` and all that follow from them, counted by rule."""
    chosen = {job.name for job in study_jobs if job.rule in rules}
    while True:
        made = {path for job in study_jobs if job.name in chosen for path in job.outputs}
        further = {job.name for job in study_jobs if job.inputs & made} - chosen
        if not further:
            names = [job.rule for job in study_jobs if job.name in chosen]
            return {rule: names.count(rule) for rule in names}
        chosen |= further


def test_every_module_and_every_script_is_an_input_of_the_rules_it_belongs_to(study_jobs):
    own = {f"scripts/camseg/{name}.py": set(rules.split()) for name, rules in OWN.items()}
    rules = {job.rule for job in study_jobs}
    own |= {f"scripts/{rule}.py": {rule} for rule in rules} | {"scripts/render_figure1.py": set()}
    code = {str(path.relative_to(ROOT)) for path in ROOT.glob("scripts/**/*.py")}
    assert code == own.keys(), "state in OWN which rules a new module is part of"
    for job in study_jobs:
        for path in code:
            assert (path in job.inputs) == (job.rule in own[path]), f"{path}, {job.name}"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("module", "trainings"),
    [
        ("config", 0),
        ("figures", 0),
        ("tables", 0),
        ("dice", 0),
        ("cam", 1),  # of the regime `cam` alone
        ("checkpoint", 4),
        ("split", 4),
        ("phantom", 4),
    ],
)
def test_what_an_edited_module_reruns(study, study_jobs, module, trainings):
    path = study / f"scripts/camseg/{module}.py"
    before = path.read_text()
    path.write_text(before + "\n# edited\n")
    try:
        planned = snakemake(study, "-n", "all", config=SMALL)
    finally:
        path.write_text(before)
    counts = jobs(planned)
    counts.pop("all", None)
    assert counts == following(study_jobs, set(OWN[module].split()))
    assert counts.get("train_classifier", 0) == trainings
