rule render_figure1:
    """Any image, and the CAM of what ImageNet's Xception takes it for."""
    input:
        code=code("render_figure1", "camseg.explanations.methods.grad_cam"),
        caption=beside("workflow/report/figure1.rst"),
        image=image_of_figure1,
        weights=([] if config["figure1"]["weights"] == "imagenet" else config["figure1"]["weights"]),
    output:
        figure=report_figure("figure1", SAMPLES, "Figure 1"),
    log:
        "<results>/logs/render_figure1.log",
    benchmark:
        "<results>/runtime/render_figure1.tsv"
    conda:
        TRAIN
    threads: config["training"]["threads"]
    resources:
        mem_mb=by_attempt(2500),
        runtime=by_attempt(30),
    params:
        weights=config["figure1"]["weights"],
        threads=config["training"]["threads"],
    message:
        "Drawing Figure 1: any image and its CAM by ImageNet's Xception"
    shell:
        "python {input.code[0]:q} --image {input.image:q} --weights {params.weights:q}"
        " --threads {params.threads} --caption {input.caption:q} --output {output.figure:q}"
        " > {log:q} 2>&1"


rule render_figures4_5:
    """A ROI in its mammogram, and the padding round its lesion."""
    input:
        code=code("render_figures4_5", READER),
        caption=[beside(f"workflow/report/figure{number}.rst") for number in (4, 5)],
        candidates="<results>/rois/candidates.tsv",
        index="<results>/index.tsv",
        cases=CASES,
    output:
        figure4=report_figure("figure4", SAMPLES, "Figure 4"),
        figure5=report_figure("figure5", SAMPLES, "Figure 5"),
    log:
        "<results>/logs/render_figures4_5.log",
    benchmark:
        "<results>/runtime/render_figures4_5.tsv"
    conda:
        INGEST
    resources:
        mem_mb=by_attempt(2000),
        runtime=by_attempt(10),
    params:
        note=NOTE,
    message:
        "Drawing Figures 4 and 5: a ROI in its mammogram, and its padding"
    shell:
        "python {input.code[0]:q} --candidates {input.candidates:q} --index {input.index:q}"
        " --data {input.cases:q} --caption {input.caption:q} {params.note:q}"
        " --figure4 {output.figure4:q} --figure5 {output.figure5:q} > {log:q} 2>&1"


rule render_figure6:
    """Samples of normal and abnormal ROIs, and of the lesions' masks."""
    input:
        code=code("render_figure6"),
        caption=beside("workflow/report/figure6.rst"),
        candidates="<results>/rois/candidates.tsv",
        shards=ROIS,
    output:
        figure=report_figure("figure6", SAMPLES, "Figure 6"),
    log:
        "<results>/logs/render_figure6.log",
    benchmark:
        "<results>/runtime/render_figure6.tsv"
    conda:
        INGEST
    resources:
        mem_mb=by_attempt(2000),
        runtime=by_attempt(10),
    params:
        note=NOTE,
    message:
        "Drawing Figure 6: samples of ROIs"
    shell:
        "python {input.code[0]:q} --candidates {input.candidates:q} --shards {input.shards:q}"
        " --caption {input.caption:q} {params.note:q} --output {output.figure:q}"
        " > {log:q} 2>&1"


rule render_figure7:
    """One abnormal ROI, its mask, and its CAMs by all models."""
    input:
        code=code("render_figure7"),
        caption=beside("workflow/report/figure7.rst"),
        shards=ROIS,
        cams=of_models("<results>/cams/{explanation}/{model}/split-{split}.h5", SPLIT),
        dice=of_models("<results>/dice/{explanation}/{model}/split-{split}.tsv", SPLIT),
    output:
        figure=report_figure("figure7", SAMPLES, "Figure 7"),
    log:
        "<results>/logs/render_figure7.log",
    benchmark:
        "<results>/runtime/render_figure7.tsv"
    conda:
        INGEST
    resources:
        mem_mb=by_attempt(2000),
        runtime=by_attempt(10),
    params:
        note=NOTE,
        models=list(MODELS),
    message:
        "Drawing Figure 7: one ROI and its CAMs by all models"
    shell:
        "python {input.code[0]:q} --shards {input.shards:q} --models {params.models}"
        " --cams {input.cams:q} --dice {input.dice:q}"
        " --caption {input.caption:q} {params.note:q} --output {output.figure:q}"
        " > {log:q} 2>&1"


