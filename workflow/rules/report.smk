rule render_tables:
    """Tables I and II, and Table II with all regimes."""
    input:
        code=code("render_tables"),
        captions=captions("table1", "table2", "table2_extended"),
        metrics=METRICS,
        dice=DICE,
    output:
        table1=report_table("table1", MAIN, "Table I"),
        table2=report_table("table2", MAIN, "Table II"),
        extended=report_table("table2_extended", STATISTICS, "Table II, all regimes"),
    log:
        "<results>/logs/render_tables.log",
    benchmark:
        "<results>/runtime/render_tables.tsv"
    conda:
        REPORT
    resources:
        **SMALL,
    params:
        models=DICE_MODELS,
    message:
        "Rendering the tables"
    shell:
        "python {input.code[0]:q} --metrics {input.metrics:q} --models {params.models}"
        " --dice {input.dice:q} --captions {input.captions:q} --table1 {output.table1:q}"
        " --table2 {output.table2:q} --table2-extended {output.extended:q} > {log:q} 2>&1"


rule render_intervals:
    """The 95 % intervals of Tables I and II, the published numbers, and accuracy class by class."""
    input:
        code=code("render_intervals"),
        captions=captions(
            "table1_intervals", "table2_intervals", "paper_comparison", "accuracy_by_class"
        ),
        metrics=METRICS,
        predictions=PREDICTIONS,
        dice=DICE,
        published=beside("resources/paper_results.csv"),
    output:
        table1=report_table("table1_intervals", STATISTICS, "Table I, intervals"),
        table2=report_table("table2_intervals", STATISTICS, "Table II, intervals"),
        comparison=report_table("paper_comparison", STATISTICS, "Comparison with the paper"),
        by_class=report_table("accuracy_by_class", STATISTICS, "Accuracy by class"),
    log:
        "<results>/logs/render_intervals.log",
    benchmark:
        "<results>/runtime/render_intervals.tsv"
    conda:
        REPORT
    resources:
        **SMALL,
    params:
        models=DICE_MODELS,
        seed=config["seed"],
    message:
        "Rendering the tables' intervals"
    shell:
        "python {input.code[0]:q} --metrics {input.metrics:q}"
        " --predictions {input.predictions:q} --models {params.models} --dice {input.dice:q}"
        " --published {input.published:q} --seed {params.seed} --captions {input.captions:q}"
        " --table1 {output.table1:q} --table2 {output.table2:q}"
        " --comparison {output.comparison:q} --by-class {output.by_class:q} > {log:q} 2>&1"


rule render_claims:
    """Tests of the paper's claims, on this study's results and on the published numbers."""
    input:
        code=code("render_claims"),
        captions=captions("claims"),
        metrics=METRICS,
        predictions=PREDICTIONS,
        dice=DICE,
        probes=PROBES,
        published=beside("resources/paper_results.csv"),
    output:
        claims=report_table("claims", STATISTICS, "The paper's claims"),
    log:
        "<results>/logs/render_claims.log",
    benchmark:
        "<results>/runtime/render_claims.tsv"
    conda:
        REPORT
    resources:
        **SMALL,
    params:
        models=DICE_MODELS,
        margin=config["margin"],
        seed=config["seed"],
    message:
        "Testing the paper's claims"
    shell:
        "python {input.code[0]:q} --metrics {input.metrics:q}"
        " --predictions {input.predictions:q} --models {params.models} --dice {input.dice:q}"
        " --probes {input.probes:q} --published {input.published:q}"
        " --margin {params.margin} --seed {params.seed}"
        " --captions {input.captions:q} --output {output.claims:q} > {log:q} 2>&1"


