"""Whole small studies on data without sides, patients or pairs, from their files to the tables."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from conftest import block
from project import SMALL, copy_project, snakemake

SHAPE = 72, 80


def picture(random, *, lesion):
    """Noise, brighter in a block where there is a lesion."""
    image = random.integers(40, 90, SHAPE).astype(np.uint8)
    return image + (block(SHAPE, 24, 20, 24, 24) // 3) * lesion


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """BUSI's arrangement: 15 images with a lesion and its mask, 15 normal ones."""
    folder = tmp_path_factory.mktemp("pictures")
    random = np.random.default_rng(0)
    for name in ("benign", "normal"):
        (folder / name).mkdir()
        for number in range(15):
            image = picture(random, lesion=name == "benign")
            Image.fromarray(image).save(folder / name / f"{name} ({number}).png")
            if name == "benign":
                mask = block(SHAPE, 24, 20, 24, 24)
                Image.fromarray(mask).save(folder / name / f"{name} ({number})_mask.png")
    return folder


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return copy_project(tmp_path_factory.mktemp("project"))


def run(project, name, *targets, **sections):
    config = {**SMALL, "pathvars": {"results": f"results/{name}"}, **sections}
    result = snakemake(project, "--cores", "2", *targets, config=config)
    assert result.returncode == 0, result.stdout + result.stderr
    return project / "results" / name


def table(path):
    return pd.read_csv(path, sep="\t", keep_default_na=False)


def test_regions_already_cut_from_table_to_report(project, pictures):
    """No padding, no pairs: each picture is a ROI, and every table and figure comes out."""
    lines = ["image,label,mask,pathology"]
    for number in range(15):
        name = f"benign/benign ({number})"
        lines.append(f"{name}.png,abnormal,{name}_mask.png,BENIGN")
        lines.append(f"normal/normal ({number}).png,normal,,")
    (pictures / "regions.csv").write_text("\n".join(lines) + "\n")
    results = run(
        project,
        "regions",
        "all",
        dataset={"source": "rois", "path": str(pictures / "regions.csv")},
        split={"by": "image"},
    )
    candidates = table(results / "rois/candidates.tsv")
    assert candidates["status"].tolist() == ["used"] * 30
    assert set(candidates[["x", "y", "w", "h"]].itertuples(index=False, name=None)) == {
        (0, 0, SHAPE[1], SHAPE[0])
    }
    sides = table(results / "splits/split-0.tsv")
    assert sides["patient_id"].str.startswith("image:").all()
    assert (sides["side"] == "validation").sum() == 6
    measured = table(results / "transplant/grad_cam/MobileNetV2/split-0.tsv")
    assert set(measured["side"]) == {"train", "validation"}
    checklist = (results / "tables/checklist.md").read_text()
    assert "patients are unknown" in checklist


def test_folders_of_images_have_normal_rois_from_their_normal_pictures(project, pictures):
    results = run(
        project,
        "folder",
        "results/folder/tables/candidates.md",
        "results/folder/splits/split-0.tsv",
        dataset={"source": "image_folder", "path": str(pictures)},
        rois={**SMALL["rois"], "normal": "other_images"},
        split={"by": "image"},
    )
    candidates = table(results / "rois/candidates.tsv")
    assert candidates["status"].tolist() == ["used"] * 30
    normal = candidates[candidates["label"] == "normal"]
    assert normal["case_id"].is_unique  # 15 lesions, 15 normal pictures
    assert normal["case_id"].str.startswith("normal_").all()


def test_unknown_patients_are_no_patients_to_split_by(project, pictures):
    config = {
        **SMALL,
        "pathvars": {"results": "results/folder"},
        "dataset": {"source": "image_folder", "path": str(pictures)},
        "rois": {**SMALL["rois"], "normal": "other_images"},
    }
    result = snakemake(project, "--cores", "2", "results/folder/splits/split-0.tsv", config=config)
    assert result.returncode != 0
    assert "the patients of 30 of 30 ROIs are unknown: set split: by: image" in result.stderr
