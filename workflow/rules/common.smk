# What the rules need of the study's configuration, and the helpers they share; no rule stands here.
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from dataclasses import asdict

import yaml
from snakemake.exceptions import WorkflowError
from snakemake.utils import validate


def checkout(source, folder):
    """A copy of a workflow that another one uses from a git repository, say by github(...).

    Its scripts have to lie on the disk. The copy is made anew only for another commit.
    """
    repository = source.repo_path if source.is_local else source.hosted_repo.repo_clone
    git = ["git", "-C", str(repository)]
    commit = subprocess.check_output([*git, "rev-parse", f"{source.ref}^{{commit}}"], text=True)
    if not folder.exists() or (folder / ".commit").read_text() != commit:
        new = folder.with_name(f"{folder.name}.tmp-{os.getpid()}")
        archive = subprocess.check_output([*git, "archive", commit.strip()])
        with tarfile.open(fileobj=io.BytesIO(archive)) as files:
            files.extractall(new, filter="data")
        (new / ".commit").write_text(commit)
        shutil.rmtree(folder, ignore_errors=True)
        new.rename(folder)  # a folder of this name is whole
    return folder


HERE = workflow.current_basedir
HOSTED = hasattr(HERE, "ref")  # in a git repository
ROOT = checkout(HERE, Path.cwd() / ".snakemake/camseg") if HOSTED else Path(HERE).parents[1]
sys.path.insert(0, str(ROOT / "scripts"))
from camseg.code import code_of
from camseg.datasets import map_folder
from camseg.datasets import registry as datasets
from camseg.datasets.selection import GreyOptions, Selection
from camseg.errors import CamsegError
from camseg.explanations.options import CamOptions, Enlargement, MapOptions
from camseg.explanations.registry import EXPLANATIONS
from camseg.networks.options import BatchOptions, ClassifierOptions
from camseg.options import to_arguments
from camseg.phantom.options import PhantomOptions
from camseg.rois import runs
from camseg.rois.options import RoiOptions, SplitOptions
from camseg.segmentation import registry as segmentation
from camseg.segmentation.options import SegmentationOptions
from camseg.study.config import check_schema, check_study, entries
from camseg.training.options import ExecutionOptions, StepOptions, TrainingOptions
from camseg.training.registry import REGIMES as KNOWN_REGIMES

# `python` in a rule's shell command is the one that runs Snakemake, or that of the rule's
# conda environment, which is activated after this
os.environ |= {"PATH": os.pathsep.join([str(Path(sys.executable).parent), *os.get_exec_path()])}

SCHEMA = ROOT / "workflow/schemas/config.schema.yaml"

try:
    check_schema(config, SCHEMA)
    validate(config, SCHEMA)  # sets the defaults of what is left out
    # Snakemake compares parameters as text: the order that keys are given in must not count
    for key, section in config.items():
        if isinstance(section, dict):
            config[key] = dict(sorted(section.items()))
    check_study(config)
    MODELS = entries(config)
except CamsegError as error:
    raise WorkflowError(error)

SOURCE = datasets.SOURCES[config["dataset"]["source"]]
BRINGS_MAPS = not SOURCE.reader


def no_cases(wildcards):
    """The input function of cases where the source has none."""
    raise WorkflowError(
        "config: dataset.source: maps has no cases; what it makes is the target all"
    )


def no_maps(wildcards):
    """The input function of heat maps of one's own where the source has none."""
    raise WorkflowError("config: dataset.source: set it to maps, and path to their folder")


def maps_in(folder):
    """The files of the heat maps, masks and images in a folder."""
    try:
        files = list(map(str, map_folder.find(Path(folder)).files()))
    except CamsegError as error:
        raise WorkflowError(error)
    for path in files:
        if set(path) & set("{}<>") or not path.isprintable():
            raise WorkflowError(
                f"{path!a}: a name must not hold braces, angle brackets or control characters in "
                "a study: rename it, or use camseg score"
            )
    return files


OWN_MAPS = maps_in(config["dataset"]["path"]) if BRINGS_MAPS else no_maps
# what stands below every figure, as an option of the scripts
NOTE = ["--note", SOURCE.note] if SOURCE.note else []
CASES = config["dataset"]["path"] if SOURCE.path else "<results>/cases"
# what of the data a record counts: phantoms are results themselves
DIGESTS = "<results>/provenance/inputs.tsv" if SOURCE.path else []
# whether ROIs are cut from pictures without a lesion
NORMAL_IMAGES = SOURCE.whole or config["rois"]["normal"] == "other_images"
READER = f"camseg.datasets.sources.{SOURCE.reader}"
if BRINGS_MAPS:
    CASES, READER = no_cases, ""
