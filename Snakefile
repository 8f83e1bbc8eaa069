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
    regime="|".join(REGIMES),
    explanation="grad_cam|hires_cam",
    model="|".join(map(re.escape, MODELS)),


rule all:
    default_target: True
    input:
        expand(
            "<results>/tables/{table}.{suffix}",
            table=TABLES,
            suffix=["csv", "md", "tex"],
        ),
        expand(
            "<results>/figures/{figure}.{suffix}",
            figure=[f"figure{number}" for number in (4, 5, 6, 7, 8, "8_column", 9, 10)]
            + ["dice_curves"],
            suffix=["svg", "png"],
        ),
        [
            f"<results>/figures/learning_curves/{regime}/{model}/split-{split}.svg"
            for regime, models in REGIMES.items()
            for model in models
            for split in SPLITS
        ],
        "<results>/rois/candidates.tsv",


onstart:
    require_cases()