rule render_map_alone:
    """What the heat maps alone know of the label, and whether networks trained with them err alike."""
    input:
        code=code("render_map_alone"),
        captions=captions("map_alone", "error_mimicry"),
        metrics=METRICS,
        predictions=PREDICTIONS,
        probes=PROBES,
    output:
        map_alone=report_table("map_alone", STATISTICS, "What the map alone knows"),
        mimicry=report_table("error_mimicry", STATISTICS, "Repeated errors"),
    log:
        "<results>/logs/render_map_alone.log",
    benchmark:
        "<results>/runtime/render_map_alone.tsv"
    conda:
        REPORT
    resources:
        **SMALL,
    params:
        models=DICE_MODELS,
    message:
        "Rendering what the heat maps alone know"
    shell:
        "python {input.code[0]:q} --metrics {input.metrics:q}"
        " --predictions {input.predictions:q} --probes {input.probes:q}"
        " --models {params.models} --captions {input.captions:q}"
        " --map-alone {output.map_alone:q} --error-mimicry {output.mimicry:q} > {log:q} 2>&1"


rule render_label_leaks:
    """Whether networks do better than where ROIs lie, or how bright they are, tells their labels."""
    input:
        code=code("render_label_leaks"),
        captions=captions("label_leaks", "label_leaks_readings"),
        metrics=METRICS,
        predictions=PREDICTIONS,
        leaks=expand("<results>/leaks/split-{split}.tsv", split=SPLITS),
    output:
        table=report_table("label_leaks", STATISTICS, "Label leaks"),
        readings=report_table("label_leaks_readings", STATISTICS, "Label leaks, readings"),
    log:
        "<results>/logs/render_label_leaks.log",
    benchmark:
        "<results>/runtime/render_label_leaks.tsv"
    conda:
        REPORT
    resources:
        **SMALL,
    message:
        "Rendering what place and brightness tell of the labels"
    shell:
        "python {input.code[0]:q} --metrics {input.metrics:q}"
        " --predictions {input.predictions:q} --leaks {input.leaks:q}"
        " --captions {input.captions:q} --table {output.table:q}"
        " --readings {output.readings:q} > {log:q} 2>&1"


rule render_selection_bias:
    """What choosing the best epoch is worth, and the inverse-mask result beside it."""
    input:
        code=code("render_selection_bias"),
        captions=captions("selection_bias", "inverse_mask"),
        metrics=METRICS,
        predictions=PREDICTIONS,
    output:
        table=report_table("selection_bias", STATISTICS, "Selection bias"),
        inverse_mask=report_table("inverse_mask", STATISTICS, "Inverse mask"),
    log:
        "<results>/logs/render_selection_bias.log",
    benchmark:
        "<results>/runtime/render_selection_bias.tsv"
    conda:
        REPORT
    resources:
        **SMALL,
    message:
        "Working out what choosing the best epoch is worth"
    shell:
        "python {input.code[0]:q} --metrics {input.metrics:q}"
        " --predictions {input.predictions:q} --captions {input.captions:q}"
        " --output {output.table:q} --inverse-mask {output.inverse_mask:q} > {log:q} 2>&1"


rule render_candidates:
    """How many views and ROIs were used, how many rejected and why."""
    input:
        code=code("render_candidates"),
        captions=captions("candidates"),
        index="<results>/index.tsv",
        candidates="<results>/rois/candidates.tsv",
    output:
        table=report_table("candidates", CASES_AND_ROIS, "Used and rejected"),
    log:
        "<results>/logs/render_candidates.log",
    benchmark:
        "<results>/runtime/render_candidates.tsv"
    conda:
        REPORT
    resources:
        **SMALL,
    message:
        "Counting what was used, and what was rejected and why"
    shell:
        "python {input.code[0]:q} --index {input.index:q} --candidates {input.candidates:q}"
        " --captions {input.captions:q} --output {output.table:q} > {log:q} 2>&1"


