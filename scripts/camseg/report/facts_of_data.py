"""A study's data in sentences: where they are from, what was left out, how they are divided."""

from camseg.io.checked import SIDES, UNKNOWN_PATIENT
from camseg.report.facts import Study, counts, number, side_name, span
from camseg.report.rejections import USED, summary

PREDICTORS = (
    "the grey levels of the ROI, all of them; no clinical data. Where a ROI lies, and its size, "
    "follow from the outlines of the reference standard"
)
# where a normal ROI is cut, by `rois: normal`
NORMAL = {
    "contralateral": "at the mirrored place of the other breast",
    "same_image": "in the same image, off all lesions",
    "other_images": "at the same place of a normal image of another patient",
}
NEAR = {"skin_distance": ", about as far from the skin line", "drawn": ", at any place"}
SHOWN = 3  # reasons told; the table of candidates has all


def source(study: Study) -> str:
    """Say where the images come from."""
    if study.synthetic:
        cases, seed = study.configuration["phantom"]["cases"], study.configuration["seed"]
        return f"synthetic: {cases} cases drawn from seed {seed} by the workflow; of no patient"
    return f"{study.source}; whom it represents: fill in"


def eligibility(study: Study) -> str:
    """Say which views and lesions are taken."""
    views = sorted(set(study.index["view"][study.index["status"] == "usable"]))
    chosen = study.configuration["selection"]
    kinds = {"lesion types": "lesion_types", "pathologies": "pathologies", "volumes": "volumes"}
    taken = [f"{name} {', '.join(chosen[key])}" for name, key in kinds.items() if chosen[key]]
    told = f"views {', '.join(views)}; {'; '.join(taken) or 'lesions of all kinds'}"
    most = study.configuration["split"]["max_abnormal"]
    if most is None:
        return f"{told}; all usable ROIs"
    return f"{told}; at most {most} abnormal ROIs, drawn with the seed, and " + (
        "all normal ones" if study.whole else "the normal ones cut for them"
    )


def preprocessing(study: Study) -> str:
    """Say what is done to the images."""
    rois = study.configuration["rois"]
    resized = f"resized to {rois['size']} x {rois['size']} pixels, then scaled as each network asks"
    if study.whole:
        return f"8-bit grey ({rois['grey']}); regions as the data have cut them; {resized}"
    low, high = rois["padding"]
    return (
        f"8-bit grey ({rois['grey']}); abnormal ROI: the outline's box, each side widened at "
        f"random by {low:g} to {high:g} of the lesion's width or height; normal ROI: the same size "
        f"{_place(study)}, with at least {rois['min_breast_share']:g} of the abnormal one's share "
        f"of breast where that is known ({rois['overlap']} where lesions overlap)"
        f"{_unpaired(rois)}; {resized}"
    )


def _place(study: Study) -> str:
    """Say where normal ROIs are."""
    if study.whole:
        return "a region that the data call so"
    rois = study.configuration["rois"]
    near = NEAR[rois["normal_place"]] if rois["normal"] == "same_image" else ""
    return NORMAL[rois["normal"]] + near


def _unpaired(rois: dict) -> str:
    return ", else its abnormal one is left out, too" if rois["unpaired"] == "drop" else ""


def missing(study: Study) -> str:
    """Say how many views and ROIs are left out, and how many used ones were odd."""
    views = int((study.index["status"] != "usable").sum())
    rois = len(study.candidates) - len(study.used)
    noted = int((study.used["notes"] != "").sum())
    return (
        f"nothing is imputed; left out, each with its reason: {views} of {len(study.index)} views, "
        f"{rois} of {len(study.candidates)} candidate ROIs; used, but noted as odd: {noted} ROIs"
    )


def acquisition(study: Study) -> str:
    """Say what the index knows of digitizers, resolution and depth."""
    usable = study.index[study.index["status"] == "usable"]
    told = [f"digitizer (views): {counts(usable['digitizer'])}"]
    for column, unit in (("resolution", "micrometres a pixel"), ("bits_per_pixel", "bits a pixel")):
        numbers = [float(text) for text in usable[column] if text]
        if numbers:
            told.append(f"{span(numbers)} {unit}")
    if study.synthetic:
        return f"synthetic, in the formats of these scanners; {'; '.join(told)}"
    return f"{'; '.join(told)}; devices and exposure: fill in"


def reference(study: Study) -> str:
    """Say what abnormal and normal mean, and what the outlines are."""
    abnormal, rois = study.used[study.used["label"] == "abnormal"], study.configuration["rois"]
    mended = int((abnormal["mask_mended"] == "yes").sum())
    boxes = int((abnormal["outline"] == "BOX").sum())
    told = counts(abnormal["outline"])
    told += f", of which {boxes} are boxes round lesions, no outlines" if boxes else ""
    return (
        f"abnormal: a lesion that the data outline ({rois['outline']}); normal: {_place(study)}. "
        f"The {len(abnormal)} abnormal ROIs used: outlines "
        f"{told}; pathology {counts(abnormal['pathology'])}; masks mended: {mended} "
        f"(odd_masks: {rois['odd_masks']})"
    )


