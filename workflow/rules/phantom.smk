rule make_phantom:
    input:
        code=sources("make_phantom"),
    output:
        cases=directory("<results>/cases"),
    log:
        "<results>/logs/make_phantom.log",
    benchmark:
        "<results>/runtime/make_phantom.tsv"
    conda:
        "../../envs/ingest.yaml"
    threads: 1
    resources:
        mem_mb=by_attempt(1000),
        runtime=by_attempt(30),
    params:
        cases=config["phantom"]["cases"],
        contrast=config["phantom"]["contrast"],
        seed=config["seed"],
    message:
        "Writing a study of {params.cases} synthetic cases as DDSM files"
    shell:
        "python {input.code[0]:q} --output {output.cases:q} --cases {params.cases}"
        " --contrast {params.contrast} --seed {params.seed} > {log:q} 2>&1"
