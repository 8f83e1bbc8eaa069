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


rule measure_leaks:
    """What the place of ROIs, and their brightness, tell of the label by themselves, ROI by ROI."""
    input:
        code=code("measure_leaks"),
        index="<results>/index.tsv",
        candidates="<results>/rois/candidates.tsv",
        shards=ROIS,
        split="<results>/splits/split-{split}.tsv",
    output:
        "<results>/leaks/split-{split}.tsv",
    log:
        "<results>/logs/measure_leaks/split-{split}.log",
    benchmark:
        "<results>/runtime/measure_leaks/split-{split}.tsv"
    conda:
        REPORT
    resources:
        **SMALL,
    message:
        "Predicting labels from where ROIs lie, and how bright they are (split {wildcards.split})"
    shell:
        "python {input.code[0]:q} --shards {input.shards:q} --split {input.split:q}"
        " --index {input.index:q} --candidates {input.candidates:q} --output {output:q}"
        " > {log:q} 2>&1"


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
        seed=seed_of,
    message:
        "Scoring heat maps that no network made (split {wildcards.split})"
    shell:
        "python {input.code[0]:q} --shards {input.shards:q} --split {input.split:q}"
        " --index {input.index:q} --candidates {input.candidates:q} --seed {params.seed}"
        " --output {output.dice:q} --curves {output.curves:q} > {log:q} 2>&1"


rule score_untrained:
    """The scores of the heat maps of a model that has learned nothing: floors."""
    input:
        code=lambda wildcards: code(
            "score_untrained", f"camseg.explanations.methods.{wildcards.explanation}"
        ),
        index="<results>/index.tsv",
        candidates="<results>/rois/candidates.tsv",
        shards=ROIS,
        split="<results>/splits/split-{split}.tsv",
        model="<results>/training/original/{model}/split-{split}/model.keras",
        own=own_code_of,
    output:
        "<results>/dice/untrained/{explanation}/{model}/split-{split}.tsv",
    log:
        "<results>/logs/score_untrained/{explanation}/{model}/split-{split}.log",
    benchmark:
        "<results>/runtime/score_untrained/{explanation}/{model}/split-{split}.tsv"
    conda:
        TRAIN
    threads: config["training"]["threads"]
    resources:
        **NETWORK,
    params:
        network=lambda wildcards: MODELS[wildcards.model].network,
        name=lambda wildcards: f"untrained {wildcards.model}",
        options=to_arguments(MapOptions, config["cam"]),
        batches=to_arguments(BatchOptions, config["training"]),
        seed=seed_of,
    message:
        "Scoring the CAMs of {wildcards.model} with random weights (split {wildcards.split})"
    shell:
        "python {input.code[0]:q} --model {input.model:q} --network {params.network:q}"
        " --name {params.name:q} --shards {input.shards:q} --split {input.split:q}"
        " --index {input.index:q} --candidates {input.candidates:q}"
        " --explanation {wildcards.explanation} {params.options:q} {params.batches:q}"
        " --seed {params.seed} --output {output:q} > {log:q} 2>&1"


rule score_own_maps:
    """The scores of heat maps that were made elsewhere, of the source `maps`, and of the floors."""
    input:
        code=code("score_own_maps"),
        files=OWN_MAPS,
    output:
        heat_maps=report_table(
            "heat_maps",
            HEAT_MAPS,
            "Heat maps, floors and ceilings",
            folder="own_maps",
            caption="own_heat_maps",
        ),
        further=report_table(
            "heat_maps_scores",
            HEAT_MAPS,
            "Further scores of heat maps",
            folder="own_maps",
            caption="own_heat_maps_scores",
        ),
        figure=report_figure(
            "dice_curves",
            HEAT_MAPS,
            "Dice over the threshold",
            folder="own_maps",
            caption="own_dice_curves",
        ),
        scores="<results>/own_maps/scores.tsv",
        curves="<results>/own_maps/curves.h5",
        maps="<results>/own_maps/maps.h5",
    log:
        "<results>/logs/score_own_maps.log",
    benchmark:
        "<results>/runtime/score_own_maps.tsv"
    conda:
        INGEST
    resources:
        mem_mb=by_attempt(2000),
        runtime=by_attempt(60),
    params:
        folder=config["dataset"]["path"],
        strict="--strict" if config["strict"] else "",
    message:
        "Scoring the heat maps of {params.folder}"
    shell:
        "python {input.code[0]:q} {params.folder:q} {params.strict} --scores {output.scores:q}"
        " > {log:q} 2>&1"