# the splits, each once per seed, as paths name them
SPLITS = runs.names(config["splits"], config["seeds"])
# what else the configuration names: code, weights and trained classifiers of the user
GIVEN_FILES = [
    path
    for entry in MODELS.values()
    for path in (entry.code_file, entry.weights_file, entry.trained)
    if path
]
EXPLANATION = config["cam"]["explanation"]
ALSO = config["cam"]["also"]
METHODS = [EXPLANATION, *ALSO]
# whose maps are checked in one job
QUICK = [method for method in METHODS if not EXPLANATIONS[method].costly] or METHODS[:1]
RETRAIN = config["cam"]["retrain"]
# what an explanation's name ends with if the network explained has random weights
UNTRAINED = "_untrained"
REGIMES = {
    "original": list(MODELS),
    **{
        regime: list(MODELS) if models == "all" else models
        for regime, models in config["regimes"].items()
    },
}
# those on maps, once more on the maps of each method of RETRAIN: named REGIME-METHOD
RETRAINED = {
    f"{regime}-{method}": models
    for method in RETRAIN
    for regime, models in REGIMES.items()
    if "cams" in KNOWN_REGIMES[regime].needs
}
# the split and the model shown where one stands for all
SPLIT = SPLITS[0]
EXAMPLE = "Xception" if "Xception" in MODELS else next(iter(MODELS))
# whose ROIs' regions are transplanted
TRANSPLANTED = list(MODELS) if config["transplant"] == "all" else [EXAMPLE]
# what else segments ROIs, and whose CAMs it takes; the CAMs themselves are the first of SEGMENTERS
SEGMENTED = config["segmentation"]["models"]
SEGMENTED = list(MODELS) if SEGMENTED == "all" else SEGMENTED
SEGMENTERS = segmentation.names(
    config["segmentation"]["methods"], config["segmentation"]["outlines"], SEGMENTED
)
# those whose maps are drawn: one model's, and what takes no CAMs
DRAWN_OF = EXAMPLE if EXAMPLE in SEGMENTED else next(iter(SEGMENTED), "")
DRAWN = segmentation.names(
    config["segmentation"]["methods"], config["segmentation"]["outlines"], [DRAWN_OF]
)
ROIS = expand("<results>/rois/shard-{shard}.h5", shard=range(config["rois"]["shards"]))


def beside(path):
    """A file of the workflow: relative where it lies below the working directory, else absolute."""
    path = ROOT / path
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


def code(script, *chosen):
    """The files a script is made of: itself first, then the modules it imports or has `chosen`."""
    chosen = filter(None, chosen)
    return list(map(beside, code_of(ROOT / "scripts" / f"{script}.py", chosen)))


def by_attempt(amount):
    """A resource of which a job gets more each time that a profile's `retries` run it again."""
    return lambda wildcards, attempt: attempt * amount


# TensorFlow itself and a batch's feature maps. Xception, the largest, took 1750 MB (128 px, batches
# of 8), 2260 MB (128 px, 16) and 3800 MB (224 px, 16)
NETWORK_MB = int(1500 + 70 * config["training"]["batch_size"] * (config["rois"]["size"] / 128) ** 2)
# what a job takes that says nothing else, and one that runs a network on all ROIs
SMALL = {"mem_mb": by_attempt(1000), "runtime": by_attempt(10)}
NETWORK = {"mem_mb": by_attempt(NETWORK_MB), "runtime": by_attempt(60)}
# the environments of the rules' files
INGEST, TRAIN, REPORT = (f"../../envs/{name}.yaml" for name in ("ingest", "train", "report"))


def of_models(path, splits=SPLITS, explanation=EXPLANATION):
    """The file of that name of every model of the study, on every one of the splits."""
    return expand(path, explanation=explanation, model=MODELS, split=splits)


def of_trainings(path, regimes=REGIMES):
    """The file of that name of every training of the study, or of other regimes than its own."""
    return [
        path.format(regime=regime, model=model, split=split)
        for regime, models in regimes.items()
        for model in models
        for split in SPLITS
    ]


def of_methods(path):
    """The file of that name of every method, of its maps of every model on every split."""
    return [name for method in METHODS for name in of_models(path, explanation=method)]


def of_quick(path):
    """The file of that name of every method whose maps are checked in one job."""
    return expand(path, explanation=QUICK)


def of_segmenters(path, trains=None, splits=SPLITS):
    """The file of that name of every segmenter, or of those alone that train a U-Net, or do not."""
    chosen = [
        name
        for name in SEGMENTERS
        if trains is None or re.fullmatch(segmentation.pattern(MODELS, trains=trains), name)
    ]
    return expand(path, segmenter=chosen, split=splits)


