rule check_cams:
    """Whether a model's heat maps depend on its weights, the class, the image and the place."""
    input:
        # the study's quick methods in one job, which starts and traces the network once
        code=code("check_cams", *(f"camseg.explanations.methods.{each}" for each in QUICK)),
        shards=ROIS,
        split="<results>/splits/split-{split}.tsv",
        model="<results>/training/original/{model}/split-{split}/model.keras",
        own=own_code_of,
    output:
        checks=of_quick("<results>/sanity/{explanation}/{{model}}/split-{{split}}.tsv"),
        locality=of_quick("<results>/locality/{explanation}/{{model}}/split-{{split}}.tsv"),
    log:
        "<results>/logs/check_cams/{model}/split-{split}.log",
    benchmark:
        "<results>/runtime/check_cams/{model}/split-{split}.tsv"
    conda:
        TRAIN
    threads: config["training"]["threads"]
    resources:
        **NETWORK,
    params:
        explanations=lambda wildcards: getattr(wildcards, "explanation", QUICK),
        network=lambda wildcards: MODELS[wildcards.model].network,
        options=to_arguments(MapOptions, config["cam"]),
        batches=to_arguments(BatchOptions, config["training"]),
        seed=seed_of,
    message:
        "Checking whether the CAMs of {wildcards.model} depend on what they should"
        " (split {wildcards.split})"
    shell:
        "python {input.code[0]:q} --model {input.model:q} --network {params.network:q}"
        " --shards {input.shards:q} --split {input.split:q}"
        " --explanations {params.explanations} {params.options:q} {params.batches:q}"
        " --seed {params.seed} --output {output.checks:q} --locality {output.locality:q}"
        " > {log:q} 2>&1"


use rule check_cams as check_costly_cams with:
    input:
        # one method, which may have the network run for hours: not again for another one's sake
        code=lambda wildcards: code(
            "check_cams", f"camseg.explanations.methods.{wildcards.explanation}"
        ),
        shards=ROIS,
        split="<results>/splits/split-{split}.tsv",
        model="<results>/training/original/{model}/split-{split}/model.keras",
        own=own_code_of,
    output:
        checks="<results>/sanity/{explanation}/{model}/split-{split}.tsv",
        locality="<results>/locality/{explanation}/{model}/split-{split}.tsv",
    log:
        "<results>/logs/check_cams/{explanation}/{model}/split-{split}.log",
    benchmark:
        "<results>/runtime/check_cams/{explanation}/{model}/split-{split}.tsv"
    wildcard_constraints:
        explanation="|".join(each for each in EXPLANATIONS if each not in QUICK),


rule measure_sensitivity:
    """A model's Dice for combinations of score, class, layer, and how maps are made grey."""
    input:
        code=lambda wildcards: code(
            "measure_sensitivity", f"camseg.explanations.methods.{wildcards.explanation}"
        ),
        shards=ROIS,
        split="<results>/splits/split-{split}.tsv",
        model="<results>/training/original/{model}/split-{split}/model.keras",
        own=own_code_of,
    output:
        sensitivity="<results>/sensitivity/{explanation}/{model}/split-{split}.tsv",
    log:
        "<results>/logs/measure_sensitivity/{explanation}/{model}/split-{split}.log",
    benchmark:
        "<results>/runtime/measure_sensitivity/{explanation}/{model}/split-{split}.tsv"
    conda:
        TRAIN
    threads: config["training"]["threads"]
    resources:
        **NETWORK,
    params:
        network=lambda wildcards: MODELS[wildcards.model].network,
        options=to_arguments(Enlargement, config["cam"]),
        batches=to_arguments(BatchOptions, config["training"]),
    message:
        "Measuring how far the Dice of {wildcards.model} depends on how a CAM is made"
        " (split {wildcards.split})"
    shell:
        "python {input.code[0]:q} --model {input.model:q} --network {params.network:q}"
        " --shards {input.shards:q} --split {input.split:q}"
        " --explanation {wildcards.explanation} {params.options:q} {params.batches:q}"
        " --output {output.sensitivity:q} > {log:q} 2>&1"


rule transplant_regions:
    """What becomes of a model's margin once a region of a ROI is the opposite breast's tissue."""
    input:
        code=lambda wildcards: code(
            "transplant_regions", f"camseg.explanations.methods.{wildcards.explanation}"
        ),
        shards=ROIS,
        split="<results>/splits/split-{split}.tsv",
        model="<results>/training/original/{model}/split-{split}/model.keras",
        own=own_code_of,
        cams="<results>/cams/{explanation}/{model}/split-{split}.h5",
    output:
        transplant="<results>/transplant/{explanation}/{model}/split-{split}.tsv",
    log:
        "<results>/logs/transplant_regions/{explanation}/{model}/split-{split}.log",
    benchmark:
        "<results>/runtime/transplant_regions/{explanation}/{model}/split-{split}.tsv"
    conda:
        TRAIN
    threads: config["training"]["threads"]
    resources:
        **NETWORK,
    params:
        network=lambda wildcards: MODELS[wildcards.model].network,
        options=to_arguments(MapOptions, config["cam"]),
        batches=to_arguments(BatchOptions, config["training"]),
        normal=[
            *(["--mirrored"] if config["rois"]["normal"] == "contralateral" else []),
            *(["--any-normal"] if SOURCE.whole else []),
        ],
        seed=seed_of,
    message:
        "Replacing regions of ROIs by the opposite breast's, as {wildcards.model} sees it"
        " (split {wildcards.split})"
    shell:
        "python {input.code[0]:q} --model {input.model:q} --network {params.network:q}"
        " --shards {input.shards:q} --split {input.split:q} --cams {input.cams:q}"
        " --explanation {wildcards.explanation} {params.options:q} {params.batches:q}"
        " {params.normal:q} --seed {params.seed} --output {output.transplant:q} > {log:q} 2>&1"
