rule check_cams:
    input:
        code=sources("check_cams"),
        shards=expand("<results>/rois/shard-{shard}.h5", shard=SHARDS),
        split="<results>/splits/split-{split}.tsv",
        model="<results>/training/original/{model}/split-{split}/model.keras",
    output:
        checks="<results>/sanity/{explanation}/{model}/split-{split}.tsv",
    log:
        "<results>/logs/check_cams/{explanation}/{model}/split-{split}.log",
    benchmark:
        "<results>/runtime/check_cams/{explanation}/{model}/split-{split}.tsv"
    conda:
        "../../envs/train.yaml"
    threads: config["training"]["threads"]
    resources:
        mem_mb=by_attempt(int(NETWORK_MB)),
        runtime=by_attempt(60),
    params:
        network=lambda wildcards: MODELS[wildcards.model].network,
        score=config["cam"]["score"],
        resize=config["cam"]["resize"],
        relu="--relu" if config["cam"]["relu"] else "--no-relu",
        training=config["training"],
        seed=config["seed"],
    message:
        "Checking whether the CAMs of {wildcards.model} depend on what they should"
        " (split {wildcards.split})"
    shell:
        "python {input.code[0]:q} --model {input.model:q} --network {params.network}"
        " --shards {input.shards:q} --split {input.split:q}"
        " --explanation {wildcards.explanation} --score {params.score} {params.relu}"
        " --resize {params.resize} --seed {params.seed}"
        " --threads {params.training[threads]} --batch-size {params.training[batch_size]}"
        " --output {output.checks:q} > {log:q} 2>&1"


rule measure_sensitivity:
    input:
        code=sources("measure_sensitivity"),
        shards=expand("<results>/rois/shard-{shard}.h5", shard=SHARDS),
        split="<results>/splits/split-{split}.tsv",
        model="<results>/training/original/{model}/split-{split}/model.keras",
    output:
        sensitivity="<results>/sensitivity/{explanation}/{model}/split-{split}.tsv",
    log:
        "<results>/logs/measure_sensitivity/{explanation}/{model}/split-{split}.log",
    benchmark:
        "<results>/runtime/measure_sensitivity/{explanation}/{model}/split-{split}.tsv"
    conda:
        "../../envs/train.yaml"
    threads: config["training"]["threads"]
    resources:
        mem_mb=by_attempt(int(NETWORK_MB)),
        runtime=by_attempt(60),
    params:
        network=lambda wildcards: MODELS[wildcards.model].network,
        training=config["training"],
    message:
        "Measuring how far the Dice of {wildcards.model} depends on how a CAM is made"
        " (split {wildcards.split})"
    shell:
        "python {input.code[0]:q} --model {input.model:q} --network {params.network}"
        " --shards {input.shards:q} --split {input.split:q}"
        " --explanation {wildcards.explanation} --threads {params.training[threads]}"
        " --batch-size {params.training[batch_size]} --output {output.sensitivity:q}"
        " > {log:q} 2>&1"


rule render_sanity:
    input:
        code=sources("render_sanity"),
        checks=expand(
            "<results>/sanity/{explanation}/{model}/split-{split}.tsv",
            explanation=EXPLANATION,
            model=MODELS,
            split=SPLITS,
        ),
        cams=expand(
            "<results>/cams/{explanation}/{model}/split-{split}.h5",
            explanation=EXPLANATION,
            model=MODELS,
            split=SPLITS,
        ),
    output:
        table=report_table("sanity", HEAT_MAPS, "Sanity checks"),
    log:
        "<results>/logs/render_sanity.log",
    benchmark:
        "<results>/runtime/render_sanity.tsv"
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=by_attempt(1000),
        runtime=by_attempt(10),
    params:
        models=DICE_MODELS,
    message:
        "Rendering the table of sanity checks"
    shell:
        "python {input.code[0]:q} --models {params.models} --checks {input.checks:q}"
        " --cams {input.cams:q} --output {output.table:q} > {log:q} 2>&1"


rule render_sensitivity:
    input:
        code=sources("render_sensitivity"),
        measured=f"<results>/sensitivity/{EXPLANATION}/{EXAMPLE}/split-{SPLIT}.tsv",
        dice=expand(
            "<results>/dice/{explanation}/{model}/split-{split}.tsv",
            explanation=EXPLANATION,
            model=MODELS,
            split=SPLIT,
        ),
    output:
        table=report_table("sensitivity", HEAT_MAPS, "Sensitivity to how a CAM is made"),
        spread=report_table("sensitivity_spread", HEAT_MAPS, "Spread of the sensitivity"),
    log:
        "<results>/logs/render_sensitivity.log",
    benchmark:
        "<results>/runtime/render_sensitivity.tsv"
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=by_attempt(1000),
        runtime=by_attempt(10),
    params:
        example=EXAMPLE,
        models=list(MODELS),
        score=config["cam"]["score"],
        target=config["cam"]["target"],
        resize=config["cam"]["resize"],
        relu="--relu" if config["cam"]["relu"] else "--no-relu",
    message:
        "Rendering the sensitivity of Dice to how a CAM is made"
    shell:
        "python {input.code[0]:q} --measured {input.measured:q} --example {params.example}"
        " --score {params.score} --target {params.target} {params.relu}"
        " --resize {params.resize} --models {params.models} --dice {input.dice:q}"
        " --table {output.table:q} --spread {output.spread:q} > {log:q} 2>&1"
