# How the study ran. These rules come last, so that they describe what is there.
rule summarise_runtime:
    input:
        RESULTS,
        code=sources("summarise_runtime"),
    output:
        table=report_table("runtime", RECORD, "Runtime", folder="runtime"),
        figure=report_figure("runtime", RECORD, "Where the time goes", folder="runtime"),
    log:
        "<results>/logs/summarise_runtime.log",
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=by_attempt(1000),
        runtime=by_attempt(10),
    params:
        folder=lambda wildcards, output: Path(output.table[0]).parent,
        jobs=MEASURED,
    message:
        "Adding up where the time went"
    shell:
        "python {input.code[0]:q} --runtime {params.folder:q} --jobs {params.jobs}"
        " --table {output.table:q} --figure {output.figure:q} > {log:q} 2>&1"


rule record_provenance:
    input:
        code=sources("record_provenance"),
        runtime="<results>/runtime/runtime.csv",
    output:
        configuration="<results>/provenance/configuration.yaml",
        page=reported("<results>/provenance/configuration.html", RECORD, "Configuration"),
        versions=report_table("versions", RECORD, "Versions", folder="provenance"),
    log:
        "<results>/logs/record_provenance.log",
    conda:
        "../../envs/train.yaml"
    threads: 1
    resources:
        mem_mb=by_attempt(1000),
        runtime=by_attempt(10),
    params:
        configuration=yaml.safe_dump(
            {key: value for key, value in config.items() if key != "execution"}
        ),
    message:
        "Recording configuration and versions"
    shell:
        "python {input.code[0]:q} --configuration {params.configuration:q} --text"
        " {output.configuration:q} --page {output.page:q} --versions {output.versions:q} > {log:q} 2>&1"
