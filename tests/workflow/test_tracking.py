"""Which jobs run again when a file of the code is edited."""

import csv
import io
from dataclasses import dataclass
from pathlib import Path

import pytest

from project import ROOT, SMALL, jobs, snakemake

INGESTION = "index_cases extract_rois "
PLACES = "render_figures4_5 "  # figures that read the cases again
READ = PLACES + "shrink_views "
EXPLORER = "shrink_views pack_rois render_explorer "
SAMPLES = PLACES + "render_figure6 "
HEAT_MAPS = "render_figure7 render_figure9 render_figure10 "
IMAGES = SAMPLES + HEAT_MAPS
LEARNING = "render_learning_curve render_learning_curves "
CHARTS = "render_figure8 render_dice_curves summarise_runtime "
AUDIT_CHARTS = "render_locality render_transplant "
SCORING = "score_dice score_baselines score_untrained "
SCORED = SCORING + "measure_leaks "  # what looks up the views that ROIs are cut from
INTERVALS = "render_intervals render_claims render_map_alone render_label_leaks "
STATISTICS = INTERVALS + "render_selection_bias "
RECORDS = "render_candidates render_checklist record_provenance "
AUDITED = "render_sanity render_sensitivity "
TABLES = "render_tables render_heat_maps summarise_runtime "
TABLES += STATISTICS + AUDITED + RECORDS + "render_transplant render_verdicts "
TABLES += "render_architectures render_front_page "
OF_RESULTS = TABLES + HEAT_MAPS + LEARNING + "render_figure8 "
CHECKS = "check_cams measure_sensitivity "
AUDIT = CHECKS + "transplant_regions score_untrained "
MODELS = "train_classifier compute_cams " + AUDIT
EXPLAINED = "compute_cams check_cams measure_sensitivity score_untrained "
EVERY = "make_phantom merge_candidates split_rois probe_cams "
EVERY += INGESTION + MODELS + SCORED + TABLES + IMAGES + CHARTS + LEARNING + AUDIT_CHARTS + EXPLORER