rule render_figure8:
    """Dice and CAM_val_acc of every model, with intervals, beside the published values."""
    input:
        code=code("render_figure8"),
        caption=beside("workflow/report/figure8.rst"),
        intervals="<results>/tables/table2_intervals.csv",
        extended="<results>/tables/table2_extended.csv",
        published=beside("resources/paper_results.csv"),
    output:
        figure=report_figure("figure8", MAIN, "Figure 8"),
        column=multiext("<results>/figures/figure8_column", ".svg", ".png"),
    log:
        "<results>/logs/render_figure8.log",
    benchmark:
        "<results>/runtime/render_figure8.tsv"
    conda:
        REPORT
    resources:
        **SMALL,
    params:
        note=NOTE,
        models=list(MODELS),
        boxes="--boxes" if SOURCE.boxes else "",
    message:
        "Drawing Figure 8"
    shell:
        "python {input.code[0]:q} --models {params.models} --intervals {input.intervals:q}"
        " --extended {input.extended:q} --published {input.published:q} {params.boxes}"
        " --caption {input.caption:q} {params.note:q} --output {output.figure:q}"
        " --column {output.column:q} > {log:q} 2>&1"


rule render_figure9:
    """The ROI of Figure 7 and a normal one, filtered by CAMs, by masks and by inverse masks."""
    input:
        code=code("render_figure9"),
        caption=beside("workflow/report/figure9.rst"),
        shards=ROIS,
        split=f"<results>/splits/split-{SPLIT}.tsv",
        cams=f"<results>/cams/{EXPLANATION}/{EXAMPLE}/split-{SPLIT}.h5",
        dice=of_models("<results>/dice/{explanation}/{model}/split-{split}.tsv", SPLIT),
    output:
        figure=report_figure("figure9", SAMPLES, "Figure 9"),
    log:
        "<results>/logs/render_figure9.log",
    benchmark:
        "<results>/runtime/render_figure9.tsv"
    conda:
        INGEST
    resources:
        mem_mb=by_attempt(2000),
        runtime=by_attempt(10),
    params:
        note=NOTE,
        model=EXAMPLE,
        seed=config["seed"],
    message:
        "Drawing Figure 9: filtered ROIs"
    shell:
        "python {input.code[0]:q} --shards {input.shards:q} --split {input.split:q}"
        " --dice {input.dice:q} --model {params.model} --cams {input.cams:q} --seed {params.seed}"
        " --caption {input.caption:q} {params.note:q} --output {output.figure:q}"
        " > {log:q} 2>&1"


rule render_figure10:
    """Abnormal ROIs, from small to large lesions, and their CAMs by one model."""
    input:
        code=code("render_figure10"),
        caption=beside("workflow/report/figure10.rst"),
        shards=ROIS,
        cams=f"<results>/cams/{EXPLANATION}/{EXAMPLE}/split-{SPLIT}.h5",
        dice=f"<results>/dice/{EXPLANATION}/{EXAMPLE}/split-{SPLIT}.tsv",
    output:
        figure=report_figure("figure10", SAMPLES, "Figure 10"),
    log:
        "<results>/logs/render_figure10.log",
    benchmark:
        "<results>/runtime/render_figure10.tsv"
    conda:
        INGEST
    resources:
        mem_mb=by_attempt(2000),
        runtime=by_attempt(10),
    params:
        note=NOTE,
        model=EXAMPLE,
    message:
        "Drawing Figure 10: ROIs and their CAMs by {params.model}"
    shell:
        "python {input.code[0]:q} --shards {input.shards:q} --model {params.model}"
        " --cams {input.cams:q} --dice {input.dice:q}"
        " --caption {input.caption:q} {params.note:q} --output {output.figure:q}"
        " > {log:q} 2>&1"


