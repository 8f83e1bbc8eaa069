# camseg: from raw DDSM cases to the tables and figures of Guan & Loew's
# "A Sneak Attack on Segmentation of Medical Images Using Deep Neural Network Classifiers".
from snakemake.utils import min_version

min_version("9.12")  # path variables


configfile: "config/config.yaml"


include: "workflow/rules/common.smk"
include: "workflow/rules/phantom.smk"
include: "workflow/rules/rois.smk"
include: "workflow/rules/pictures.smk"
include: "workflow/rules/training.smk"
include: "workflow/rules/cams.smk"
include: "workflow/rules/scoring.smk"
include: "workflow/rules/audit.smk"
include: "workflow/rules/report.smk"


wildcard_constraints:
    shard=r"\d+",
    split=r"\d+",
    regime="original|cam|mask|inverse",
    explanation="grad_cam|hires_cam",
    model="|".join(config["models"]),


rule all:
    default_target: True
    input:
        expand(
            "<results>/tables/{table}.{suffix}",
            table=["table1", "table2", "inverse_mask", "paper_comparison"],
            suffix=["csv", "md", "tex"],
        ),
        expand(
            "<results>/tables/{table}.{suffix}",
            table=["sanity", "sensitivity", "sensitivity_spread"],
            suffix=["csv", "md", "tex"],
        ),
        expand(
            "<results>/figures/{figure}.{suffix}",
            figure=["figure4", "figure5", "figure6", "figure8"],
            suffix=["svg", "png"],
        ),
        "<results>/rois/candidates.tsv",


onstart:
    require_cases()