rule render_heat_maps:
    """The scores of every model's heat maps, and below them those of the floors."""
    input:
        code=code("render_heat_maps"),
        captions=captions("heat_maps", "heat_maps_scores", "heat_maps_by_group"),
        ceiling=captions("another_outline"),
        candidates="<results>/rois/candidates.tsv",
        scores=DICE,
        baselines=expand("<results>/dice/baselines/split-{split}.tsv", split=SPLITS),
        untrained=expand(
            f"<results>/dice/untrained/{EXPLANATION}/{EXAMPLE}/split-{{split}}.tsv", split=SPLITS
        ),
    output:
        heat_maps=report_table("heat_maps", HEAT_MAPS, "Heat maps, floors and ceilings"),
        further=report_table("heat_maps_scores", HEAT_MAPS, "Further scores of heat maps"),
        by_group=report_table("heat_maps_by_group", HEAT_MAPS, "Dice by groups of ROIs"),
    log:
        "<results>/logs/render_heat_maps.log",
    benchmark:
        "<results>/runtime/render_heat_maps.tsv"
    conda:
        REPORT
    resources:
        **SMALL,
    params:
        models=DICE_MODELS,
    message:
        "Rendering the tables of heat maps"
    shell:
        "python {input.code[0]:q} --models {params.models} --scores {input.scores:q}"
        " --baselines {input.baselines:q} {input.untrained:q} --candidates {input.candidates:q}"
        " --captions {input.captions:q} {input.ceiling:q}"
        " --heat-maps {output.heat_maps:q} --further {output.further:q}"
        " --by-group {output.by_group:q} > {log:q} 2>&1"


rule render_sanity:
    """What the checks of the heat maps have found, model by model."""
    input:
        code=code("render_sanity"),
        captions=captions("sanity"),
        checks=of_models("<results>/sanity/{explanation}/{model}/split-{split}.tsv"),
        locality=of_models("<results>/locality/{explanation}/{model}/split-{split}.tsv"),
        cams=of_models("<results>/cams/{explanation}/{model}/split-{split}.h5"),
    output:
        table=report_table("sanity", HEAT_MAPS, "Sanity checks"),
    log:
        "<results>/logs/render_sanity.log",
    benchmark:
        "<results>/runtime/render_sanity.tsv"
    conda:
        REPORT
    resources:
        **SMALL,
    params:
        models=DICE_MODELS,
    message:
        "Rendering the table of sanity checks"
    shell:
        "python {input.code[0]:q} --models {params.models} --checks {input.checks:q}"
        " --locality {input.locality:q} --cams {input.cams:q} --captions {input.captions:q}"
        " --output {output.table:q} > {log:q} 2>&1"


rule render_explanations:
    """What the maps of several methods score and whether they pass the checks, and those of one ROI."""
    input:
        code=code("render_explanations"),
        captions=captions("explanations", "explanations_cost", "explanations_roi"),
        scores=of_methods("<results>/dice/{explanation}/{model}/split-{split}.tsv"),
        checks=of_methods("<results>/sanity/{explanation}/{model}/split-{split}.tsv"),
        locality=of_methods("<results>/locality/{explanation}/{model}/split-{split}.tsv"),
        baselines=expand("<results>/dice/baselines/split-{split}.tsv", split=SPLITS),
        shards=ROIS,
        example_cams=of_example("<results>/cams/{explanation}/{model}/split-{split}.h5"),
        example_scores=of_example("<results>/dice/{explanation}/{model}/split-{split}.tsv"),
    output:
        table=report_table("explanations", HEAT_MAPS, "Explanations"),
        figure=report_figure("explanations", HEAT_MAPS, "Explanations, drawn"),
        cost=report_figure("explanations_cost", HEAT_MAPS, "Explanations, scores over cost"),
        roi=report_figure("explanations_roi", HEAT_MAPS, "One ROI by all methods"),
    log:
        "<results>/logs/render_explanations.log",
    benchmark:
        "<results>/runtime/render_explanations.tsv"
    conda:
        INGEST
    resources:
        mem_mb=by_attempt(2000),
        runtime=by_attempt(10),
    params:
        note=NOTE,
        explanations=[method for method in METHODS for _ in DICE_MODELS],
        models=DICE_MODELS * len(METHODS),
        titles=[EXPLANATIONS[method].title for method in METHODS],
        seed=config["seed"],
    message:
        "Rendering the table of explanations"
    shell:
        "python {input.code[0]:q} --explanations {params.explanations} --models {params.models}"
        " --scores {input.scores:q} --checks {input.checks:q} --locality {input.locality:q}"
        " --baselines {input.baselines:q} --seed {params.seed} --captions {input.captions:q}"
        " --shards {input.shards:q} --titles {params.titles:q} --example-cams {input.example_cams:q}"
        " --example-scores {input.example_scores:q} --table {output.table:q}"
        " {params.note:q} --figure {output.figure:q} --cost {output.cost:q} --roi {output.roi:q}"
        " > {log:q} 2>&1"


