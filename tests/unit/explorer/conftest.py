"""A study of a few made-up ROIs, with two models, two explanations and two regimes."""

import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

import pack_rois
import render_explorer
from camseg.datasets.views import COLUMNS as OF_INDEX
from camseg.explorer import packing, pictures
from camseg.io import store
from camseg.rois import split
from camseg.rois.candidates import COLUMNS as OF_CANDIDATES
from camseg.scoring import localisation
from made import make_rois
from project import ROOT

SIZE, SHARDS = 32, 2
MODELS, EXPLANATIONS, REGIMES = ("Net", "Other"), ("grad_cam", "saliency"), ("original", "cam")
NAMES = ("A-0001-1", "A-0002-1", "B-0003-1", "C-0004-1", "D-0005-1")
PAGE = [
    ROOT / "scripts/camseg/explorer" / name
    for name in ("page.html", "page.css", "unpack.js", "state.js", "draw.js", "view.js")
]


def some_rois():
    """Five pairs; the lesions are blocks of growing width."""
    ids = [f"{name}.LEFT_CC.1.{label}" for name in NAMES for label in ("abnormal", "normal")]
    rois = make_rois(ids, SIZE)
    mask = np.zeros_like(rois.mask)
    for number in range(len(NAMES)):
        mask[2 * number, 6:24, 5 : 10 + 4 * number] = 1
    return replace(
        rois,
        image=np.stack([cv2.GaussianBlur(image, (9, 9), 2) for image in rois.image]),
        mask=mask,
        label=np.tile([1, 0], len(NAMES)).astype(np.uint8),
        patient_id=np.array([name.partition(".")[0] for name in ids], object),
        view=np.full(len(ids), "LEFT_CC", object),
        pathology=np.full(len(ids), "<BENIGN> & more", object),
        lesion_type=np.full(len(ids), "MASS", object),
    )


def write_tables(folder: Path, rois) -> None:
    """The index, the candidates and the split of the ROIs."""
    blank = dict.fromkeys(OF_INDEX, "") | {"view": "LEFT_CC", "status": "usable", "source": "ddsm"}
    blank |= {"abnormalities": "1", "selected": "1", "lines": "300", "pixels_per_line": "200"}
    index = [blank | {"case_id": name, "patient_id": name, "resolution": "100.0"} for name in NAMES]
    pd.DataFrame(index).to_csv(folder / "index.tsv", sep="\t", index=False)
    rows = []
    for name, patient, label, box in zip(
        rois.roi_id, rois.patient_id, rois.label, rois.box, strict=True
    ):
        row = dict.fromkeys(OF_CANDIDATES, "") | dict(zip("xywh", map(str, box), strict=True))
        row |= {"roi_id": name, "case_id": patient, "patient_id": patient, "view": "LEFT_CC"}
        row |= {"label": ("normal", "abnormal")[label], "status": "used", "abnormality": "1"}
        if label:
            row |= {f"lesion_{key}": row[key] for key in "xywh"}
            row |= dict.fromkeys((f"clipped_{side}" for side in ("left", "top")), "0")
            row |= dict.fromkeys((f"clipped_{side}" for side in ("right", "bottom")), "0")
            row |= {"components": "1", "touches_edge": "no", "neighbours": "0"}
        rows.append(row)
    rows[2] |= {"clipped_top": "4", "notes": "an odd thing"}
    pd.DataFrame(rows).to_csv(folder / "candidates.tsv", sep="\t", index=False)
    side = np.array(["train"] * 4 + ["validation"] * 4 + ["unused"] * 2, object)
    table = {"roi_id": rois.roi_id, "patient_id": rois.patient_id, "side": side}
    split.write_split(folder / "split-0.tsv", pd.DataFrame(table))


