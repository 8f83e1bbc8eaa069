rule extract_rois:
    """The ROIs of a shard of the cases, and what became of every candidate."""
    input:
        code=code("extract_rois", READER),
        cases=CASES,
        index="<results>/index.tsv",
    output:
        rois="<results>/rois/shard-{shard}.h5",
        candidates="<results>/rois/candidates-{shard}.tsv",
    log:
        "<results>/logs/extract_rois/{shard}.log",
    benchmark:
        "<results>/runtime/extract_rois/{shard}.tsv"
    conda:
        INGEST
    resources:
        mem_mb=by_attempt(2000),
        runtime=by_attempt(240),
    params:
        shards=len(ROIS),
        options=to_arguments(RoiOptions, config["rois"]),
        whole="--whole" if SOURCE.whole else "",
        seed=config["seed"],
    message:
        "Cutting ROIs of shard {wildcards.shard}"
    shell:
        "python {input.code[0]:q} --index {input.index:q} --data {input.cases:q}"
        " --shard {wildcards.shard} --shards {params.shards} {params.options:q}"
        " {params.whole} --seed {params.seed} --rois {output.rois:q} --candidates {output.candidates:q}"
        " > {log:q} 2>&1"


rule merge_candidates:
    """What became of the candidate ROIs of all shards; an error if none is left to train on."""
    input:
        code=code("merge_candidates"),
        tables=[Path(shard).with_name(f"candidates-{n}.tsv") for n, shard in enumerate(ROIS)],
    output:
        table="<results>/rois/candidates.tsv",
    log:
        "<results>/logs/merge_candidates.log",
    benchmark:
        "<results>/runtime/merge_candidates.tsv"
    conda:
        INGEST
    resources:
        **SMALL,
    params:
        strict="--strict" if config["strict"] else "",
    message:
        "Counting what became of the candidate ROIs"
    shell:
        "python {input.code[0]:q} {input.tables:q} --output {output.table:q} {params.strict}"
        " > {log:q} 2>&1"


rule split_rois:
    """Which ROIs are for training and which for validation."""
    input:
        code=code("split_rois"),
        shards=ROIS,
        # ends the run with the reasons if no usable ROI is left
        candidates="<results>/rois/candidates.tsv",
    output:
        split="<results>/splits/split-{split}.tsv",
    log:
        "<results>/logs/split_rois/split-{split}.log",
    benchmark:
        "<results>/runtime/split_rois/split-{split}.tsv"
    conda:
        INGEST
    resources:
        **SMALL,
    params:
        number=lambda wildcards: runs.split_of(wildcards.split),
        options=to_arguments(SplitOptions, config["split"]),
        seed=config["seed"],
    message:
        "Dividing the ROIs into training and validation (split {wildcards.split})"
    shell:
        "python {input.code[0]:q} --shards {input.shards:q} --split {params.number}"
        " {params.options:q} --seed {params.seed} --output {output.split:q} > {log:q} 2>&1"
