# Helpers that the rules share; no rule stands here.
import os
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.utils import validate

sys.path.insert(0, str(Path(workflow.basedir, "scripts")))
from camseg.config import check_schema, check_study
from camseg.discovery import FINDERS
from camseg.errors import CamsegError
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
except CamsegError as error:
    raise WorkflowError(error)

PHANTOM = config["dataset"]["source"] == "phantom"
CASES = "<results>/cases" if PHANTOM else config["dataset"]["path"]
SOURCE = "ddsm" if PHANTOM else config["dataset"]["source"]  # phantoms are DDSM files
# TensorFlow itself and a batch's feature maps. Xception, the largest, took 1750 MB (128 px, batches
# of 8), 2260 MB (128 px, 16) and 3800 MB (224 px, 16)
NETWORK_MB = 1500 + 70 * config["training"]["batch_size"] * (config["rois"]["size"] / 128) ** 2
SHARDS = range(config["rois"]["shards"])
SPLIT = 0  # the study's split that the tables show
# the model shown where one stands for all
EXAMPLE = "Xception" if "Xception" in config["models"] else config["models"][0]
REGIMES = {
    "original": config["models"],
    **{
        regime: config["models"] if models == "all" else models
        for regime, models in config["regimes"].items()
    },
}


def sources(script):
    """The files a script is made of: itself first, then the library's modules it imports."""
    return sources_of(Path(workflow.basedir, "scripts", f"{script}.py"), workflow.basedir)


def by_attempt(amount):
    """A resource of which a job gets more each time that a profile's `retries` run it again."""
    return lambda wildcards, attempt: attempt * amount


def cams_for_filter(wildcards):
    """The CAM file that the ROIs of the regime `cam` are filtered with; none for other regimes."""
    if wildcards.regime != "cam":
        return []
    return "<results>/cams/grad_cam/{model}/split-{split}.h5"


def picture_of_figure1(wildcards):
    """The picture that the configuration names for Figure 1, which is nobody's default."""
    if config["figure1"]["picture"] is None:
        raise WorkflowError("config: figure1.picture: name a picture (JPEG, PNG, TIFF) to show")
    return config["figure1"]["picture"]


def require_cases():
    """End a run before its first job if the dataset lists no case."""
    try:
        if not PHANTOM:
            FINDERS[SOURCE](Path(CASES))
    except CamsegError as error:
        raise WorkflowError(error)
