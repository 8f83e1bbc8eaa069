"""A study's models in sentences: how they were trained and chosen, how well they do, what fails."""

from pathlib import Path

import pandas as pd

from camseg.report.by_class import gave_one_class
from camseg.report.facts import Study, number, side_name, span
from camseg.report.facts_of_data import shared_patients

GOAL = (
    "exploratory: whether networks trained to tell abnormal from normal ROIs of mammograms look at "
    "the lesion, and whether their heat maps show it; not meant for use in care"
)
METRICS = (
    "accuracy, AUC, sensitivity, specificity, balanced accuracy; of heat maps mean-Dice over all "
    "thresholds, placement, pixel AUC and others"
)
ROBUSTNESS = (
    "Dice by how a heat map is made; patients are the intervals' clusters, images where they are "
    "unknown; between sites or scanners: not examined, fill in"
)
EXTERNAL = "none: no other source is scored; if one is elsewhere: fill in"
UNKNOWN = (
    "patients unknown: they may stand on two sides of a split, which lifts accuracies, and their "
    "images are taken for independent ones, which makes intervals too narrow"
)
INTERPRETATION = "what the results support: tables/verdicts, tables/claims; the rest: fill in"
# packages whose arithmetic the results are, as an environment names them
ARITHMETIC = ["tensorflow", "keras", "numpy", "scipy", "scikit-learn", "opencv-python-headless"]
ARITHMETIC += ["numba", "pandas"]
MAIN = ("val_acc", "Dice", "CAM_val_acc", "mask_val_acc", "inverse_val_acc")


def models(study: Study) -> str:
    """Say which networks there are, what goes in and what comes out."""
    heads = {"gap": "", "gap_dense": "then dense layers of {}"}
    heads["flatten_dense"] = "in its place dense layers of {}"
    named = []
    for entry in study.configuration["models"]:
        widths = ", ".join(map(str, entry["widths"]))
        other = entry["network"] if entry["network"] != entry["name"] else ""
        details = "; ".join(filter(None, [other, heads[entry["head"]].format(widths)]))
        named.append(entry["name"] + (f" ({details})" if details else ""))
    pixels = study.configuration["rois"]["size"]
    own = any(".py:" in entry["network"] for entry in study.configuration["models"])
    made = "keras.applications or the file named" if own else "keras.applications"
    return (
        f"{', '.join(named)}: {made}, global average pooling unless said, 2 logits; "
        f"input: the ROI, {pixels} x {pixels}, grey in 3 channels; output: the probability of "
        "abnormal (softmax), called abnormal above 0.5; each is in model.keras"
    )


def software(study: Study) -> str:
    """Say the versions of this code, Python and what computes."""
    known = study.versions
    packages = [f"{name} {known[name]}" for name in ARITHMETIC if name in known]
    told = ", ".join([f"Python {known['python']}", *packages])
    threads = study.configuration["training"]["threads"]
    return (
        f"camseg ({known['camseg']}), {told}; threads: {threads}; kind of processor, on which "
        "results depend: fill in"
    )


def weights(study: Study) -> str:
    """Say what the trainings begin with."""
    begin: dict[str, list[str]] = {}
    for entry in study.configuration["models"]:
        given = entry["weights"]
        told: dict[str | None, str] = {
            None: "random, from the seed",
            "imagenet": "ImageNet's (keras.applications)",
        }
        words = told.get(given) or f"the file {Path(given).name}"
        if entry.get("trained"):
            words = f"none, trained elsewhere ({Path(entry['trained']).name}); retrained: {words}"
        begin.setdefault(words, []).append(entry["name"])
    if len(begin) == 1:
        return f"all classifiers: {next(iter(begin))}"
    return "; ".join(f"{', '.join(names)}: {words}" for words, names in begin.items())


def training(study: Study) -> str:
    """Say how a network is trained."""
    options, epochs = study.configuration["training"], study.trainings["epochs"]
    taken = [each["name"] for each in study.configuration["models"] if each.get("trained")]
    regimes, names = study.trainings["regime"], study.trainings["model"]
    epochs = epochs[~(names.isin(taken) & (regimes == "original"))]
    stopped = int((epochs < options["epochs"]).sum())
    turns = f"rotations up to {options['rotation']:g} degrees" if options["rotation"] else ""
    augmented = ", ".join(filter(None, ["flips" if options["flips"] else "", turns])) or "none"
    momentum = options["batchnorm_momentum"]
    steps = ["in bfloat16"] if options["precision"] == "bfloat16" else []
    steps += ["compiled by XLA"] if options["xla"] else []
    return (
        f"cross-entropy, Adam, learning rate {options['learning_rate']:g} ({options['schedule']}), "
        f"batches of {options['batch_size']}, at most {options['epochs']} epochs; early stopping "
        f"after {options['patience']} epochs without a better {options['monitor']} (it ended "
        f"{stopped} of {len(epochs)} trainings); augmentation: {augmented}; BatchNorm momentum: "
        + ("the networks' own" if momentum is None else f"{momentum:g}")
        + (f"; steps {', '.join(steps)}" if steps else "")
    )


def repetitions(study: Study) -> str:
    """Say how many trainings there are, and what their chance is taken from."""
    splits, seeds = (study.configuration[key] for key in ("splits", "seeds"))
    regimes = study.trainings["regime"].value_counts(sort=False)
    counted = ", ".join(f"{name} {count}" for name, count in regimes.items())
    told = f"{len(study.trainings)} trainings by regime: {counted}; of each classifier and regime, "
    told += f"{number(splits, 'split')} x {number(seeds, 'seed')}; all random numbers follow from "
    return told + f"seed {study.configuration['seed']}"


