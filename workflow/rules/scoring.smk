rule score_dice:
    """The scores of a model's heat maps against the outlines, ROI by ROI."""
    input:
        code=code("score_dice"),
        index="<results>/index.tsv",
        candidates="<results>/rois/candidates.tsv",
        shards=ROIS,
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
        REPORT
    resources:
        mem_mb=by_attempt(1000),
        runtime=by_attempt(20),
    message:
        "Scoring the CAMs of {wildcards.model} against the outlines (split {wildcards.split})"
    shell:
        "python {input.code[0]:q} --cams {input.cams:q} --shards {input.shards:q}"
        " --split {input.split:q} --index {input.index:q} --candidates {input.candidates:q}"
        " --predictions {input.predictions:q} --output {output.dice:q}"
        " --curves {output.curves:q} > {log:q} 2>&1"


rule probe_cams:
    """What a model's heat maps tell of the label by themselves, without any pixel, ROI by ROI."""
    input:
        code=code("probe_cams"),
        cams="<results>/cams/{explanation}/{model}/split-{split}.h5",
        split="<results>/splits/split-{split}.tsv",
        predictions="<results>/training/original/{model}/split-{split}/predictions.tsv",
    output:
        "<results>/probe/{explanation}/{model}/split-{split}.tsv",
    log:
        "<results>/logs/probe_cams/{explanation}/{model}/split-{split}.log",
    benchmark:
        "<results>/runtime/probe_cams/{explanation}/{model}/split-{split}.tsv"
    conda:
        REPORT
    resources:
        **SMALL,
    message:
        "Predicting labels from the CAMs of {wildcards.model} alone (split {wildcards.split})"
    shell:
        "python {input.code[0]:q} --cams {input.cams:q} --split {input.split:q}"
        " --predictions {input.predictions:q} --output {output:q} > {log:q} 2>&1"


rule score_baselines:
    """The scores of heat maps that no network made: the floors."""
    input:
        code=code("score_baselines"),
        index="<results>/index.tsv",
        candidates="<results>/rois/candidates.tsv",
        shards=ROIS,
        split="<results>/splits/split-{split}.tsv",
    output:
        dice="<results>/dice/baselines/split-{split}.tsv",
        curves="<results>/dice/baselines/split-{split}.h5",
    log:
        "<results>/logs/score_baselines/split-{split}.log",
    benchmark:
        "<results>/runtime/score_baselines/split-{split}.tsv"
    conda:
        REPORT
    resources:
        mem_mb=by_attempt(2000),
        runtime=by_attempt(20),
    params:
        seed=config["seed"],
    message:
        "Scoring heat maps that no network made (split {wildcards.split})"
    shell:
        "python {input.code[0]:q} --shards {input.shards:q} --split {input.split:q}"
        " --index {input.index:q} --candidates {input.candidates:q} --seed {params.seed}"
        " --output {output.dice:q} --curves {output.curves:q} > {log:q} 2>&1"
