rule render_tables:
    input:
        code=sources("render_tables"),
        metrics=of_trainings("metrics.json"),
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
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=by_attempt(1000),
        runtime=by_attempt(10),
    params:
        models=DICE_MODELS,
    message:
        "Rendering the tables"
    shell:
        "python {input.code[0]:q} --metrics {input.metrics:q} --models {params.models}"
        " --dice {input.dice:q} --table1 {output.table1:q} --table2 {output.table2:q}"
        " --table2-extended {output.extended:q} > {log:q} 2>&1"


rule render_intervals:
    input:
        code=sources("render_intervals"),
        metrics=of_trainings("metrics.json"),
        dice=DICE,
        published="resources/paper_results.csv",
    output:
        table1=report_table("table1_intervals", STATISTICS, "Table I, intervals"),
        table2=report_table("table2_intervals", STATISTICS, "Table II, intervals"),
        comparison=report_table("paper_comparison", STATISTICS, "Comparison with the paper"),
    log:
        "<results>/logs/render_intervals.log",
    benchmark:
        "<results>/runtime/render_intervals.tsv"
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=by_attempt(1000),
        runtime=by_attempt(10),
    params:
        models=DICE_MODELS,
        seed=config["seed"],
    message:
        "Rendering the tables' intervals"
    shell:
        "python {input.code[0]:q} --metrics {input.metrics:q} --models {params.models}"
        " --dice {input.dice:q} --published {input.published:q} --seed {params.seed}"
        " --table1 {output.table1:q} --table2 {output.table2:q}"
        " --comparison {output.comparison:q} > {log:q} 2>&1"


rule render_claims:
    input:
        code=sources("render_claims"),
        metrics=of_trainings("metrics.json"),
        predictions=of_trainings("predictions.tsv"),
        dice=DICE,
        published="resources/paper_results.csv",
    output:
        claims=report_table("claims", STATISTICS, "The paper's claims"),
    log:
        "<results>/logs/render_claims.log",
    benchmark:
        "<results>/runtime/render_claims.tsv"
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=by_attempt(1000),
        runtime=by_attempt(10),
    params:
        models=DICE_MODELS,
        seed=config["seed"],
    message:
        "Testing the paper's claims"
    shell:
        "python {input.code[0]:q} --metrics {input.metrics:q}"
        " --predictions {input.predictions:q} --models {params.models} --dice {input.dice:q}"
        " --published {input.published:q} --seed {params.seed} --output {output.claims:q}"
        " > {log:q} 2>&1"


rule render_selection_bias:
    input:
        code=sources("render_selection_bias"),
        metrics=of_trainings("metrics.json"),
        predictions=of_trainings("predictions.tsv"),
    output:
        table=report_table("selection_bias", STATISTICS, "Selection bias"),
        inverse_mask=report_table("inverse_mask", STATISTICS, "Inverse mask"),
    log:
        "<results>/logs/render_selection_bias.log",
    benchmark:
        "<results>/runtime/render_selection_bias.tsv"
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=by_attempt(1000),
        runtime=by_attempt(10),
    message:
        "Working out what choosing the best epoch is worth"
    shell:
        "python {input.code[0]:q} --metrics {input.metrics:q}"
        " --predictions {input.predictions:q} --output {output.table:q}"
        " --inverse-mask {output.inverse_mask:q} > {log:q} 2>&1"


rule render_figure8:
    input:
        code=sources("render_figure8"),
        intervals="<results>/tables/table2_intervals.csv",
        extended="<results>/tables/table2_extended.csv",
        published="resources/paper_results.csv",
    output:
        figure=report_figure("figure8", MAIN, "Figure 8"),
        column=multiext("<results>/figures/figure8_column", ".svg", ".png"),
    log:
        "<results>/logs/render_figure8.log",
    benchmark:
        "<results>/runtime/render_figure8.tsv"
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=by_attempt(1000),
        runtime=by_attempt(10),
    message:
        "Drawing Figure 8"
    shell:
        "python {input.code[0]:q} --intervals {input.intervals:q} --extended {input.extended:q}"
        " --published {input.published:q} --output {output.figure:q} --column {output.column:q}"
        " > {log:q} 2>&1"


rule render_candidates:
    input:
        code=sources("render_candidates"),
        index="<results>/index.tsv",
        candidates="<results>/rois/candidates.tsv",
    output:
        table=report_table("candidates", CASES_AND_ROIS, "Used and rejected"),
    log:
        "<results>/logs/render_candidates.log",
    benchmark:
        "<results>/runtime/render_candidates.tsv"
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=by_attempt(1000),
        runtime=by_attempt(10),
    message:
        "Counting what was used, and what was rejected and why"
    shell:
        "python {input.code[0]:q} --index {input.index:q} --candidates {input.candidates:q}"
        " --output {output.table:q} > {log:q} 2>&1"


rule render_heat_maps:
    input:
        code=sources("render_heat_maps"),
        scores=DICE,
        baselines=expand("<results>/dice/baselines/split-{split}.tsv", split=SPLITS),
    output:
        heat_maps=report_table("heat_maps", HEAT_MAPS, "Heat maps, floors and ceilings"),
        by_group=report_table("heat_maps_by_group", HEAT_MAPS, "Dice by groups of ROIs"),
    log:
        "<results>/logs/render_heat_maps.log",
    benchmark:
        "<results>/runtime/render_heat_maps.tsv"
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=by_attempt(1000),
        runtime=by_attempt(10),
    params:
        models=DICE_MODELS,
    message:
        "Rendering the tables of heat maps"
    shell:
        "python {input.code[0]:q} --models {params.models} --scores {input.scores:q}"
        " --baselines {input.baselines:q} --heat-maps {output.heat_maps:q}"
        " --by-group {output.by_group:q} > {log:q} 2>&1"


rule render_dice_curves:
    input:
        code=sources("render_dice_curves"),
        scores=DICE,
        curves=[Path(path).with_suffix(".h5") for path in DICE],
        baselines=expand("<results>/dice/baselines/split-{split}.tsv", split=SPLITS),
        baseline_curves=expand("<results>/dice/baselines/split-{split}.h5", split=SPLITS),
    output:
        figure=report_figure("dice_curves", HEAT_MAPS, "Dice over the threshold"),
    log:
        "<results>/logs/render_dice_curves.log",
    benchmark:
        "<results>/runtime/render_dice_curves.tsv"
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=by_attempt(1000),
        runtime=by_attempt(10),
    params:
        models=DICE_MODELS,
    message:
        "Drawing Dice over the threshold"
    shell:
        "python {input.code[0]:q} --models {params.models} --scores {input.scores:q}"
        " --curves {input.curves:q} --baselines {input.baselines:q}"
        " --baseline-curves {input.baseline_curves:q} --output {output.figure:q} > {log:q} 2>&1"