rule render_retrained:
    """How accurate networks are that were trained on the maps of several methods, with controls."""
    input:
        code=code("render_retrained"),
        captions=captions("explanations_retrained"),
        metrics=METRICS,
        retrained=METRICS_RETRAINED,
    output:
        table=report_table("explanations_retrained", HEAT_MAPS, "Explanations, trained on"),
    log:
        "<results>/logs/render_retrained.log",
    benchmark:
        "<results>/runtime/render_retrained.tsv"
    conda:
        REPORT
    resources:
        **SMALL,
    params:
        explanation=EXPLANATION,
        methods=[
            regime.partition("-")[2]
            for regime, models in RETRAINED.items()
            for _ in range(len(models) * len(SPLITS))
        ],
    message:
        "Rendering the accuracies of networks trained on several methods' maps"
    shell:
        "python {input.code[0]:q} --metrics {input.metrics:q} --explanation {params.explanation}"
        " --retrained {input.retrained:q} --methods {params.methods} --captions {input.captions:q}"
        " --table {output.table:q} > {log:q} 2>&1"


rule render_segmentation:
    """What methods of segmentation score beside the CAMs, how many outlines a CAM is worth, and maps."""
    input:
        code=code("render_segmentation"),
        captions=captions(
            "segmentation", "segmentation_outlines", "segmentation_gains", "segmentation_rois"
        ),
        scores=of_segmenters("<results>/segmentation/scores/{segmenter}/split-{split}.tsv"),
        baselines=expand("<results>/dice/baselines/split-{split}.tsv", split=SPLITS),
        shards=ROIS,
        maps=maps_drawn(),
    output:
        table=report_table("segmentation", HEAT_MAPS, "Segmentation"),
        outlines=report_table(
            "segmentation_outlines", HEAT_MAPS, "How many outlines a method is worth"
        ),
        gains=report_table("segmentation_gains", HEAT_MAPS, "What each method adds"),
        figure=report_figure("segmentation", HEAT_MAPS, "Segmentation, drawn"),
        curve=report_figure(
            "segmentation_outlines", HEAT_MAPS, "How many outlines a CAM is worth, drawn"
        ),
        rois=report_figure("segmentation_rois", HEAT_MAPS, "ROIs by all methods"),
    log:
        "<results>/logs/render_segmentation.log",
    benchmark:
        "<results>/runtime/render_segmentation.tsv"
    conda:
        REPORT
    resources:
        mem_mb=by_attempt(2000),
        runtime=by_attempt(10),
    params:
        note=NOTE,
        models=list(MODELS),
        segmenters=[name for name in SEGMENTERS for _ in SPLITS],
        example=DRAWN_OF,
        shown=DRAWN,
    message:
        "Rendering the tables and figures of segmentation"
    shell:
        "python {input.code[0]:q} --models {params.models} --segmenters {params.segmenters}"
        " --scores {input.scores:q}"
        " --baselines {input.baselines:q} --shards {input.shards:q} --example {params.example:q}"
        " --shown {params.shown} --maps {input.maps:q} --captions {input.captions:q}"
        " --table {output.table:q} --outlines {output.outlines:q} --gains {output.gains:q}"
        " {params.note:q} --figure {output.figure:q} --curve {output.curve:q} --rois {output.rois:q}"
        " > {log:q} 2>&1"