def choice(study: Study) -> str:
    """Say which epoch's weights are kept, and which ROIs choose it."""
    best = span(study.trainings["best_epoch"])
    told = (
        f"the weights of the epoch of best accuracy (of equals, lower loss; then the earlier), "
        f"epochs {best}"
        if study.configuration["training"]["keep"] == "best"
        else f"the last epoch's weights; val_acc in the tables is that of the best epoch ({best})"
    )
    if study.tested:
        return f"{told}; chosen on the side selection, on which no accuracy is scored"
    return f"{told}; chosen on the very ROIs that are scored, which lifts their accuracy"


def balance(study: Study) -> str:
    """Say how uneven the scored ROIs' classes are, and what was done about it."""
    classes = study.classes
    scored = span(classes["n_abnormal"] + classes["n_normal"])
    weights = study.configuration["training"]["class_weights"] or "none"
    return (
        f"of {scored} ROIs scored, {span(classes['n_abnormal'])} abnormal; the larger class: "
        f"{span(classes['majority'], 3)}; balanced accuracy {span(classes['balanced'], 3)}; one "
        f"class given to all ROIs: {int(gave_one_class(classes).sum())} of {len(classes)} "
        f"trainings; class weights: {weights}; recalibration: none"
    )


def uncertainty(study: Study) -> str:
    """Say what the intervals are and what is tested."""
    methods = "; ".join(dict.fromkeys(study.intervals["interval"]))
    return (
        f"95 % intervals ({methods}); each claim is tested, p corrected by Holm's method; the "
        f"difference of accuracies that matters: {study.configuration['margin']:g}"
    )


def explanations(study: Study) -> str:
    """Say what the heat maps are, and by what they are examined."""
    cam = study.configuration["cam"]
    sign = {"signed": "", "positive": ", its positive values", "absolute": ", its absolute values"}
    smooth = f", smoothed by {cam['smoothing']:g} of the side" if cam["smoothing"] else ""
    return (
        f"{cam['explanation']} of the {cam['score']} for the class {cam['target']}"
        f"{sign[cam['sign']]}, enlarged ({cam['resize']}){smooth}; examined by random weights, "
        "other class, moved images (sanity), where cells look (locality), tissue replaced "
        "(transplant), maps of no network (heat_maps) and what the map alone tells (map_alone)"
    )


def internal(study: Study) -> str:
    """Say what is scored, and where the training ROIs' accuracy is."""
    scored = side_name("validation", study)
    return (
        f"scored are the {scored} ROIs, of the same source and by the same criteria as those for "
        "training; accuracy of both, epoch by epoch: learning curves"
    )


def performance(study: Study) -> str:
    """Say the lowest and the highest value over the classifiers, each with its interval."""
    table, parts = study.intervals, []
    for quantity in MAIN:
        rows = table[table["quantity"] == quantity]
        parts.append(_extremes(quantity, rows, ("value", "low", "high")))
        if quantity == "val_acc":
            parts.append(_extremes("AUC", rows, ("AUC", "AUC_low", "AUC_high")))
    return "; ".join(filter(None, parts))


def failures(study: Study) -> str:
    """Say how many ROIs the original networks called wrong, by class."""
    rows = study.classes[study.classes["regime"] == "original"]
    missed = ((1 - rows["sensitivity"]) * rows["n_abnormal"]).round().astype(int)
    alarms = ((1 - rows["specificity"]) * rows["n_normal"]).round().astype(int)
    return (
        f"networks on whole ROIs: {span(missed)} of {span(rows['n_abnormal'])} abnormal ROIs "
        f"called normal, {span(alarms)} of {span(rows['n_normal'])} normal ones abnormal; each "
        "call: predictions.tsv; heat maps of right and wrong calls: heat_maps_by_group; clinical "
        "reading of them: fill in"
    )


def limitations(study: Study) -> str:
    """Say what of the study limits what it shows, as far as the run tells."""
    few = study.classes[study.classes["few"] != ""]
    once = study.configuration["splits"] == study.configuration["seeds"] == 1
    told = [
        "synthetic images, which say nothing of patients" if study.synthetic else "",
        "no external data",
        "" if study.tested else "epochs chosen on the ROIs that are scored",
        "one training of each kind: chance in training is in no interval" if once else "",
        f"{study.persons} with ROIs on two sides" if any(shared_patients(study)) else "",
        UNKNOWN if study.persons != "patients" else "",
        "what else than the lesion tells normal ROIs: label_leaks",
        f"few scored ROIs of a class (accuracy_by_class: few): {len(few)} trainings"
        if len(few)
        else "",
    ]
    return f"{'; '.join(filter(None, told))}; others: fill in"


def availability(study: Study) -> str:
    """Say what of data, code and models can be had again."""
    seed = study.configuration["seed"]
    data = f"synthetic, drawn again by seed {seed}" if study.synthetic else "fill in"
    return (
        f"data: {data}; code: camseg ({study.versions['camseg']}); models: "
        "training/*/*/*/model.keras; where they are published: fill in"
    )


def _extremes(name: str, rows: pd.DataFrame, columns: tuple[str, str, str]) -> str:
    """Return the lowest and the highest value with interval and classifier; "" if there is none."""
    value, low, high = columns
    rows = rows[rows[value].notna()]
    if rows.empty:
        return ""
    ends = [rows.loc[rows[value].idxmin()], rows.loc[rows[value].idxmax()]]
    told = []
    for row in ends[: 1 if len(rows) == 1 else 2]:
        ranged = "" if pd.isna(row[low]) else f"{row[low]:.3f} to {row[high]:.3f}, "
        told.append(f"{row[value]:.3f} ({ranged}{row['Classifier']})")
    return f"{name} {' to '.join(told)}"
