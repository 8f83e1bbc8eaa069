rule render_figure4:
    input:
        code=sources("render_figure4"),
        candidates="<results>/rois/candidates.tsv",
        index="<results>/index.tsv",
        cases=CASES,
    output:
        figure=report(
            multiext("<results>/figures/figure4", ".svg", ".png"),
            caption="../report/figure4.rst",
            category="Figures",
        ),
    log:
        "<results>/logs/render_figure4.log",
    conda:
        "../../envs/ingest.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    message:
        "Drawing Figure 4: a ROI in its mammogram"
    shell:
        "python {input.code[0]:q} --candidates {input.candidates:q} --index {input.index:q}"
        " --data {input.cases:q} --output {output.figure:q} > {log:q} 2>&1"


rule render_figure5:
    input:
        code=sources("render_figure5"),
        candidates="<results>/rois/candidates.tsv",
        index="<results>/index.tsv",
        cases=CASES,
    output:
        figure=report(
            multiext("<results>/figures/figure5", ".svg", ".png"),
            caption="../report/figure5.rst",
            category="Figures",
        ),
    log:
        "<results>/logs/render_figure5.log",
    conda:
        "../../envs/ingest.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    message:
        "Drawing Figure 5: the padding of a ROI"
    shell:
        "python {input.code[0]:q} --candidates {input.candidates:q} --index {input.index:q}"
        " --data {input.cases:q} --output {output.figure:q} > {log:q} 2>&1"


rule render_figure6:
    input:
        code=sources("render_figure6"),
        candidates="<results>/rois/candidates.tsv",
        shards=expand("<results>/rois/shard-{shard}.h5", shard=SHARDS),
    output:
        figure=report(
            multiext("<results>/figures/figure6", ".svg", ".png"),
            caption="../report/figure6.rst",
            category="Figures",
        ),
    log:
        "<results>/logs/render_figure6.log",
    conda:
        "../../envs/ingest.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    message:
        "Drawing Figure 6: samples of ROIs"
    shell:
        "python {input.code[0]:q} --candidates {input.candidates:q} --shards {input.shards:q}"
        " --output {output.figure:q} > {log:q} 2>&1"