rule summarise_segmentation:
    """How many seconds each segmenter took."""
    input:
        code=code("summarise_segmentation"),
        captions=captions("segmentation_seconds"),
        scores=of_segmenters("<results>/segmentation/scores/{segmenter}/split-{split}.tsv"),
    output:
        table=report_table(
            "segmentation_seconds", RECORD, "Segmentation, seconds", folder="runtime"
        ),
    log:
        "<results>/logs/summarise_segmentation.log",
    conda:
        REPORT
    resources:
        **SMALL,
    params:
        folder=lambda wildcards, output: Path(output.table[0]).parent,
        jobs=[
            *of_segmenters("train_segmenter/{segmenter}/split-{split}", trains=True),
            *of_segmenters("refine_cams/{segmenter}/split-{split}", trains=False),
        ],
    message:
        "Adding up what segmenters took"
    shell:
        "python {input.code[0]:q} --runtime {params.folder:q} --jobs {params.jobs}"
        " --captions {input.captions:q} --table {output.table:q} > {log:q} 2>&1"


rule render_architectures:
    """What goes with a good map: each network's size, grid and accuracy beside its map's scores."""
    input:
        code=code("render_architectures"),
        captions=captions("architectures", "architectures_correlations"),
        metrics=METRICS,
        heat_maps="<results>/tables/heat_maps.csv",
        sanity="<results>/tables/sanity.csv",
        intervals="<results>/tables/table1_intervals.csv",
    output:
        table=report_table("architectures", HEAT_MAPS, "What goes with a good map"),
        ranks=report_table(
            "architectures_correlations", HEAT_MAPS, "What goes with a good map, correlations"
        ),
        figure=report_figure("architectures", HEAT_MAPS, "What goes with a good map, drawn"),
    log:
        "<results>/logs/render_architectures.log",
    benchmark:
        "<results>/runtime/render_architectures.tsv"
    conda:
        REPORT
    resources:
        **SMALL,
    params:
        note=NOTE,
        models=list(MODELS),
        seed=config["seed"],
    message:
        "Rendering what goes with a good map"
    shell:
        "python {input.code[0]:q} --models {params.models} --metrics {input.metrics:q}"
        " --heat-maps {input.heat_maps:q}"
        " --sanity {input.sanity:q} --intervals {input.intervals:q} --seed {params.seed}"
        " --captions {input.captions:q} --table {output.table:q}"
        " --correlations {output.ranks:q} {params.note:q} --figure {output.figure:q} > {log:q} 2>&1"


rule render_sensitivity:
    """How far Dice depends on how a CAM is made, beside how far it depends on the network."""
    input:
        code=code("render_sensitivity"),
        captions=captions("sensitivity", "sensitivity_spread"),
        measured=f"<results>/sensitivity/{EXPLANATION}/{EXAMPLE}/split-{SPLIT}.tsv",
        dice=of_models("<results>/dice/{explanation}/{model}/split-{split}.tsv", SPLIT),
    output:
        table=report_table("sensitivity", HEAT_MAPS, "Sensitivity to how a CAM is made"),
        spread=report_table("sensitivity_spread", HEAT_MAPS, "Spread of the sensitivity"),
    log:
        "<results>/logs/render_sensitivity.log",
    benchmark:
        "<results>/runtime/render_sensitivity.tsv"
    conda:
        REPORT
    resources:
        **SMALL,
    params:
        models=list(MODELS),
        options=to_arguments(CamOptions, config["cam"]),
    message:
        "Rendering the sensitivity of Dice to how a CAM is made"
    shell:
        "python {input.code[0]:q} --measured {input.measured:q} {params.options:q}"
        " --models {params.models} --dice {input.dice:q} --captions {input.captions:q}"
        " --table {output.table:q} --spread {output.spread:q} > {log:q} 2>&1"


