rule index_cases:
    """Which cases and views there are, usable or rejected and why: headers and text only."""
    input:
        code=code("index_cases", READER),
        cases=CASES,
    output:
        index="<results>/index.tsv",
    log:
        "<results>/logs/index_cases.log",
    benchmark:
        "<results>/runtime/index_cases.tsv"
    conda:
        INGEST
    resources:
        mem_mb=by_attempt(1000),
        runtime=by_attempt(60),
    params:
        source=SOURCE.reader,
        listing=["--listing", SOURCE.listing] if SOURCE.listing else [],
        grey=to_arguments(GreyOptions, config["rois"]),
        selection=to_arguments(Selection, config["selection"]),
        normal_images="--normal-images" if NORMAL_IMAGES else "",
        strict="--strict" if config["strict"] else "",
    message:
        "Indexing the cases of {input.cases}"
        + (f"; a run would end here: {UNLISTED}" if UNLISTED else "")
    shell:
        "python {input.code[0]:q} {input.cases:q} --source {params.source}"
        " {params.listing:q} {params.grey:q} {params.selection:q} {params.normal_images} {params.strict}"
        " --output {output.index:q} > {log:q} 2>&1"


rule digest_inputs:
    """What every file of the data is that the study reads: its size and SHA-256."""
    input:
        code=code("digest_inputs"),
        cases=OWN_MAPS if BRINGS_MAPS else CASES,
        index=[] if BRINGS_MAPS else "<results>/index.tsv",
    output:
        digests="<results>/provenance/inputs.tsv",
    log:
        "<results>/logs/digest_inputs.log",
    conda:
        INGEST
    resources:
        mem_mb=by_attempt(1000),
        runtime=by_attempt(120),
    params:
        data=config["dataset"]["path"],
        listing=["--listing", SOURCE.listing] if SOURCE.listing else [],
        index=lambda wildcards, input: ["--index", input.index] if input.index else [],
    message:
        "Recording what every file of {params.data} is"
    shell:
        "python {input.code[0]:q} {params.data:q} {params.index:q} {params.listing:q}"
        " --output {output.digests:q} > {log:q} 2>&1"
