rule compute_cams:
    """A model's heat maps, as scored and as their grid gives them, trained or untrained."""
    input:
        code=lambda wildcards: code(
            "compute_cams", f"camseg.explanations.methods.{method_of(wildcards)}"
        ),
        shards=ROIS,
        model="<results>/training/original/{model}/split-{split}/model.keras",
        own=own_code_of,
        split=lambda wildcards: (
            "<results>/splits/split-{split}.tsv"
            if EXPLANATIONS[method_of(wildcards)].background
            else []
        ),
    output:
        cams="<results>/cams/{explanation}/{model}/split-{split}.h5",
    log:
        "<results>/logs/compute_cams/{explanation}/{model}/split-{split}.log",
    benchmark:
        "<results>/runtime/compute_cams/{explanation}/{model}/split-{split}.tsv"
    priority: 1
    conda:
        TRAIN
    threads: config["training"]["threads"]
    resources:
        **NETWORK,
        # here and not among the parameters: it changes no result and repeats nothing
        save_every=config["execution"]["save_every_minutes"],
    params:
        network=lambda wildcards: MODELS[wildcards.model].network,
        method=method_of,
        # a normal ROI's map is not scored, so that networks alone may ask for it
        abnormal=lambda wildcards: (
            ["--abnormal"] if method_of(wildcards) in set(ALSO) - set(RETRAIN) else []
        ),
        split=lambda wildcards, input: ["--split", input.split] if input.split else [],
        untrained=lambda wildcards: (
            [] if wildcards.explanation in EXPLANATIONS else ["--untrained", seed_of(wildcards)]
        ),
        options=to_arguments(CamOptions, config["cam"]),
        batches=to_arguments(BatchOptions, config["training"]),
    message:
        "Explaining {wildcards.model} by {wildcards.explanation} (split {wildcards.split})"
    shell:
        "python {input.code[0]:q} --model {input.model:q} --network {params.network:q}"
        " --shards {input.shards:q} --explanation {params.method} {params.untrained}"
        " {params.abnormal} {params.split:q} {params.options:q} {params.batches:q}"
        " --save-every-minutes {resources.save_every} --output {output.cams:q} > {log:q} 2>&1"