rule render_transplant:
    """How much of every model's margin hangs on which region of a ROI, and what that shows."""
    input:
        code=code("render_transplant"),
        captions=captions("transplant", "transplant_readings"),
        measured=expand(
            "<results>/transplant/{explanation}/{model}/split-{split}.tsv",
            explanation=EXPLANATION,
            model=TRANSPLANTED,
            split=SPLITS,
        ),
        locality=expand(
            "<results>/locality/{explanation}/{model}/split-{split}.tsv",
            explanation=EXPLANATION,
            model=TRANSPLANTED,
            split=SPLITS,
        ),
    output:
        table=report_table("transplant", HEAT_MAPS, "Transplants"),
        readings=report_table("transplant_readings", HEAT_MAPS, "Transplants, readings"),
        figure=report_figure("transplant", HEAT_MAPS, "Transplants, drawn"),
    log:
        "<results>/logs/render_transplant.log",
    benchmark:
        "<results>/runtime/render_transplant.tsv"
    conda:
        REPORT
    resources:
        **SMALL,
    params:
        note=NOTE,
        models=[model for model in TRANSPLANTED for _ in SPLITS],
        seed=config["seed"],
    message:
        "Rendering what the transplants of regions show"
    shell:
        "python {input.code[0]:q} --models {params.models} --measured {input.measured:q}"
        " --locality {input.locality:q} --seed {params.seed} --captions {input.captions:q}"
        " --table {output.table:q} --readings {output.readings:q} {params.note:q}"
        " --figure {output.figure:q} > {log:q} 2>&1"


rule render_verdicts:
    """The study's answers, read off its finished tables, and why each is what it is."""
    input:
        code=code("render_verdicts"),
        captions=captions("verdicts", "verdicts_reasons"),
        tables=expand(
            "<results>/tables/{table}.csv",
            table=[
                *("accuracy_by_class", "table1_intervals", "transplant", "transplant_readings"),
                *("sanity", "heat_maps", "map_alone", "claims"),
            ],
        ),
    output:
        verdicts=report_table("verdicts", MAIN, "Answers"),
        reasons=report_table("verdicts_reasons", MAIN, "Answers, with reasons"),
    log:
        "<results>/logs/render_verdicts.log",
    benchmark:
        "<results>/runtime/render_verdicts.tsv"
    conda:
        REPORT
    resources:
        **SMALL,
    params:
        margin=config["margin"],
    message:
        "Reading the study's answers off its tables"
    shell:
        "python {input.code[0]:q} --tables {input.tables:q} --margin {params.margin}"
        " --captions {input.captions:q} --verdicts {output.verdicts:q}"
        " --reasons {output.reasons:q} > {log:q} 2>&1"


rule render_checklist:
    """What CLAIM and TRIPOD+AI ask a study to report, filled in as far as the run tells."""
    input:
        code=code("render_checklist"),
        captions=captions("checklist"),
        index="<results>/index.tsv",
        candidates="<results>/rois/candidates.tsv",
        splits=expand("<results>/splits/split-{split}.tsv", split=SPLITS),
        metrics=METRICS,
        intervals="<results>/tables/table2_intervals.csv",
        by_class="<results>/tables/accuracy_by_class.csv",
    output:
        table=report_table("checklist", RECORD, "Checklist (CLAIM, TRIPOD+AI)"),
    log:
        "<results>/logs/render_checklist.log",
    benchmark:
        "<results>/runtime/render_checklist.tsv"
    conda:
        TRAIN
    resources:
        **SMALL,
    params:
        # of one line, models with all their keys
        configuration=json.dumps(
            {key: value for key, value in config.items() if key != "execution"}
            | {"models": [asdict(entry) for entry in MODELS.values()]},
            sort_keys=True,
        ),
        source=SOURCE.title,
    message:
        "Filling in what a study has to report"
    shell:
        "python {input.code[0]:q} --configuration {params.configuration:q}"
        " --source {params.source:q} --index {input.index:q} --candidates {input.candidates:q}"
        " --splits {input.splits:q} --metrics {input.metrics:q} --intervals {input.intervals:q}"
        " --by-class {input.by_class:q} --captions {input.captions:q} --output {output.table:q}"
        " > {log:q} 2>&1"