rule render_dice_curves:
    """Mean Dice over the threshold: a curve per model and per floor."""
    input:
        code=code("render_dice_curves"),
        caption=beside("workflow/report/dice_curves.rst"),
        scores=DICE,
        curves=of_models("<results>/dice/{explanation}/{model}/split-{split}.h5"),
        baselines=expand("<results>/dice/baselines/split-{split}.tsv", split=SPLITS),
        baseline_curves=expand("<results>/dice/baselines/split-{split}.h5", split=SPLITS),
    output:
        figure=report_figure("dice_curves", HEAT_MAPS, "Dice over the threshold"),
    log:
        "<results>/logs/render_dice_curves.log",
    benchmark:
        "<results>/runtime/render_dice_curves.tsv"
    conda:
        REPORT
    resources:
        **SMALL,
    params:
        note=NOTE,
        models=DICE_MODELS,
    message:
        "Drawing Dice over the threshold"
    shell:
        "python {input.code[0]:q} --models {params.models} --scores {input.scores:q}"
        " --curves {input.curves:q} --baselines {input.baselines:q}"
        " --baseline-curves {input.baseline_curves:q}"
        " --caption {input.caption:q} {params.note:q} --output {output.figure:q}"
        " > {log:q} 2>&1"


rule render_locality:
    """Where the cells of every model's heat maps are drawn, and where in the ROI they look."""
    input:
        code=code("render_locality"),
        caption=beside("workflow/report/locality.rst"),
        locality=of_models("<results>/locality/{explanation}/{model}/split-{split}.tsv", SPLIT),
    output:
        figure=report_figure("locality", HEAT_MAPS, "Where the cells look"),
    log:
        "<results>/logs/render_locality.log",
    benchmark:
        "<results>/runtime/render_locality.tsv"
    conda:
        REPORT
    resources:
        **SMALL,
    params:
        note=NOTE,
        models=list(MODELS),
    message:
        "Drawing where the cells of the heat maps look"
    shell:
        "python {input.code[0]:q} --models {params.models} --locality {input.locality:q}"
        " --caption {input.caption:q} {params.note:q} --output {output.figure:q}"
        " > {log:q} 2>&1"


rule render_learning_curve:
    """The loss and accuracy of one training, epoch by epoch."""
    input:
        code=code("render_learning_curve"),
        caption=beside("workflow/report/learning_curve.rst"),
        history="<results>/training/{regime}/{model}/split-{split}/history.csv",
        metrics="<results>/training/{regime}/{model}/split-{split}/metrics.json",
    output:
        figure=report(
            "<results>/figures/learning_curves/{regime}/{model}/split-{split}.svg",
            caption="../report/learning_curve.rst",
            category=CURVES,
            labels={"regime": "{regime}", "model": "{model}", "split": "{split}"},
        ),
    log:
        "<results>/logs/render_learning_curve/{regime}/{model}/split-{split}.log",
    benchmark:
        "<results>/runtime/render_learning_curve/{regime}/{model}/split-{split}.tsv"
    conda:
        REPORT
    resources:
        **SMALL,
    params:
        note=NOTE,
    message:
        "Drawing the learning curve of {wildcards.model}, {wildcards.regime} (split {wildcards.split})"
    shell:
        "python {input.code[0]:q} --history {input.history:q} --metrics {input.metrics:q}"
        " --caption {input.caption:q} {params.note:q} --output {output.figure:q}"
        " > {log:q} 2>&1"


rule render_learning_curves:
    """The accuracies of all trainings, epoch by epoch, beside each other."""
    input:
        code=code("render_learning_curves"),
        caption=beside("workflow/report/learning_curves.rst"),
        histories=of_trainings(
            "<results>/training/{regime}/{model}/split-{split}/history.csv", REGIMES | RETRAINED
        ),
        metrics=METRICS + METRICS_RETRAINED,
    output:
        figure=report_figure("learning_curves", SAMPLES, "Learning curves"),
    log:
        "<results>/logs/render_learning_curves.log",
    benchmark:
        "<results>/runtime/render_learning_curves.tsv"
    conda:
        REPORT
    resources:
        **SMALL,
    params:
        note=NOTE,
        regimes=of_trainings("{regime}", REGIMES | RETRAINED),
        models=of_trainings("{model}", REGIMES | RETRAINED),
    message:
        "Drawing the learning curves of all trainings"
    shell:
        "python {input.code[0]:q} --regimes {params.regimes} --models {params.models}"
        " --histories {input.histories:q} --metrics {input.metrics:q} --caption {input.caption:q}"
        " {params.note:q} --output {output.figure:q}"
        " > {log:q} 2>&1"
