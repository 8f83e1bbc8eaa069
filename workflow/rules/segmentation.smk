rule train_segmenter:
    """A U-Net, trained to find the lesion by outlines, or by what stands for them, and its maps."""
    input:
        code=code("train_segmenter"),
        shards=ROIS,
        split="<results>/splits/split-{split}.tsv",
        cams=cams_of_segmenter,
        maps=maps_before,
    output:
        model="<results>/segmentation/{segmenter}/split-{split}/model.keras",
        history="<results>/segmentation/{segmenter}/split-{split}/history.csv",
        metrics="<results>/segmentation/{segmenter}/split-{split}/metrics.json",
        maps="<results>/segmentation/{segmenter}/split-{split}/maps.h5",
    log:
        "<results>/logs/train_segmenter/{segmenter}/split-{split}.log",
    benchmark:
        "<results>/runtime/train_segmenter/{segmenter}/split-{split}.tsv"
    wildcard_constraints:
        segmenter=segmentation.pattern(MODELS, trains=True),
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
        options=to_arguments(SegmentationOptions, config["segmentation"]),
        batches=to_arguments(StepOptions, config["training"]),
        given=lambda wildcards, input: [
            part for name in ("cams", "maps") if input[name] for part in (f"--{name}", input[name])
        ],
        seed=seed_of,
    message:
        "Training the U-Net {wildcards.segmenter} (split {wildcards.split})"
    shell:
        "python {input.code[0]:q} --segmenter {wildcards.segmenter} --shards {input.shards:q}"
        " --split {input.split:q} {params.given:q} {params.options:q} {params.batches:q}"
        " {resources.execution} --seed {params.seed} --model {output.model:q}"
        " --history {output.history:q} --metrics {output.metrics:q} --output {output.maps:q}"
        " > {log:q} 2>&1"


rule refine_cams:
    """A model's CAMs, refined by the ROIs themselves without a training."""
    input:
        code=code("refine_cams"),
        shards=ROIS,
        cams=cams_of_segmenter,
    output:
        maps="<results>/segmentation/{segmenter}/split-{split}/maps.h5",
    log:
        "<results>/logs/refine_cams/{segmenter}/split-{split}.log",
    benchmark:
        "<results>/runtime/refine_cams/{segmenter}/split-{split}.tsv"
    wildcard_constraints:
        segmenter=segmentation.pattern(MODELS, trains=False),
    conda:
        TRAIN
    resources:
        mem_mb=by_attempt(1000),
        runtime=by_attempt(60),
    params:
        method=lambda wildcards: segmentation.parts(wildcards.segmenter)[0],
        seed=seed_of,
    message:
        "Refining CAMs: {wildcards.segmenter} (split {wildcards.split})"
    shell:
        "python {input.code[0]:q} --method {params.method} --cams {input.cams:q}"
        " --shards {input.shards:q} --seed {params.seed} --output {output.maps:q} > {log:q} 2>&1"


rule score_segmenter:
    """The scores of a segmenter's maps, or of a model's CAMs beside them, ROI by ROI."""
    input:
        code=code("score_segmenter"),
        index="<results>/index.tsv",
        candidates="<results>/rois/candidates.tsv",
        shards=ROIS,
        split="<results>/splits/split-{split}.tsv",
        maps=maps_of_segmenter,
    output:
        "<results>/segmentation/scores/{segmenter}/split-{split}.tsv",
    log:
        "<results>/logs/score_segmenter/{segmenter}/split-{split}.log",
    benchmark:
        "<results>/runtime/score_segmenter/{segmenter}/split-{split}.tsv"
    conda:
        REPORT
    resources:
        mem_mb=by_attempt(1000),
        runtime=by_attempt(20),
    params:
        kind=lambda wildcards: "cams" if segmentation.is_cam(wildcards.segmenter) else "maps",
    message:
        "Scoring the maps of {wildcards.segmenter} (split {wildcards.split})"
    shell:
        "python {input.code[0]:q} --{params.kind} {input.maps:q} --shards {input.shards:q}"
        " --split {input.split:q} --index {input.index:q} --candidates {input.candidates:q}"
        " --output {output:q} > {log:q} 2>&1"
