rule score_dice:
    input:
        code=sources("score_dice"),
        shards=expand("<results>/rois/shard-{shard}.h5", shard=SHARDS),
        cams="<results>/cams/{explanation}/{model}/split-{split}.h5",
        split="<results>/splits/split-{split}.tsv",
        predictions="<results>/training/original/{model}/split-{split}/predictions.tsv",
    output:
        dice="<results>/dice/{explanation}/{model}/split-{split}.tsv",
    log:
        "<results>/logs/score_dice/{explanation}/{model}/split-{split}.log",
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
        " > {log:q} 2>&1"
