rule train_classifier:
    input:
        code=sources("train_classifier"),
        shards=expand("<results>/rois/shard-{shard}.h5", shard=SHARDS),
        split="<results>/splits/split-{split}.tsv",
        cams=cams_for_filter,
        weights=weights_file,
    output:
        model="<results>/training/{regime}/{model}/split-{split}/model.keras",
        history="<results>/training/{regime}/{model}/split-{split}/history.csv",
        metrics="<results>/training/{regime}/{model}/split-{split}/metrics.json",
        predictions="<results>/training/{regime}/{model}/split-{split}/predictions.tsv",
    log:
        "<results>/logs/train_classifier/{regime}/{model}/split-{split}.log",
    benchmark:
        "<results>/runtime/train_classifier/{regime}/{model}/split-{split}.tsv"
    conda:
        "../../envs/train.yaml"
    threads: config["training"]["threads"]
    resources:
        mem_mb=by_attempt(int(NETWORK_MB) + config["execution"]["memory_mb"]),
        # the same at every attempt: a training goes on where its time ran out
        runtime=720,  # on a retry it goes on where it was
        # how it runs, here and not among the parameters: these change no result and repeat nothing
        rois_mb=config["execution"]["memory_mb"],
        save_every_minutes=config["execution"]["save_every_minutes"],
        tensorboard=int(config["execution"]["tensorboard"]),
    params:
        classifier=classifier_options,
        training=config["training"],
        cams=lambda wildcards, input: ["--cams", input.cams] if input.cams else [],
        flips="--flips" if config["training"]["flips"] else "--no-flips",
        class_weights=config["training"]["class_weights"] or "none",
        momentum=(
            "none"
            if config["training"]["batchnorm_momentum"] is None
            else config["training"]["batchnorm_momentum"]
        ),
        seed=config["seed"],
    message:
        "Training {wildcards.model} on {wildcards.regime} ROIs (split {wildcards.split})"
    shell:
        "python {input.code[0]:q} --shards {input.shards:q} --split {input.split:q}"
        " --regime {wildcards.regime} {params.classifier:q} {params.cams:q}"
        " --seed {params.seed} --epochs {params.training[epochs]}"
        " --patience {params.training[patience]} --monitor {params.training[monitor]}"
        " --keep {params.training[keep]} --batch-size {params.training[batch_size]}"
        " --learning-rate {params.training[learning_rate]}"
        " --schedule {params.training[schedule]} --class-weights {params.class_weights}"
        " {params.flips} --rotation {params.training[rotation]}"
        " --batchnorm-momentum {params.momentum} --threads {params.training[threads]}"
        " --save-every {resources.save_every_minutes} --memory {resources.rois_mb}"
        " --tensorboard {resources.tensorboard}"
        " --model {output.model:q} --history {output.history:q}"
        " --metrics {output.metrics:q} --predictions {output.predictions:q} > {log:q} 2>&1"
