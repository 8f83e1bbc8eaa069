rule render_figure4:
    input:
        code=sources("render_figure4"),
        candidates="<results>/rois/candidates.tsv",
        index="<results>/index.tsv",
        cases=CASES,
    output:
        figure=report_figure("figure4", PICTURES, "Figure 4"),
    log:
        "<results>/logs/render_figure4.log",
    benchmark:
        "<results>/runtime/render_figure4.tsv"
    conda:
        "../../envs/ingest.yaml"
    threads: 1
    resources:
        mem_mb=by_attempt(2000),
        runtime=by_attempt(10),
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
        figure=report_figure("figure5", PICTURES, "Figure 5"),
    log:
        "<results>/logs/render_figure5.log",
    benchmark:
        "<results>/runtime/render_figure5.tsv"
    conda:
        "../../envs/ingest.yaml"
    threads: 1
    resources:
        mem_mb=by_attempt(2000),
        runtime=by_attempt(10),
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
        figure=report_figure("figure6", PICTURES, "Figure 6"),
    log:
        "<results>/logs/render_figure6.log",
    benchmark:
        "<results>/runtime/render_figure6.tsv"
    conda:
        "../../envs/ingest.yaml"
    threads: 1
    resources:
        mem_mb=by_attempt(2000),
        runtime=by_attempt(10),
    message:
        "Drawing Figure 6: samples of ROIs"
    shell:
        "python {input.code[0]:q} --candidates {input.candidates:q} --shards {input.shards:q}"
        " --output {output.figure:q} > {log:q} 2>&1"


rule render_figure7:
    input:
        code=sources("render_figure7"),
        shards=expand("<results>/rois/shard-{shard}.h5", shard=SHARDS),
        cams=expand(
            "<results>/cams/{explanation}/{model}/split-{split}.h5",
            explanation=EXPLANATION,
            model=MODELS,
            split=SPLIT,
        ),
        dice=expand(
            "<results>/dice/{explanation}/{model}/split-{split}.tsv",
            explanation=EXPLANATION,
            model=MODELS,
            split=SPLIT,
        ),
    output:
        figure=report_figure("figure7", PICTURES, "Figure 7"),
    log:
        "<results>/logs/render_figure7.log",
    benchmark:
        "<results>/runtime/render_figure7.tsv"
    conda:
        "../../envs/ingest.yaml"
    threads: 1
    resources:
        mem_mb=by_attempt(2000),
        runtime=by_attempt(10),
    params:
        models=list(MODELS),
    message:
        "Drawing Figure 7: one ROI and its CAMs by all models"
    shell:
        "python {input.code[0]:q} --shards {input.shards:q} --models {params.models}"
        " --cams {input.cams:q} --dice {input.dice:q} --output {output.figure:q} > {log:q} 2>&1"


rule render_figure9:
    input:
        code=sources("render_figure9"),
        shards=expand("<results>/rois/shard-{shard}.h5", shard=SHARDS),
        split=f"<results>/splits/split-{SPLIT}.tsv",
        dice=expand(
            "<results>/dice/{explanation}/{model}/split-{split}.tsv",
            explanation=EXPLANATION,
            model=MODELS,
            split=SPLIT,
        ),
    output:
        figure=report_figure("figure9", PICTURES, "Figure 9"),
    log:
        "<results>/logs/render_figure9.log",
    benchmark:
        "<results>/runtime/render_figure9.tsv"
    conda:
        "../../envs/ingest.yaml"
    threads: 1
    resources:
        mem_mb=by_attempt(2000),
        runtime=by_attempt(10),
    params:
        seed=config["seed"],
    message:
        "Drawing Figure 9: filtered ROIs"
    shell:
        "python {input.code[0]:q} --shards {input.shards:q} --split {input.split:q}"
        " --dice {input.dice:q} --seed {params.seed} --output {output.figure:q} > {log:q} 2>&1"


rule render_figure10:
    input:
        code=sources("render_figure10"),
        shards=expand("<results>/rois/shard-{shard}.h5", shard=SHARDS),
        cams=f"<results>/cams/{EXPLANATION}/{EXAMPLE}/split-{SPLIT}.h5",
        dice=f"<results>/dice/{EXPLANATION}/{EXAMPLE}/split-{SPLIT}.tsv",
    output:
        figure=report_figure("figure10", PICTURES, "Figure 10"),
    log:
        "<results>/logs/render_figure10.log",
    benchmark:
        "<results>/runtime/render_figure10.tsv"
    conda:
        "../../envs/ingest.yaml"
    threads: 1
    resources:
        mem_mb=by_attempt(2000),
        runtime=by_attempt(10),
    params:
        model=EXAMPLE,
    message:
        "Drawing Figure 10: ROIs and their CAMs by {params.model}"
    shell:
        "python {input.code[0]:q} --shards {input.shards:q} --model {params.model}"
        " --cams {input.cams:q} --dice {input.dice:q} --output {output.figure:q} > {log:q} 2>&1"


rule render_figure1:
    input:
        code=sources("render_figure1"),
        picture=picture_of_figure1,
        weights=([] if config["figure1"]["weights"] == "imagenet" else config["figure1"]["weights"]),
    output:
        figure=report_figure("figure1", PICTURES, "Figure 1"),
    log:
        "<results>/logs/render_figure1.log",
    benchmark:
        "<results>/runtime/render_figure1.tsv"
    conda:
        "../../envs/train.yaml"
    threads: config["training"]["threads"]
    resources:
        mem_mb=by_attempt(2500),
        runtime=by_attempt(30),
    params:
        weights=config["figure1"]["weights"],
        threads=config["training"]["threads"],
    message:
        "Drawing Figure 1: any picture and its CAM by ImageNet's Xception"
    shell:
        "python {input.code[0]:q} --picture {input.picture:q} --weights {params.weights:q}"
        " --threads {params.threads} --output {output.figure:q} > {log:q} 2>&1"


rule render_learning_curve:
    input:
        code=sources("render_learning_curve"),
        history="<results>/training/{regime}/{model}/split-{split}/history.csv",
        metrics="<results>/training/{regime}/{model}/split-{split}/metrics.json",
    output:
        figure=report(
            "<results>/figures/learning_curves/{regime}/{model}/split-{split}.svg",
            caption="../report/learning_curve.rst",
            category=CURVES,
            labels={"regime": "{regime}", "model": "{model}", "split": "{split}"},
        ),
    log:
        "<results>/logs/render_learning_curve/{regime}/{model}/split-{split}.log",
    benchmark:
        "<results>/runtime/render_learning_curve/{regime}/{model}/split-{split}.tsv"
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=by_attempt(1000),
        runtime=by_attempt(10),
    message:
        "Drawing the learning curve of {wildcards.model}, {wildcards.regime} (split {wildcards.split})"
    shell:
        "python {input.code[0]:q} --history {input.history:q} --metrics {input.metrics:q}"
        " --output {output.figure:q} > {log:q} 2>&1"