# The page that a reader begins at. It links to all that a study makes, and reads of that only the
# tables that answer its questions.
rule render_front_page:
    """The study's front page: its answers, then links to all tables, figures and records."""
    input:
        code=code("render_front_page"),
        captions=captions_on_front_page,
        tables=expand(
            "<results>/tables/{table}.csv",
            table=[
                *("verdicts", "verdicts_reasons", "table2_intervals", "heat_maps"),
                *("candidates", "label_leaks_readings"),
            ],
        ),
    output:
        "<results>/index.html",
    log:
        "<results>/logs/render_front_page.log",
    benchmark:
        "<results>/runtime/render_front_page.tsv"
    conda:
        REPORT
    resources:
        **SMALL,
    params:
        source=SOURCE.title,
        note=NOTE,
        trained=f"ROIs of {config['rois']['size']} px, at most {config['training']['epochs']} epochs,"
        f" seed {config['seed']}",
        shown=lambda wildcards: json.dumps(on_front_page()),
        curves=of_trainings(
            "figures/learning_curves/{regime}/{model}/split-{split}.svg", REGIMES | RETRAINED
        ),
    message:
        "Writing the front page"
    shell:
        "python {input.code[0]:q} --tables {input.tables:q} --source {params.source:q}"
        " {params.note:q} --trained {params.trained:q} --shown {params.shown:q}"
        " --curves {params.curves:q} --captions {input.captions:q} --output {output:q}"
        " > {log:q} 2>&1"


# How the study ran. These rules come last, so that they describe what is there.
rule summarise_runtime:
    """Where the study's time went, stage by stage."""
    input:
        RESULTS,
        code=code("summarise_runtime"),
        captions=captions("runtime"),
    output:
        table=report_table("runtime", RECORD, "Runtime", folder="runtime"),
        figure=report_figure("runtime", RECORD, "Where the time goes", folder="runtime"),
    log:
        "<results>/logs/summarise_runtime.log",
    conda:
        REPORT
    resources:
        **SMALL,
    params:
        note=[] if SOURCE.boxes else NOTE,
        folder=lambda wildcards, output: Path(output.table[0]).parent,
        jobs=MEASURED,
    message:
        "Adding up where the time went"
    shell:
        "python {input.code[0]:q} --runtime {params.folder:q} --jobs {params.jobs}"
        " --captions {input.captions:q} --table {output.table:q} {params.note:q}"
        " --figure {output.figure:q} > {log:q} 2>&1"


rule record_provenance:
    """What made the results: configuration, versions of all software, and what every file is."""
    input:
        TIMINGS,
        code=code("record_provenance"),
        captions=captions("configuration", "versions"),
        runtime="<results>/runtime/runtime.csv",
        data=DIGESTS,
        given=GIVEN_FILES,
    output:
        configuration="<results>/provenance/configuration.yaml",
        page=reported("<results>/provenance/configuration.html", RECORD, "Configuration"),
        versions=report_table("versions", RECORD, "Versions", folder="provenance"),
        manifest="<results>/manifest.json",
    log:
        "<results>/logs/record_provenance.log",
    conda:
        TRAIN
    resources:
        **SMALL,
    params:
        results=lambda wildcards, output: Path(output.manifest).parent,
        data=lambda wildcards, input: ["--data", input.data] if input.data else [],
        given=lambda wildcards, input: ["--given", *input.given] if input.given else [],
        configuration=yaml.safe_dump(
            {key: value for key, value in config.items() if key != "execution"}
        ),
        values=json.dumps(
            {key: value for key, value in config.items() if key != "execution"}, sort_keys=True
        ),
    message:
        "Recording configuration, versions and what every file is"
    shell:
        "python {input.code[0]:q} --configuration {params.configuration:q} --values {params.values:q}"
        " --runtime {input.runtime:q} {params.data:q} {params.given:q}"
        " --results {params.results:q} --captions {input.captions:q}"
        " --text {output.configuration:q} --page {output.page:q}"
        " --versions {output.versions:q} --manifest {output.manifest:q} > {log:q} 2>&1"
