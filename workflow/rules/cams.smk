rule compute_cams:
    input:
        code=sources("compute_cams"),
        shards=expand("<results>/rois/shard-{shard}.h5", shard=SHARDS),
        model="<results>/training/original/{model}/split-{split}/model.keras",
    output:
        cams="<results>/cams/{explanation}/{model}/split-{split}.h5",
    log:
        "<results>/logs/compute_cams/{explanation}/{model}/split-{split}.log",
    benchmark:
        "<results>/runtime/compute_cams/{explanation}/{model}/split-{split}.tsv"
    conda:
        "../../envs/train.yaml"
    threads: config["training"]["threads"]
    resources:
        mem_mb=by_attempt(int(NETWORK_MB)),
        runtime=by_attempt(60),
    params:
        network=lambda wildcards: MODELS[wildcards.model].network,
        score=config["cam"]["score"],
        target=config["cam"]["target"],
        resize=config["cam"]["resize"],
        relu="--relu" if config["cam"]["relu"] else "--no-relu",
        training=config["training"],
    message:
        "Explaining {wildcards.model} on every ROI (split {wildcards.split})"
    shell:
        "python {input.code[0]:q} --model {input.model:q} --network {params.network}"
        " --shards {input.shards:q} --explanation {wildcards.explanation}"
        " --score {params.score} --target {params.target} {params.relu}"
        " --resize {params.resize} --threads {params.training[threads]}"
        " --batch-size {params.training[batch_size]} --output {output.cams:q} > {log:q} 2>&1"
