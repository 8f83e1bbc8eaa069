rule score_dice:
    input:
        code=sources("score_dice"),
        shards=expand("<results>/rois/shard-{shard}.h5", shard=SHARDS),
        cams="<results>/cams/{explanation}/{model}/split-{split}.h5",
        split="<results>/splits/split-{split}.tsv",
        predictions="<results>/training/original/{model}/split-{split}/predictions.tsv",
    output:
        dice="<results>/dice/{explanation}/{model}/split-{split}.tsv",
        curves="<results>/dice/{explanation}/{model}/split-{split}.h5",
    log:
        "<results>/logs/score_dice/{explanation}/{model}/split-{split}.log",
    benchmark:
        "<results>/runtime/score_dice/{explanation}/{model}/split-{split}.tsv"
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=by_attempt(1000),
        runtime=by_attempt(20),
    message:
        "Scoring the CAMs of {wildcards.model} against the outlines (split {wildcards.split})"
    shell:
        "python {input.code[0]:q} --cams {input.cams:q} --shards {input.shards:q}"
        " --split {input.split:q} --predictions {input.predictions:q} --output {output.dice:q}"
        " --curves {output.curves:q} > {log:q} 2>&1"


rule score_baselines:
    input:
        code=sources("score_baselines"),
        shards=expand("<results>/rois/shard-{shard}.h5", shard=SHARDS),
        split="<results>/splits/split-{split}.tsv",
    output:
        dice="<results>/dice/baselines/split-{split}.tsv",
        curves="<results>/dice/baselines/split-{split}.h5",
    log:
        "<results>/logs/score_baselines/split-{split}.log",
    benchmark:
        "<results>/runtime/score_baselines/split-{split}.tsv"
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=by_attempt(2000),
        runtime=by_attempt(20),
    params:
        seed=config["seed"],
    message:
        "Scoring heat maps that look at no picture (split {wildcards.split})"
    shell:
        "python {input.code[0]:q} --shards {input.shards:q} --split {input.split:q}"
        " --seed {params.seed} --output {output.dice:q} --curves {output.curves:q}"
        " > {log:q} 2>&1"
