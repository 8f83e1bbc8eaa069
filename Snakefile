# camseg: from raw DDSM cases to the tables and figures of Guan & Loew's
# "A Sneak Attack on Segmentation of Medical Images Using Deep Neural Network Classifiers".
from snakemake.utils import min_version

min_version("9.12")  # path variables


configfile: "config/config.yaml"


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/phantom.smk"
include: "workflow/rules/rois.smk"
include: "workflow/rules/pictures.smk"
include: "workflow/rules/training.smk"
include: "workflow/rules/cams.smk"
include: "workflow/rules/scoring.smk"
include: "workflow/rules/audit.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/record.smk"


wildcard_constraints:
    shard=r"\d+",
    split=r"\d+",
    regime="|".join(REGIMES),
    explanation="grad_cam|hires_cam",
    model="|".join(map(re.escape, MODELS)),


rule all:
    default_target: True
    input:
        RESULTS,
        "<results>/runtime/runtime.csv",
        "<results>/provenance/configuration.yaml",


onstart:
    require_cases()
