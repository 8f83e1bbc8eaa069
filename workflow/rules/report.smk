rule render_tables:
    input:
        code=sources("render_tables"),
        metrics=of_trainings("metrics.json"),
        dice=DICE,
    output:
        table1=report(
            multiext("<results>/tables/table1", ".csv", ".md", ".tex"),
            caption="../report/table1.rst",
            category="Tables",
        ),
        table2=report(
            multiext("<results>/tables/table2", ".csv", ".md", ".tex"),
            caption="../report/table2.rst",
            category="Tables",
        ),
        extended=report(
            multiext("<results>/tables/table2_extended", ".csv", ".md", ".tex"),
            caption="../report/table2_extended.rst",
            category="Tables",
        ),
        inverse_mask=report(
            multiext("<results>/tables/inverse_mask", ".csv", ".md", ".tex"),
            caption="../report/inverse_mask.rst",
            category="Tables",
        ),
    log:
        "<results>/logs/render_tables.log",
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        models=DICE_MODELS,
    message:
        "Rendering the tables"
    shell:
        "python {input.code[0]:q} --metrics {input.metrics:q} --models {params.models}"
        " --dice {input.dice:q} --table1 {output.table1:q} --table2 {output.table2:q}"
        " --table2-extended {output.extended:q} --inverse-mask {output.inverse_mask:q}"
        " > {log:q} 2>&1"


rule render_intervals:
    input:
        code=sources("render_intervals"),
        metrics=of_trainings("metrics.json"),
        dice=DICE,
        published="resources/paper_results.csv",
    output:
        table1=report(
            multiext("<results>/tables/table1_intervals", ".csv", ".md", ".tex"),
            caption="../report/table1_intervals.rst",
            category="Tables",
        ),
        table2=report(
            multiext("<results>/tables/table2_intervals", ".csv", ".md", ".tex"),
            caption="../report/table2_intervals.rst",
            category="Tables",
        ),
        comparison=report(
            multiext("<results>/tables/paper_comparison", ".csv", ".md", ".tex"),
            caption="../report/paper_comparison.rst",
            category="Tables",
        ),
    log:
        "<results>/logs/render_intervals.log",
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
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
        claims=report(
            multiext("<results>/tables/claims", ".csv", ".md", ".tex"),
            caption="../report/claims.rst",
            category="Tables",
        ),
    log:
        "<results>/logs/render_claims.log",
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
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
        table=report(
            multiext("<results>/tables/selection_bias", ".csv", ".md", ".tex"),
            caption="../report/selection_bias.rst",
            category="Tables",
        ),
    log:
        "<results>/logs/render_selection_bias.log",
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    message:
        "Working out what choosing the best epoch is worth"
    shell:
        "python {input.code[0]:q} --metrics {input.metrics:q}"
        " --predictions {input.predictions:q} --output {output.table:q} > {log:q} 2>&1"


rule render_figure8:
    input:
        code=sources("render_figure8"),
        intervals="<results>/tables/table2_intervals.csv",
        extended="<results>/tables/table2_extended.csv",
        published="resources/paper_results.csv",
    output:
        figure=report(
            multiext("<results>/figures/figure8", ".svg", ".png"),
            caption="../report/figure8.rst",
            category="Figures",
        ),
        column=report(
            multiext("<results>/figures/figure8_column", ".svg", ".png"),
            caption="../report/figure8.rst",
            category="Figures",
        ),
    log:
        "<results>/logs/render_figure8.log",
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    message:
        "Drawing Figure 8"
    shell:
        "python {input.code[0]:q} --intervals {input.intervals:q} --extended {input.extended:q}"
        " --published {input.published:q} --output {output.figure:q} --column {output.column:q}"
        " > {log:q} 2>&1"


rule render_heat_maps:
    input:
        code=sources("render_heat_maps"),
        scores=expand(
            "<results>/dice/{explanation}/{model}/split-{split}.tsv",
            explanation=EXPLANATION,
            model=MODELS,
            split=SPLIT,
        ),
        baselines=f"<results>/dice/baselines/split-{SPLIT}.tsv",
    output:
        heat_maps=report(
            multiext("<results>/tables/heat_maps", ".csv", ".md", ".tex"),
            caption="../report/heat_maps.rst",
            category="Tables",
        ),
        by_group=report(
            multiext("<results>/tables/heat_maps_by_group", ".csv", ".md", ".tex"),
            caption="../report/heat_maps_by_group.rst",
            category="Tables",
        ),
    log:
        "<results>/logs/render_heat_maps.log",
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        models=list(MODELS),
    message:
        "Rendering the tables of heat maps"
    shell:
        "python {input.code[0]:q} --models {params.models} --scores {input.scores:q}"
        " --baselines {input.baselines:q} --heat-maps {output.heat_maps:q}"
        " --by-group {output.by_group:q} > {log:q} 2>&1"


rule render_dice_curves:
    input:
        code=sources("render_dice_curves"),
        scores=expand(
            "<results>/dice/{explanation}/{model}/split-{split}.tsv",
            explanation=EXPLANATION,
            model=MODELS,
            split=SPLIT,
        ),
        curves=expand(
            "<results>/dice/{explanation}/{model}/split-{split}.h5",
            explanation=EXPLANATION,
            model=MODELS,
            split=SPLIT,
        ),
        baselines=f"<results>/dice/baselines/split-{SPLIT}.tsv",
        baseline_curves=f"<results>/dice/baselines/split-{SPLIT}.h5",
    output:
        figure=report(
            multiext("<results>/figures/dice_curves", ".svg", ".png"),
            caption="../report/dice_curves.rst",
            category="Figures",
        ),
    log:
        "<results>/logs/render_dice_curves.log",
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        models=list(MODELS),
    message:
        "Drawing Dice over the threshold"
    shell:
        "python {input.code[0]:q} --models {params.models} --scores {input.scores:q}"
        " --curves {input.curves:q} --baselines {input.baselines:q}"
        " --baseline-curves {input.baseline_curves:q} --output {output.figure:q} > {log:q} 2>&1"