# Stated by hand, module by module of camseg: the rules whose own code it is part of. Figure 1 and
# further explanations are not in the study and left out.
OWN = {
    "__main__": "",
    "cli": EVERY,
    "code": "train_classifier " + EXPLAINED,
    "distances": "make_phantom extract_rois",
    "compiled": "make_phantom " + INGESTION + READ + SCORING + CHECKS,
    "errors": EVERY,
    "named": EXPLORER + "extract_rois index_cases render_candidates render_checklist "
    + (SCORED + MODELS + IMAGES),
    "options": "make_phantom split_rois render_sensitivity probe_cams "
    + (INGESTION + MODELS + SCORED + SAMPLES),
    "seeds": "make_phantom extract_rois split_rois train_classifier compute_cams probe_cams "
    + ("render_explorer " + SCORED + OF_RESULTS + IMAGES + AUDIT),
    "audit.locality": "check_cams",
    "audit.regions": "transplant_regions",
    "audit.sanity": "check_cams",
    "audit.sensitivity": "measure_sensitivity",
    "audit.untrained": "score_untrained transplant_regions",
    "audit.transplant": "transplant_regions",
    "commands.check_ddsm": "",
    "commands.describe": "",
    "commands.crate": "",
    "commands.score": "",
    "commands.verify": "",
    "datasets.annotations": "",
    "datasets.copies": "index_cases",
    "datasets.ddsm_volumes": "",
    "datasets.detection": "",
    "datasets.discovery": INGESTION + READ + "record_provenance",
    "datasets.index": "index_cases",
    "datasets.inputs": "record_provenance",
    "datasets.lists": "",
    "datasets.map_folder": "",
    "datasets.masks": "",
    "datasets.readers": EXPLORER + INGESTION + SAMPLES,
    "datasets.reasons": EXPLORER + "index_cases extract_rois merge_candidates render_candidates "
    + ("render_checklist " + SCORED + SAMPLES),
    "datasets.registry": "",
    "datasets.selection": "index_cases",
    "datasets.shapes": "",
    "datasets.sources.cbis_ddsm": "",
    "datasets.sources.ddsm": INGESTION + READ,
    "datasets.sources.inbreast": "",
    "datasets.sources.mini_mias": "",
    "datasets.sources.cdd_cesm": "",
    "datasets.sources.image_folder": "",
    "datasets.sources.table": "",
    "datasets.sources.vindr_mammo": "",
    "datasets.views": INGESTION + SAMPLES + SCORED + "render_candidates render_checklist "
    + EXPLORER,
    "explanations.absent": "",
    "explanations.at_input": "compute_cams " + AUDIT,
    "explanations.background": "compute_cams " + AUDIT,
    "explanations.compute": EXPLAINED,
    "explanations.explain": "compute_cams " + AUDIT,
    "explanations.full_gradient": "compute_cams " + AUDIT,
    "explanations.imagenet": "",
    "explanations.layers": "compute_cams " + AUDIT,
    "explanations.methods.ablation_cam": "",
    "explanations.methods.cam": "",
    "explanations.methods.eigen_cam": "",
    "explanations.methods.expected_gradients": "",
    "explanations.methods.full_grad": "",
    "explanations.methods.grad_cam": "compute_cams " + AUDIT,
    "explanations.methods.grad_cam_pp": "",
    "explanations.methods.guided_backprop": "",
    "explanations.methods.hires_cam": "",
    "explanations.methods.input_x_gradient": "",
    "explanations.methods.integrated_gradients": "",
    "explanations.methods.kernel_shap": "",
    "explanations.methods.layer_cam": "",
    "explanations.methods.occlusion": "",
    "explanations.methods.rise": "",
    "explanations.methods.saliency": "",
    "explanations.methods.score_cam": "",
    "explanations.methods.smooth_grad": "",
    "explanations.methods.var_grad": "",
    "explanations.methods.xgrad_cam": "",
    "explanations.noise": "",
    "explanations.options": "compute_cams probe_cams render_sensitivity " + SCORED + AUDIT,
    "explanations.parts": EXPLAINED,
    "explanations.perturbed": "compute_cams " + AUDIT,
    "explanations.registry": "",
    "explanations.shares": "compute_cams " + AUDIT,
    "explanations.runs": "compute_cams " + AUDIT,
    "explanations.scaling": "compute_cams probe_cams " + SCORED + AUDIT,
    "explorer.findings": "render_explorer",
    "explorer.packing": EXPLORER,
    "explorer.page": "render_explorer",
    "explorer.pictures": EXPLORER,
    "explorer.shards": "pack_rois render_explorer",
    "figures.architectures": "render_architectures",
    "figures.audits": AUDIT_CHARTS,
    "figures.charts": CHARTS,
    "figures.contact_sheet": "",
    "figures.drawing": IMAGES + LEARNING + AUDIT_CHARTS + "render_architectures",
    "figures.explanations": "",
    "figures.labels": CHARTS + "render_architectures",
    "figures.learning_curves": LEARNING,
    "figures.mammograms": SAMPLES,
    "figures.maps": HEAT_MAPS,
    "figures.panels": HEAT_MAPS + LEARNING,
    "figures.rows": "",
    "figures.segmentation": "",
    "figures.style": IMAGES + CHARTS + LEARNING + AUDIT_CHARTS + "render_architectures",
    "formats.ddsm": "make_phantom " + INGESTION + READ,
    "formats.dicom": "",
    "formats.image_files": "",
    "formats.ljpeg": "make_phantom " + INGESTION + READ,
    "formats.ljpeg_kernels": "make_phantom " + INGESTION + READ,
    "formats.nifti": "",
    "formats.pictures": "make_phantom " + INGESTION + READ,
    "formats.rasters": "",
    "io.checked": EVERY.replace("make_phantom ", ""),
    "io.digests": "record_provenance",
    "io.files": EVERY,
    "io.hdf5": EXPLORER + "extract_rois split_rois probe_cams render_dice_curves render_sanity "
    + ("render_checklist " + INTERVALS + MODELS + SCORED + IMAGES),
    "io.locks": MODELS,
    "io.store": EXPLORER + "extract_rois split_rois probe_cams render_dice_curves render_sanity "
    + ("render_checklist " + INTERVALS + MODELS + SCORED + IMAGES),
    "networks.arithmetic": "train_classifier transplant_regions " + EXPLAINED,
    "networks.backend": MODELS + "record_provenance",
    "networks.classifiers": MODELS,
    "networks.devices": MODELS,
    "networks.machine": "record_provenance",
    "networks.options": MODELS,
    "networks.own": MODELS,
    "networks.registry": MODELS,
    "phantom.cases": "make_phantom",
    "phantom.drawing": "make_phantom",
    "phantom.options": "make_phantom",
    "report.another_outline": "render_heat_maps render_architectures",
    "report.architectures": "render_architectures",
    "report.audits": AUDITED + AUDIT_CHARTS,
    "report.by_class": "render_intervals render_claims render_map_alone render_checklist",
    "report.checklist": "render_checklist",
    "report.claims": "render_claims",
    "report.comparison": "",
    "report.crate": "",
    "report.curves": "render_dice_curves",
    "report.designs": INTERVALS,
    "report.explanations": "",
    "report.facts": "render_checklist",
    "report.facts_of_data": "render_checklist",
    "report.facts_of_models": "render_checklist",
    "report.front_page": "render_front_page",
    "report.front_style": "render_front_page",
    "report.heat_maps": "render_heat_maps render_dice_curves",
    "report.intervals": INTERVALS,
    "report.label_leaks": "render_label_leaks",
    "report.links": "render_tables render_intervals render_candidates render_heat_maps "
    "render_sanity render_verdicts render_front_page",
    "report.manifest": "record_provenance",
    "report.map_alone": "render_map_alone render_claims",
    "report.mimicry": "render_map_alone",
    "report.own_maps": "",
    "report.pages": TABLES,
    "report.provenance": "record_provenance render_checklist",
    "report.rejections": "render_candidates render_checklist",
    "report.results": OF_RESULTS,
    "report.retrained": "",
    "report.runtime": "summarise_runtime record_provenance",
    "report.segmentation": "",
    "report.selection": "render_selection_bias",
    "report.statistics": STATISTICS + "render_heat_maps render_transplant render_architectures",
    "report.summary": "render_front_page",
    "report.tables": TABLES,
    "report.transplants": "render_transplant",
    "report.verdicts": "render_verdicts render_front_page",
    "report.verification": "",
    "rois.boxes": "extract_rois " + SAMPLES,
    "rois.breast": "extract_rois ",
    "rois.candidates": "extract_rois merge_candidates render_candidates render_checklist "
    + (SCORED + SAMPLES + EXPLORER),
    "rois.extraction": "extract_rois ",
    "rois.normals": "extract_rois",
    "rois.lesions": "extract_rois " + SAMPLES,
    "rois.masks": "extract_rois " + SAMPLES,
    "rois.options": "extract_rois split_rois " + SAMPLES,
    "rois.runs": OF_RESULTS,
    "rois.split": "split_rois train_classifier compute_cams probe_cams render_figure9 "
    + ("render_checklist render_explorer " + INTERVALS + SCORED + AUDIT),
    "scoring.baselines": "score_baselines",
    "scoring.dice": SCORING + CHECKS,
    "scoring.distances": SCORING,
    "scoring.grid_limit": "score_dice",
    "scoring.label_leaks": "measure_leaks",
    "scoring.localisation": SCORING,
    "scoring.map_checks": "",
    "scoring.map_files": "",
    "scoring.map_store": "",
    "scoring.origins": EXPLORER + SCORED,
    "scoring.own_maps": "",
    "scoring.resolution": SCORING,
    "scoring.zero_level": "score_dice",
    "scoring.probe": "probe_cams measure_leaks",
    "segmentation.dense_crf": "",
    "segmentation.examples": "",
    "segmentation.options": "",
    "segmentation.outlines": "score_baselines",
    "segmentation.pseudo_masks": "",
    "segmentation.refinement": "",
    "segmentation.registry": "",
    "segmentation.run": "",
    "segmentation.training_rois": "",
    "segmentation.unet": "",
    "study.config": "",
    "study.data_facts": "",
    "study.describe": "",
    "study.own_maps": "",
    "study.proposal": "",
    "study.sample": "",
    "study.trained": "",
    "training.augmentation": "train_classifier",
    "training.checkpoint": "train_classifier",
    "training.examples": "train_classifier",
    "training.filtering": "train_classifier " + HEAT_MAPS,
    "training.filters.blob": "",
    "training.filters.cam": "train_classifier render_figure9",  # of its regime alone, as the others
    "training.filters.cam_alone": "",
    "training.filters.cam_untrained": "",
    "training.filters.gaussian": "",
    "training.filters.inverse": "train_classifier render_figure9",
    "training.filters.inverse_cam": "",
    "training.filters.mask": "train_classifier render_figure9",
    "training.filters.mask_paired": "",
    "training.filters.noise": "",
    "training.filters.original": "train_classifier",
    "training.filters.silhouette": "",
    "training.filters.swapped": "",
    "training.filters.swapped_verdict": "",
    "training.loop": "train_classifier",
    "training.metrics": "train_classifier render_map_alone render_claims render_label_leaks",
    "training.options": "train_classifier",
    "training.registry": TABLES + HEAT_MAPS + CHARTS + LEARNING,
    "training.run": "train_classifier",
    "training.step": "train_classifier",
}  # fmt: skip
# whose filters a regime's training is made of
FILTERS = {
    "original": {"original"},
    "cam": {"cam"},
    "mask": {"mask"},
    "inverse": {"inverse", "mask"},
}


