rule shrink_views:
    """A small picture of every view that a shard's ROIs were cut from."""
    input:
        code=code("shrink_views", READER),
        cases=CASES,
        index="<results>/index.tsv",
        candidates="<results>/rois/candidates.tsv",
        shard="<results>/rois/shard-{shard}.h5",
    output:
        "<results>/rois/views-{shard}.json",
    log:
        "<results>/logs/shrink_views/{shard}.log",
    benchmark:
        "<results>/runtime/shrink_views/{shard}.tsv"
    conda:
        INGEST
    resources:
        mem_mb=by_attempt(2000),
        runtime=by_attempt(120),
    message:
        "Making small pictures of the views of shard {wildcards.shard}"
    shell:
        "python {input.code[0]:q} --shard {input.shard:q} --index {input.index:q}"
        " --candidates {input.candidates:q} --data {input.cases:q} --output {output:q}"
        " > {log:q} 2>&1"


rule pack_rois:
    """What the explorer shows of a shard's ROIs: images, outlines, heat maps, Dice curves."""
    input:
        code=code("pack_rois"),
        index="<results>/index.tsv",
        candidates="<results>/rois/candidates.tsv",
        shard="<results>/rois/shard-{shard}.h5",
        views="<results>/rois/views-{shard}.json",
        cams=of_methods("<results>/cams/{explanation}/{model}/split-{split}.h5"),
        scores=of_methods("<results>/dice/{explanation}/{model}/split-{split}.tsv"),
        curves=of_methods("<results>/dice/{explanation}/{model}/split-{split}.h5"),
    output:
        "<results>/explorer/rois-{shard}.js",
    log:
        "<results>/logs/pack_rois/{shard}.log",
    benchmark:
        "<results>/runtime/pack_rois/{shard}.tsv"
    conda:
        INGEST
    resources:
        mem_mb=by_attempt(2000),
        runtime=by_attempt(20),
    params:
        explanations=[method for method in METHODS for _ in DICE_MODELS],
        models=DICE_MODELS * len(METHODS),
    message:
        "Packing the ROIs of shard {wildcards.shard} for the explorer"
    shell:
        "python {input.code[0]:q} --shard {input.shard:q} --number {wildcards.shard}"
        " --index {input.index:q} --candidates {input.candidates:q} --views {input.views:q}"
        " --explanations {params.explanations:q} --models {params.models} --cams {input.cams:q}"
        " --scores {input.scores:q} --curves {input.curves:q} --output {output:q} > {log:q} 2>&1"


rule render_explorer:
    """A page to look at every ROI, its heat maps and verdicts; it needs the packed ROIs beside it."""
    input:
        code=code("render_explorer"),
        # in the order that a browser reads them
        page=[
            beside(f"scripts/camseg/explorer/{name}")
            for name in ("page.html", "page.css", "unpack.js", "state.js", "draw.js", "view.js")
        ],
        index="<results>/index.tsv",
        candidates="<results>/rois/candidates.tsv",
        shards=ROIS,
        splits=expand("<results>/splits/split-{split}.tsv", split=SPLITS),
        scores=of_methods("<results>/dice/{explanation}/{model}/split-{split}.tsv"),
        cams=f"<results>/cams/{EXPLANATION}/{EXAMPLE}/split-{SPLIT}.h5",
        predictions=of_trainings(
            "<results>/training/{regime}/{model}/split-{split}/predictions.tsv",
            REGIMES | RETRAINED,
        ),
    output:
        "<results>/explorer/index.html",
    log:
        "<results>/logs/render_explorer.log",
    benchmark:
        "<results>/runtime/render_explorer.tsv"
    conda:
        INGEST
    resources:
        mem_mb=by_attempt(2000),
        runtime=by_attempt(10),
    params:
        title=SOURCE.title + (": boxes stand for the lesions' outlines" if SOURCE.boxes else ""),
        explanations=[method for method in METHODS for _ in DICE_MODELS],
        titles=[EXPLANATIONS[method].title for method in METHODS],
        models=DICE_MODELS * len(METHODS),
        regimes=of_trainings("{regime}", REGIMES | RETRAINED),
        trained=of_trainings("{model}", REGIMES | RETRAINED),
        shown=EXAMPLE,
    message:
        "Writing the explorer of all ROIs"
    shell:
        "python {input.code[0]:q} --page {input.page:q} --title {params.title:q}"
        " --shards {input.shards:q} --index {input.index:q} --candidates {input.candidates:q}"
        " --splits {input.splits:q} --explanations {params.explanations:q}"
        " --titles {params.titles:q} --models {params.models} --scores {input.scores:q}"
        " --regimes {params.regimes:q} --trained {params.trained} --shown {params.shown}"
        " --cams {input.cams:q} --predictions {input.predictions:q} --output {output:q}"
        " > {log:q} 2>&1"