def write_maps(folder: Path, rois, side: np.ndarray, explanation: str, model: str) -> None:
    """Heat maps, bright in the lesion and round it, all 0 for one ROI; their scores and curves."""
    random = np.random.default_rng([len(explanation), len(model)])
    noise = random.integers(0, 256, rois.mask.shape)
    spread = 4 if explanation == "grad_cam" else 1
    maps = np.stack(
        [
            cv2.GaussianBlur((90 * mask + 0.6 * grey).astype(np.uint8), (9, 9), spread)
            for mask, grey in zip(rois.mask, noise, strict=True)
        ]
    )
    maps[4] = 0
    place = folder / explanation / model
    place.mkdir(parents=True)
    raw = np.zeros((len(rois), 1, 1), np.float32)
    store.write_cams(place / "cams.h5", cam=maps, raw=raw, roi_id=rois.roi_id, options={})
    scores, curves = localisation.score_rois(maps, rois, side, np.full(len(rois), 100.0))
    scores.to_csv(place / "split-0.tsv", sep="\t", index=False)
    store.write_curves(place / "curves.h5", curve=curves, roi_id=rois.roi_id)


def arguments(folder: Path) -> dict[str, list]:
    """The options that the two programs share, or have of the study in `folder`."""
    sets = [(explanation, model) for explanation in EXPLANATIONS for model in MODELS]
    trained = [(regime, model) for regime in REGIMES for model in MODELS]
    return {
        "index": [folder / "index.tsv"],
        "candidates": [folder / "candidates.tsv"],
        "explanations": [explanation for explanation, _ in sets],
        "models": [model for _, model in sets],
        "scores": [folder / explanation / model / "split-0.tsv" for explanation, model in sets],
        "cams": [folder / explanation / model / "cams.h5" for explanation, model in sets],
        "curves": [folder / explanation / model / "curves.h5" for explanation, model in sets],
        "regimes": [regime for regime, _ in trained],
        "trained": [model for _, model in trained],
        "predictions": [
            folder / regime / model / "split-0/predictions.tsv" for regime, model in trained
        ],
    }


def call(program, **options) -> None:
    """Run a program of scripts/ here."""
    words = [program.__name__]
    for name, values in options.items():
        words += [f"--{name}", *map(str, values)]
    before, sys.argv = sys.argv, words
    try:
        program.main()
    finally:
        sys.argv = before


@pytest.fixture(scope="session")
def explored(tmp_path_factory) -> Path:
    """A folder with the files of a study, and its explorer in explorer/."""
    folder = tmp_path_factory.mktemp("explored")
    rois = some_rois()
    for shard in range(SHARDS):
        part = rois.take(np.arange(shard, len(rois), SHARDS))
        store.write_shard(folder / f"shard-{shard}.h5", part, source="made")
    write_tables(folder, rois)
    side = split.read_split(folder / "split-0.tsv", rois.roi_id)
    for explanation in EXPLANATIONS:
        for model in MODELS:
            write_maps(folder, rois, side, explanation, model)
    random = np.random.default_rng(3)
    for regime in REGIMES:
        for model in MODELS:
            table = pd.DataFrame({"roi_id": rois.roi_id, "patient_id": rois.patient_id})
            table["label"] = np.array(["normal", "abnormal"])[rois.label]
            table["side"], table["probability"] = side, random.random(len(rois))
            path = folder / regime / model / "split-0/predictions.tsv"
            path.parent.mkdir(parents=True)
            table[side != "unused"].to_csv(path, sep="\t", index=False)
    ramp = np.tile(np.arange(200, dtype=np.uint8), (300, 1))
    views = {f"{name} LEFT_CC": packing.pack_image(pictures.shrink(ramp)) for name in NAMES}
    pictures.write_pictures(folder / "views.json", views)
    options = arguments(folder)
    tables = {name: options[name] for name in ("index", "candidates")}
    sets = {name: options[name] for name in ("explanations", "models", "scores")}
    for shard in range(SHARDS):
        call(
            pack_rois,
            **tables, **sets, cams=options["cams"], curves=options["curves"],
            shard=[folder / f"shard-{shard}.h5"], number=[shard], views=[folder / "views.json"],
            output=[folder / f"explorer/rois-{shard}.js"],
        )  # fmt: skip
    call(
        render_explorer,
        **tables, **sets, page=PAGE, title=["a made-up <study>"],
        shards=[folder / f"shard-{shard}.h5" for shard in range(SHARDS)],
        splits=[folder / "split-0.tsv"], titles=["Grad-CAM", "saliency"], shown=["Net"],
        cams=options["cams"][:1], regimes=options["regimes"], trained=options["trained"],
        predictions=options["predictions"], output=[folder / "explorer/index.html"],
    )  # fmt: skip
    return folder