def file_of(module: str) -> str:
    return f"scripts/camseg/{module.replace('.', '/')}.py"


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
    own = {file_of(name): set(rules.split()) for name, rules in OWN.items()}
    rules = {job.rule for job in study_jobs}
    own |= {f"scripts/{rule}.py": {rule} for rule in rules}
    unused = ("render_figure1", "render_explanations", "render_retrained", "score_own_maps")
    unused += ("train_segmenter", "refine_cams", "score_segmenter")
    unused += ("render_segmentation", "summarise_segmentation", "digest_inputs")
    own |= {f"scripts/{rule}.py": set() for rule in unused}
    files = ROOT.glob("scripts/**/*.py")
    code = {str(path.relative_to(ROOT)) for path in files if path.name != "__init__.py"}
    assert code == own.keys(), "state in OWN which rules a new module is part of"
    for job in study_jobs:
        for path in code:
            used = job.rule in own[path]
            if job.rule == "train_classifier" and "/filters/" in path:
                used = Path(path).stem in FILTERS[Path(job.name).parts[4]]
            assert (path in job.inputs) == used, f"{path}, {job.name}"


def plan_with(study: Path, path: str, edit: str = "\n# edited\n") -> dict[str, int]:
    """Return the jobs that are planned in a finished study, by rule, after an edit of a file."""
    before = (study / path).read_text()
    (study / path).write_text(before + edit)
    try:
        counts = jobs(snakemake(study, "-n", "all", config=SMALL))
    finally:
        (study / path).write_text(before)
    counts.pop("all", None)
    return counts


