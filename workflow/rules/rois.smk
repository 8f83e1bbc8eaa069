rule index_cases:
    input:
        code=sources("index_cases"),
        cases=CASES,
    output:
        index="<results>/index.tsv",
    log:
        "<results>/logs/index_cases.log",
    benchmark:
        "<results>/runtime/index_cases.tsv"
    conda:
        "../../envs/ingest.yaml"
    threads: 1
    resources:
        mem_mb=by_attempt(1000),
        runtime=by_attempt(60),
    params:
        source=SOURCE,
        lesion_types=config["selection"]["lesion_types"] or [],
        pathologies=config["selection"]["pathologies"] or [],
        volumes=config["selection"]["volumes"] or [],
        grey=config["rois"]["grey"],
        strict="--strict" if config["strict"] else "",
    message:
        "Indexing the cases of {input.cases}"
    shell:
        "python {input.code[0]:q} {input.cases:q} --source {params.source}"
        " --output {output.index:q} --lesion-types {params.lesion_types:q}"
        " --pathologies {params.pathologies:q} --volumes {params.volumes:q}"
        " --grey {params.grey} {params.strict} > {log:q} 2>&1"


rule extract_rois:
    input:
        code=sources("extract_rois"),
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
        "../../envs/ingest.yaml"
    threads: 1
    resources:
        mem_mb=by_attempt(2000),
        runtime=by_attempt(240),
    params:
        rois=config["rois"],
        seed=config["seed"],
    message:
        "Cutting ROIs of shard {wildcards.shard}"
    shell:
        "python {input.code[0]:q} --index {input.index:q} --data {input.cases:q}"
        " --shard {wildcards.shard} --shards {params.rois[shards]}"
        " --size {params.rois[size]} --padding {params.rois[padding]}"
        " --outline {params.rois[outline]} --overlap {params.rois[overlap]}"
        " --min-breast-share {params.rois[min_breast_share]} --seed {params.seed}"
        " --rois {output.rois:q} --candidates {output.candidates:q} > {log:q} 2>&1"


rule merge_candidates:
    input:
        code=sources("merge_candidates"),
        tables=expand("<results>/rois/candidates-{shard}.tsv", shard=SHARDS),
    output:
        table="<results>/rois/candidates.tsv",
    log:
        "<results>/logs/merge_candidates.log",
    benchmark:
        "<results>/runtime/merge_candidates.tsv"
    conda:
        "../../envs/ingest.yaml"
    threads: 1
    resources:
        mem_mb=by_attempt(1000),
        runtime=by_attempt(10),
    params:
        strict="--strict" if config["strict"] else "",
    message:
        "Counting what became of the candidate ROIs"
    shell:
        "python {input.code[0]:q} {input.tables:q} --output {output.table:q} {params.strict}"
        " > {log:q} 2>&1"


rule split_rois:
    input:
        code=sources("split_rois"),
        shards=expand("<results>/rois/shard-{shard}.h5", shard=SHARDS),
        # ends the run with the reasons if no usable ROI is left
        candidates="<results>/rois/candidates.tsv",
    output:
        split="<results>/splits/split-{split}.tsv",
    log:
        "<results>/logs/split_rois/split-{split}.log",
    benchmark:
        "<results>/runtime/split_rois/split-{split}.tsv"
    conda:
        "../../envs/ingest.yaml"
    threads: 1
    resources:
        mem_mb=by_attempt(1000),
        runtime=by_attempt(10),
    params:
        by=config["split"]["by"],
        cap=(
            ["--max-abnormal", config["split"]["max_abnormal"]]
            if config["split"]["max_abnormal"]
            else []
        ),
        seed=config["seed"],
    message:
        "Dividing the ROIs into training and validation (split {wildcards.split})"
    shell:
        "python {input.code[0]:q} --shards {input.shards:q} --split {wildcards.split}"
        " --by {params.by} {params.cap} --seed {params.seed} --output {output.split:q}"
        " > {log:q} 2>&1"