def of_example(path):
    """The file of that name of every method, of its maps of the example model."""
    return expand(path, explanation=METHODS, model=EXAMPLE, split=SPLIT)


METRICS, PREDICTIONS = (
    of_trainings(f"<results>/training/{{regime}}/{{model}}/split-{{split}}/{name}")
    for name in ("metrics.json", "predictions.tsv")
)
# of the trainings on further methods' maps, which enter one table alone
METRICS_RETRAINED = of_trainings(
    "<results>/training/{regime}/{model}/split-{split}/metrics.json", RETRAINED
)
DICE = of_models("<results>/dice/{explanation}/{model}/split-{split}.tsv")
PROBES = of_models("<results>/probe/{explanation}/{model}/split-{split}.tsv")
DICE_MODELS = [model for model in MODELS for _ in SPLITS]  # the model of each


def maps_drawn():
    """The file of maps on the first split of every segmenter that is DRAWN."""
    return [
        (
            f"<results>/cams/{EXPLANATION}/{DRAWN_OF}/split-{SPLIT}.h5"
            if segmentation.is_cam(name)
            else f"<results>/segmentation/{name}/split-{SPLIT}/maps.h5"
        )
        for name in DRAWN
    ]


def seed_of(wildcards):
    """The seed of what is done on one of SPLITS, which follows from the study's."""
    return runs.seed_of(wildcards.split, config["seed"])


def own_code_of(wildcards):
    """The user's code that builds a model's network and feeds it, if it is none of Keras."""
    return MODELS[wildcards.model].code_file or []


def method_of(wildcards):
    """The method of an explanation, of the network as trained or untrained."""
    return wildcards.explanation.removesuffix(UNTRAINED)


# what a regime of training may need besides ROIs, by the names of `needs` in its entry
GIVEN = {
    "cams": "<results>/cams/{explanation}/{model}/split-{split}.h5",
    "untrained": f"<results>/cams/{{explanation}}{UNTRAINED}/{{model}}/split-{{split}}.h5",
    "verdicts": "<results>/training/original/{model}/split-{split}/predictions.tsv",
}


def regime_of(wildcards):
    """The regime of a training, whichever method's maps it is on."""
    return wildcards.regime.partition("-")[0]


def given(name):
    """The input function of one of GIVEN: the file for the regimes that need it, else none."""

    def path(wildcards):
        regime, _, method = wildcards.regime.partition("-")
        if name not in KNOWN_REGIMES[regime].needs:
            return []
        names = {"model": wildcards.model, "split": wildcards.split}
        return GIVEN[name].format(explanation=method or EXPLANATION, **names)

    return path


def cams_of_segmenter(wildcards):
    """The CAMs that a segmenter takes, of the model it is named after; none if it takes none."""
    method, model = segmentation.parts(wildcards.segmenter)
    if method in segmentation.METHODS and not segmentation.METHODS[method].takes_cams:
        return []
    return f"<results>/cams/{EXPLANATION}/{model}/split-{wildcards.split}.h5"


def maps_before(wildcards):
    """The maps of the U-Net that a segmenter learns from, if it does."""
    method, model = segmentation.parts(wildcards.segmenter)
    if before := segmentation.METHODS[method].after:
        return f"<results>/segmentation/{before}-{model}/split-{wildcards.split}/maps.h5"
    return []


def maps_of_segmenter(wildcards):
    """The maps that a segmenter is scored by: its own, or the CAMs."""
    if segmentation.is_cam(wildcards.segmenter):
        return cams_of_segmenter(wildcards)
    return "<results>/segmentation/{segmenter}/split-{split}/maps.h5"


def image_of_figure1(wildcards):
    """The image that the configuration names for Figure 1, which is nobody's default."""
    if config["figure1"]["image"] is None:
        raise WorkflowError("config: figure1.image: name an image (JPEG, PNG, TIFF) to show")
    return config["figure1"]["image"]


def fault_of_cases():
    """Why the dataset lists no case, and what to do; "" if it does."""
    try:
        if SOURCE.path:
            datasets.require_cases(SOURCE, Path(config["dataset"]["path"]))
    except CamsegError as error:
        return str(error)
    return ""


def require_cases():
    """End a run before its first job if the dataset lists no case."""
    if fault := fault_of_cases():
        raise WorkflowError(fault)


# a dry run, which calls no hook, says it with the job that it would be
UNLISTED = fault_of_cases() if workflow.is_main_process else ""