@pytest.mark.slow
@pytest.mark.parametrize(
    ("module", "trainings"),
    [
        ("study.config", 0),
        ("figures.charts", 0),
        ("figures.style", 0),
        ("report.tables", 0),
        ("training.registry", 0),  # the words of a claim retrain nothing
        ("scoring.dice", 0),
        ("explanations.explain", 1),  # of the regime `cam` alone
        ("training.checkpoint", 4),
        ("rois.split", 4),
        ("phantom.cases", 4),
    ],
)
def test_what_an_edited_module_reruns(study, study_jobs, module, trainings):
    counts = plan_with(study, file_of(module))
    assert counts == following(study_jobs, set(OWN[module].split()))
    assert counts.get("train_classifier", 0) == trainings


UNUSED = [module for module, rules in OWN.items() if not rules]


@pytest.mark.slow
@pytest.mark.parametrize("module", UNUSED)
def test_code_that_a_study_does_not_use_outdates_nothing(study, module):
    """Readers of other data, controls that are not run, explanations that are not chosen."""
    assert plan_with(study, file_of(module)) == {}


@pytest.mark.slow
def test_a_filter_that_is_used_retrains_its_regimes_alone(study):
    assert plan_with(study, file_of("training.filters.cam"))["train_classifier"] == 1
    assert plan_with(study, file_of("training.filters.mask"))["train_classifier"] == 2


@pytest.mark.slow
def test_a_new_version_outdates_nothing(study):
    assert plan_with(study, "scripts/camseg/__init__.py") == {}


@pytest.mark.slow
def test_a_caption_rerenders_its_table_and_retrains_nothing(study):
    counts = plan_with(study, "workflow/report/table1.rst", " Edited.")
    assert counts["render_tables"] == 1
    assert not {"train_classifier", "score_dice", "render_claims"} & set(counts)
