# What a study makes; no rule stands here.
TABLES = ["table1", "table1_intervals", "table2", "table2_intervals", "table2_extended"]
TABLES += ["inverse_mask", "selection_bias", "paper_comparison", "claims", "candidates"]
TABLES += ["accuracy_by_class", "map_alone", "error_mimicry", "checklist"]
TABLES += ["label_leaks", "label_leaks_readings"]
TABLES += ["heat_maps", "heat_maps_scores", "heat_maps_by_group"]
TABLES += ["sanity", "architectures", "architectures_correlations"]
TABLES += ["sensitivity", "sensitivity_spread"]
TABLES += ["transplant", "transplant_readings", "verdicts", "verdicts_reasons"]
FIGURES = [f"figure{number}" for number in (4, 5, 6, 7, 8, "8_column", 9, 10)] + ["dice_curves"]
FIGURES += ["locality", "transplant", "architectures", "learning_curves"]
if ALSO:
    TABLES += ["explanations"]
    FIGURES += ["explanations", "explanations_cost", "explanations_roi"]
if RETRAIN:
    TABLES += ["explanations_retrained"]
if SEGMENTERS:
    TABLES += ["segmentation", "segmentation_outlines", "segmentation_gains"]
    FIGURES += ["segmentation", "segmentation_outlines", "segmentation_rois"]

# what a study is for; the records of how it ran come after these
RESULTS = [
    *expand("<results>/tables/{table}.{suffix}", table=TABLES, suffix=["csv", "md", "tex", "html"]),
    *expand("<results>/figures/{figure}.{suffix}", figure=FIGURES, suffix=["svg", "png"]),
    *of_trainings(
        "<results>/figures/learning_curves/{regime}/{model}/split-{split}.svg", REGIMES | RETRAINED
    ),
    *expand(
        "<results>/explorer/{name}",
        name=["index.html", *(f"rois-{shard}.js" for shard in range(len(ROIS)))],
    ),
    "<results>/rois/candidates.tsv",
    "<results>/index.html",
]
TIMINGS = ["<results>/runtime/runtime.csv"]
if SEGMENTERS:
    TIMINGS += ["<results>/runtime/segmentation_seconds.csv"]
RECORDS = [*TIMINGS, "<results>/provenance/configuration.yaml", "<results>/manifest.json"]

# the study's jobs below <results>/runtime, of rules that have several
MEASURED = [
    *expand(
        "{stage}/{shard}",
        stage=["extract_rois", "shrink_views", "pack_rois"],
        shard=range(config["rois"]["shards"]),
    ),
    *expand(
        "{stage}/split-{split}",
        stage=["split_rois", "measure_leaks", "score_baselines"],
        split=SPLITS,
    ),
    *of_models("probe_cams/{explanation}/{model}/split-{split}"),
    *expand(f"score_untrained/{EXPLANATION}/{EXAMPLE}/split-{{split}}", split=SPLITS),
    *[
        f"compute_cams/{method}{UNTRAINED}/{model}/split-{split}"
        for method in [EXPLANATION, *RETRAIN]
        for model in REGIMES.get("cam_untrained", [])
        for split in SPLITS
    ],
    *[
        path
        for stage in ("compute_cams", "score_dice")
        for path in of_methods(f"{stage}/{{explanation}}/{{model}}/split-{{split}}")
    ],
    *of_models("check_cams/{model}/split-{split}"),
    *[
        path
        for method in METHODS
        if method not in QUICK
        for path in of_models(f"check_cams/{method}/{{model}}/split-{{split}}")
    ],
    *of_segmenters("score_segmenter/{segmenter}/split-{split}"),
    *of_segmenters("train_segmenter/{segmenter}/split-{split}", trains=True),
    *of_segmenters("refine_cams/{segmenter}/split-{split}", trains=False),
    *of_models("measure_sensitivity/{explanation}/{model}/split-{split}"),
    *of_models("transplant_regions/{explanation}/{model}/split-{split}"),
    *[
        path
        for stage in ("train_classifier", "render_learning_curve")
        for path in of_trainings(
            f"{stage}/{{regime}}/{{model}}/split-{{split}}", REGIMES | RETRAINED
        )
    ],
]
if BRINGS_MAPS:  # nothing is trained, and this is all
    OWN = ["scores.tsv", "curves.h5", "maps.h5", "dice_curves.svg", "dice_curves.png"]
    OWN += expand(
        "{table}.{suffix}",
        table=["heat_maps", "heat_maps_scores"],
        suffix=["csv", "md", "tex", "html"],
    )
    RESULTS = expand("<results>/own_maps/{name}", name=OWN)
    MEASURED = []
