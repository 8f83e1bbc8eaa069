rule render_tables:
    input:
        code=sources("render_tables"),
        metrics=[
            f"<results>/training/{regime}/{model}/split-{SPLIT}/metrics.json"
            for regime, models in REGIMES.items()
            for model in models
        ],
        dice=expand(
            "<results>/dice/grad_cam/{model}/split-{split}.tsv",
            model=config["models"],
            split=SPLIT,
        ),
        published="resources/paper_results.csv",
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
        inverse_mask=report(
            multiext("<results>/tables/inverse_mask", ".csv", ".md", ".tex"),
            caption="../report/inverse_mask.rst",
            category="Tables",
        ),
        comparison=report(
            multiext("<results>/tables/paper_comparison", ".csv", ".md", ".tex"),
            caption="../report/paper_comparison.rst",
            category="Tables",
        ),
    log:
        "<results>/logs/render_tables.log",
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=by_attempt(1000),
        runtime=by_attempt(10),
    params:
        models=config["models"],
    message:
        "Rendering the tables"
    shell:
        "python {input.code[0]:q} --metrics {input.metrics:q} --models {params.models}"
        " --dice {input.dice:q} --published {input.published:q} --table1 {output.table1:q}"
        " --table2 {output.table2:q} --inverse-mask {output.inverse_mask:q}"
        " --comparison {output.comparison:q} > {log:q} 2>&1"


rule render_figure8:
    input:
        code=sources("render_figure8"),
        table2="<results>/tables/table2.csv",
        published="resources/paper_results.csv",
    output:
        figure=report(
            multiext("<results>/figures/figure8", ".svg", ".png"),
            caption="../report/figure8.rst",
            category="Figures",
        ),
    log:
        "<results>/logs/render_figure8.log",
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=by_attempt(1000),
        runtime=by_attempt(10),
    message:
        "Drawing Figure 8"
    shell:
        "python {input.code[0]:q} --table2 {input.table2:q} --published {input.published:q}"
        " --output {output.figure:q} > {log:q} 2>&1"
