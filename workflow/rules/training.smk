rule train_classifier:
    """A classifier, trained to tell ROIs with a lesion from ROIs without in one regime."""
    input:
        code=lambda wildcards: code(
            "train_classifier", f"camseg.training.filters.{regime_of(wildcards)}"
        ),
        shards=ROIS,
        split="<results>/splits/split-{split}.tsv",
        cams=given("cams"),
        untrained=given("untrained"),
        verdicts=given("verdicts"),
        weights=lambda wildcards: MODELS[wildcards.model].weights_file or [],
        own=own_code_of,
        trained=lambda wildcards: MODELS[wildcards.model].trained or [],
    output:
        model="<results>/training/{regime}/{model}/split-{split}/model.keras",
        history="<results>/training/{regime}/{model}/split-{split}/history.csv",
        metrics="<results>/training/{regime}/{model}/split-{split}/metrics.json",
        predictions="<results>/training/{regime}/{model}/split-{split}/predictions.tsv",
    log:
        "<results>/logs/train_classifier/{regime}/{model}/split-{split}.log",
    benchmark:
        "<results>/runtime/train_classifier/{regime}/{model}/split-{split}.tsv"
    # the longest jobs, and what they wait for, go first: short ones fill the cores at the end
    priority: 2
    conda:
        TRAIN
    threads: config["training"]["threads"]
    resources:
        mem_mb=by_attempt(NETWORK_MB + config["execution"]["memory_mb"]),
        # the same at every attempt: a training goes on where its time ran out
        runtime=720,
        # how it runs, here and not among the parameters: it changes no result and repeats nothing
        execution=" ".join(to_arguments(ExecutionOptions, config["execution"])),
    params:
        regime=regime_of,
        classifier=lambda wildcards: to_arguments(
            ClassifierOptions, asdict(MODELS[wildcards.model])
        ),
        options=to_arguments(TrainingOptions, config["training"]),
        given=lambda wildcards, input: [
            part for name in GIVEN if input[name] for part in (f"--{name}", input[name])
        ],
        seed=seed_of,
    message:
        "Training {wildcards.model} on {wildcards.regime} ROIs (split {wildcards.split})"
    shell:
        "python {input.code[0]:q} --shards {input.shards:q} --split {input.split:q}"
        " --regime {params.regime} {params.classifier:q} {params.given:q} {params.options:q}"
        " {resources.execution} --seed {params.seed} --model {output.model:q}"
        " --history {output.history:q} --metrics {output.metrics:q}"
        " --predictions {output.predictions:q} > {log:q} 2>&1"
