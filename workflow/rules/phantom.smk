rule make_phantom:
    """A study of synthetic mammograms, written as the case folders of the DDSM."""
    input:
        code=code("make_phantom"),
    output:
        cases=directory("<results>/cases"),
    log:
        "<results>/logs/make_phantom.log",
    benchmark:
        "<results>/runtime/make_phantom.tsv"
    conda:
        INGEST
    resources:
        mem_mb=by_attempt(1000),
        runtime=by_attempt(30),
    params:
        cases=config["phantom"]["cases"],
        options=to_arguments(PhantomOptions, config["phantom"]),
        seed=config["seed"],
    message:
        "Writing a study of {params.cases} synthetic cases as DDSM files"
    shell:
        "python {input.code[0]:q} --output {output.cases:q} {params.options:q}"
        " --seed {params.seed} > {log:q} 2>&1"
