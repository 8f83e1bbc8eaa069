# Helpers that the rules share; no rule stands here.
import os
import re
import sys
from pathlib import Path

import yaml
from snakemake.exceptions import WorkflowError
from snakemake.utils import validate

sys.path.insert(0, str(Path(workflow.basedir, "scripts")))
from camseg.config import check_schema, check_study, entries
from camseg.discovery import FINDERS
from camseg.errors import CamsegError
from camseg.regimes import OF_CAMS
from camseg.sources import sources_of

# `python` in a rule's shell command is the one that runs Snakemake, or that of the rule's
# conda environment, which is activated after this
os.environ |= {"PATH": os.pathsep.join([str(Path(sys.executable).parent), *os.get_exec_path()])}

SCHEMA = Path(workflow.basedir, "workflow/schemas/config.schema.yaml")

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

PHANTOM = config["dataset"]["source"] == "phantom"
CASES = "<results>/cases" if PHANTOM else config["dataset"]["path"]
SOURCE = "ddsm" if PHANTOM else config["dataset"]["source"]  # phantoms are DDSM files
# TensorFlow itself and a batch's feature maps. Xception, the largest, took 1750 MB (128 px, batches
# of 8), 2260 MB (128 px, 16) and 3800 MB (224 px, 16)
NETWORK_MB = 1500 + 70 * config["training"]["batch_size"] * (config["rois"]["size"] / 128) ** 2
SHARDS = range(config["rois"]["shards"])
EXPLANATION = config["cam"]["explanation"]
SPLITS = range(config["splits"])
# the split and the model shown where one stands for all
SPLIT = 0
EXAMPLE = "Xception" if "Xception" in MODELS else next(iter(MODELS))
REGIMES = {
    "original": list(MODELS),
    **{
        regime: list(MODELS) if models == "all" else models
        for regime, models in config["regimes"].items()
    },
}
TABLES = ["table1", "table1_intervals", "table2", "table2_intervals", "table2_extended"]
TABLES += ["inverse_mask", "selection_bias", "paper_comparison", "claims", "candidates"]
TABLES += ["heat_maps", "heat_maps_by_group", "sanity", "sensitivity", "sensitivity_spread"]
FIGURES = [f"figure{number}" for number in (4, 5, 6, 7, 8, "8_column", 9, 10)] + ["dice_curves"]
# the report's categories, which it shows in alphabetical order
MAIN, STATISTICS = "1 Main results", "2 Intervals, claims, comparison"
HEAT_MAPS, PICTURES, CURVES = "3 Heat maps", "4 Figures", "5 Learning curves"
CASES_AND_ROIS, RECORD = "6 Cases and ROIs", "7 Runtime, versions, configuration"
DICE = expand(
    "<results>/dice/{explanation}/{model}/split-{split}.tsv",
    explanation=EXPLANATION,
    model=MODELS,
    split=SPLITS,
)
DICE_MODELS = [model for model in MODELS for _ in SPLITS]  # the model of each


def sources(script):
    """The files a script is made of: itself first, then the library's modules it imports."""
    return sources_of(Path(workflow.basedir, "scripts", f"{script}.py"), workflow.basedir)


def by_attempt(amount):
    """A resource of which a job gets more each time that a profile's `retries` run it again."""
    return lambda wildcards, attempt: attempt * amount


def report_table(name, category, label, folder="tables"):
    """A table's files; the report shows the page, from which the others can be saved."""
    path = f"<results>/{folder}/{name}"
    return [*multiext(path, ".csv", ".md", ".tex"), reported(f"{path}.html", category, label)]


def report_figure(name, category, label, folder="figures"):
    """A figure's files, of which the report shows the SVG."""
    path = f"<results>/{folder}/{name}"
    return [reported(f"{path}.svg", category, label), f"{path}.png"]


def reported(path, category, label):
    """A file that the report shows, with the caption of the same name."""
    # two blanks, of which a browser shows one, sort Figure 4 before Figure 10
    label = re.sub(r" (\d)$", r"  \1", label)
    caption = f"../report/{Path(path).stem}.rst"
    return report(path, caption=caption, category=category, labels={"result": label})


def of_trainings(name):
    """The file of that name of every training of the study."""
    return [
        f"<results>/training/{regime}/{model}/split-{split}/{name}"
        for regime, models in REGIMES.items()
        for model in models
        for split in SPLITS
    ]


# the study's jobs below <results>/runtime, of rules that have several
MEASURED = [
    *expand("extract_rois/{shard}", shard=SHARDS),
    *expand("{stage}/split-{split}", stage=["split_rois", "score_baselines"], split=SPLITS),
    *expand(
        "{stage}/{explanation}/{model}/split-{split}",
        stage=["compute_cams", "score_dice", "check_cams", "measure_sensitivity"],
        explanation=EXPLANATION,
        model=MODELS,
        split=SPLITS,
    ),
    *[
        f"{stage}/{regime}/{model}/split-{split}"
        for stage in ("train_classifier", "render_learning_curve")
        for regime, models in REGIMES.items()
        for model in models
        for split in SPLITS
    ],
]
# what a study is for; the records of how it ran come after these
RESULTS = [
    *expand("<results>/tables/{table}.{suffix}", table=TABLES, suffix=["csv", "md", "tex", "html"]),
    *expand("<results>/figures/{figure}.{suffix}", figure=FIGURES, suffix=["svg", "png"]),
    *[
        f"<results>/figures/learning_curves/{regime}/{model}/split-{split}.svg"
        for regime, models in REGIMES.items()
        for model in models
        for split in SPLITS
    ],
    "<results>/rois/candidates.tsv",
]


def cams_for_filter(wildcards):
    """The CAM file that a regime of CAMs filters its ROIs with; none for other regimes."""
    if wildcards.regime not in OF_CAMS:
        return []
    return f"<results>/cams/{EXPLANATION}/{{model}}/split-{{split}}.h5"


def picture_of_figure1(wildcards):
    """The picture that the configuration names for Figure 1, which is nobody's default."""
    if config["figure1"]["picture"] is None:
        raise WorkflowError("config: figure1.picture: name a picture (JPEG, PNG, TIFF) to show")
    return config["figure1"]["picture"]


def classifier_options(wildcards):
    """The options of train_classifier.py that say which classifier to train."""
    entry = MODELS[wildcards.model]
    options = ["--name", entry.name, "--network", entry.network, "--head", entry.head]
    options += ["--widths", *map(str, entry.widths)] if entry.widths else []
    return options + (["--weights", entry.weights] if entry.weights else [])


def weights_file(wildcards):
    """The weights file that a classifier's training starts from; none for most classifiers."""
    return MODELS[wildcards.model].weights_file or []


def require_cases():
    """End a run before its first job if the dataset lists no case."""
    try:
        if not PHANTOM:
            FINDERS[SOURCE](Path(CASES))
    except CamsegError as error:
        raise WorkflowError(error)