def partitions(study: Study) -> str:
    """Say how many ROIs and patients are on each side: least and most over the splits."""
    parts = []
    for side in SIDES:
        of_side = [split[split["side"] == side] for split in study.splits]
        if not any(len(rois) for rois in of_side):
            continue
        abnormal = [int((rois["label"] == "abnormal").sum()) for rois in of_side]
        normal = [len(rois) - n for rois, n in zip(of_side, abnormal, strict=True)]
        persons = span(rois["patient_id"].nunique() for rois in of_side)
        parts.append(
            f"{side_name(side, study)} {span(map(len, of_side))} ROIs ({span(abnormal)} abnormal, "
            f"{span(normal)} normal) of {persons} {study.persons}"
        )
    by = {"patient": "by patient", "image": "by image", "roi": "ROI by ROI"}
    how = by[study.configuration["split"]["by"]]
    splits = number(study.configuration["splits"], "split")
    return f"{splits}, at random {how}, both classes in proportion: {'; '.join(parts)}"


def shared_patients(study: Study) -> list[int]:
    """Return of each split how many patients have ROIs on more than one side.

    Where patients are unknown, images are counted.
    """
    shared = []
    for split in study.splits:
        sides = split[split["side"] != "unused"][["patient_id", "side"]].drop_duplicates()
        shared.append(int((sides["patient_id"].value_counts() > 1).sum()))
    return shared


def disjoint(study: Study) -> str:
    """Say whether patients have ROIs on several sides, as the splits have it."""
    shared, unknown = shared_patients(study), study.persons != "patients"
    if any(shared):
        told = f"ROI: {span(shared)} {study.persons} have ROIs on two sides"
    elif unknown:
        told = "image: none has ROIs on two sides"
    else:
        return "patient: nobody has ROIs on two sides"
    told += "; patients are unknown, and may have images on two sides" if unknown else ""
    return f"{told}, which may lift accuracies"


def size(study: Study) -> str:
    """Say how many ROIs are used, and that no number was calculated."""
    taken = study.splits[0][study.splits[0]["side"] != "unused"]
    return (
        f"{len(taken)} ROIs of {taken['patient_id'].nunique()} {study.persons}, as the data have "
        "them; no size was calculated beforehand; whether it is enough: fill in"
    )


def flow(study: Study) -> str:
    """Say how many patients, views and ROIs there are, and why some are left out."""
    index, used = study.index, study.used
    kinds = [
        f"{(used['label'] == label).sum()} of {(study.candidates['label'] == label).sum()} {label}"
        for label in ("abnormal", "normal")
    ]
    counted = summary(index, study.candidates)
    left = counted[~counted["status"].isin([*USED, "noted"])]
    left = left.sort_values("count", ascending=False, kind="stable")
    reasons = [
        f"{number(n, what)} {status}" + (f" ({reason})" if reason else "")
        for n, what, status, reason in left[["count", "what", "status", "reason"]].values[:SHOWN]
    ]
    if len(left) > SHOWN:
        reasons.append(f"{left['count'].iloc[SHOWN:].sum()} for {len(left) - SHOWN} other reasons")
    usable = int((index["status"] == "usable").sum())
    known = index["patient_id"] != ""
    persons = index["patient_id"].where(known, UNKNOWN_PATIENT + index["case_id"]).nunique()
    return (
        f"{persons} {study.persons}; {usable} of {len(index)} views usable; ROIs "
        f"used: {', '.join(kinds)}, of {used['patient_id'].nunique()} {study.persons}; left out: "
        f"{'; '.join(reasons) or 'none'}"
    )


def characteristics(study: Study) -> str:
    """Say what the abnormal ROIs of each side are, in the first split."""
    split = study.splits[0]
    parts = []
    for side in SIDES:
        rois = split[(split["side"] == side) & (split["label"] == "abnormal")]
        if len(rois):
            types = counts(rois["lesion_type"].map(_kinds))
            parts.append(f"{side_name(side, study)} {counts(rois['pathology'])}, {types}")
    who = "synthetic, no persons" if study.synthetic else "age, sex, breast density: fill in"
    first = " (first split)" if study.configuration["splits"] > 1 else ""
    return f"{who}; pathology and type of abnormal ROIs{first}: {'; '.join(parts)}"


def _kinds(lesion_type: str) -> str:
    """Return of each type of a lesion the first word: MASS of "MASS SHAPE OVAL"."""
    return "+".join(sorted({text.partition(" ")[0] for text in lesion_type.split("; ")}))
