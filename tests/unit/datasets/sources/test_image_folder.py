"""Folders of images with masks, written as BUSI, Kvasir-SEG and ISIC distribute theirs."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from camseg.datasets.index import check_usable, index_cases, write_index
from camseg.datasets.registry import SOURCES
from camseg.datasets.sources import image_folder
from camseg.datasets.views import read_index
from camseg.errors import CamsegError
from camseg.rois import extraction
from camseg.rois.boxes import Box
from camseg.rois.normals import OtherImages
from conftest import block, ramp
from made import RULES, index_source

SHAPE = 60, 80
RULES = replace(RULES, normal="other_images")


def write(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


def rows_of(folder):
    return {row["case_id"]: row for rows in index_source(folder, "image_folder") for row in rows}


def extract(folder, rules=RULES):
    cases = list(index_source(folder, "image_folder"))
    table = folder.parent / f"{folder.name}.tsv"
    write_index(table, [row for rows in cases for row in rows])
    others = OtherImages(read_index(table), rules.seed)
    found = [c for rows in cases for c in extraction.extract_case(rows, folder, rules, others)]
    return {candidate.roi_id: candidate for candidate in found}


@pytest.fixture
def busi(tmp_path):
    """BUSI's arrangement: RGB images that are grey, names with blanks and brackets, two masks."""
    folder = tmp_path / "Dataset_BUSI_with_GT"
    grey = ramp(SHAPE)
    for name in ("benign/benign (1)", "malignant/malignant (7)", "normal/normal (2)"):
        write(folder / f"{name}.png", np.stack([grey] * 3, axis=-1))
    write(folder / "benign/benign (1)_mask.png", block(SHAPE, 20, 10, 16, 8))
    write(folder / "malignant/malignant (7)_mask.png", block(SHAPE, 20, 10, 16, 8))
    write(folder / "malignant/malignant (7)_mask_1.png", block(SHAPE, 28, 10, 16, 8))
    write(folder / "normal/normal (2)_mask.png", np.zeros(SHAPE, np.uint8))
    return folder


def test_busi_as_distributed(busi):
    rows = rows_of(busi)
    assert set(rows) == {
        "benign_benign_1", "malignant_malignant_7", "normal_normal_2"
    }  # fmt: skip
    assert {row["status"] for row in rows.values()} == {"usable"}
    assert {row["patient_id"] for row in rows.values()} == {""}
    assert rows["normal_normal_2"]["abnormalities"] == 0
    assert rows["malignant_malignant_7"]["pathologies"] == "MALIGNANT"
    found = extract(busi)
    one = found["benign_benign_1.IMAGE.1.abnormal"]
    assert one.box == Box(16, 8, 24, 12)  # padded by a quarter
    assert (one.reason, one.record()["patient_id"]) == ("", "image:benign_benign_1")
    normal = found["benign_benign_1.IMAGE.1.normal"]
    assert (normal.box, normal.record()["case_id"]) == (one.box, "normal_normal_2")


def test_several_masks_of_an_image_are_outlines_of_its_lesion(busi):
    """The union of two 16 wide, 8 columns apart: 24 wide; half of each is shared: Dice 1/2."""
    record = extract(busi)["malignant_malignant_7.IMAGE.1.abnormal"].record()
    assert [record[f"lesion_{side}"] for side in "xywh"] == [20, 10, 24, 8]
    assert (record["outlines"], record["reader_dice"]) == ("1 2", 0.5)
    core = extract(busi, replace(RULES, outline="core"))["malignant_malignant_7.IMAGE.1.abnormal"]
    assert [core.record()[f"lesion_{side}"] for side in "xywh"] == [28, 10, 16, 8]


def test_a_mask_of_another_size_among_several_is_left_out_and_noted(busi):
    write(busi / "malignant/malignant (7)_mask_1.png", block((30, 80), 28, 10, 16, 8))
    found = extract(busi)["malignant_malignant_7.IMAGE.1.abnormal"]
    assert found.reason == ""
    assert found.notes == [
        f"an outline of several is left out: malignant{os.sep}malignant (7)_mask_1.png: this mask "
        "has 30 x 80 pixels, its image 60 x 80"
    ]


@pytest.mark.parametrize(
    ("images", "masks", "mask"),
    [
        ("images", "masks", "{}.png"),
        ("ISIC_Training_Input", "ISIC_Training_GroundTruth", "{}_segmentation.png"),
    ],
)
def test_a_folder_of_images_and_one_of_masks(tmp_path, images, masks, mask):
    folder = tmp_path / "set"
    write(folder / images / "ISIC_0000001.jpg", np.stack([ramp(SHAPE)] * 3, axis=-1))
    write(folder / images / "ISIC_0000001_superpixels.png", np.stack([ramp(SHAPE)] * 3, axis=-1))
    write(folder / masks / mask.format("ISIC_0000001"), block(SHAPE, 20, 10, 16, 8))
    found = extract(folder, replace(RULES, normal="same_image"))
    assert {item.label: item.reason for item in found.values()} == {"abnormal": "", "normal": ""}
    assert next(iter(found.values())).box == Box(16, 8, 24, 12)


def test_an_image_without_a_mask_has_a_lesion_of_unknown_place(busi):
    (busi / "benign/benign (1)_mask.png").unlink()
    row = rows_of(busi)["benign_benign_1"]
    assert (row["status"], row["abnormalities"]) == ("usable", 1)
    lost = extract(busi)["benign_benign_1.IMAGE.1.abnormal"]
    assert (lost.status, lost.reason) == (
        "unreadable",
        f"benign{os.sep}benign (1).png: has no mask",
    )


def test_a_mask_without_its_image_is_told(busi):
    (busi / "benign/benign (1).png").unlink()
    (rejected,) = [row for row in rows_of(busi).values() if row["status"] == "rejected"]
    assert rejected["reason"].endswith("benign (1)_mask.png: a mask whose image is not there")


def test_colours_become_their_luma(tmp_path):
    """Oracle: ITU-R BT.601's weights, by hand."""
    colours = np.zeros((*SHAPE, 3), np.uint8)
    colours[:30] = (200, 100, 50)
    write(tmp_path / "set/images/a.png", colours)
    write(tmp_path / "set/masks/a.png", block(SHAPE, 20, 10, 16, 8))
    (row,) = rows_of(tmp_path / "set").values()
    image, _ = image_folder.read_view(row, tmp_path / "set")
    assert np.unique(image).tolist() == [0, round(0.299 * 200 + 0.587 * 100 + 0.114 * 50)]
    assert image_folder.glance(row, tmp_path / "set").tolist() == image.tolist()


def test_names_that_are_one_when_made_plain_are_told_apart_or_refused(tmp_path):
    for name in ("a b", "a-b"):
        write(tmp_path / f"set/images/{name}.png", ramp(SHAPE))
        write(tmp_path / f"set/masks/{name}.png", block(SHAPE, 20, 10, 16, 8))
    (row,) = rows_of(tmp_path / "set").values()
    assert row["status"] == "rejected"
    assert "has several images" in row["reason"]


def test_masks_alone_are_one_clear_error(tmp_path):
    write(tmp_path / "set/masks/a.png", block(SHAPE, 20, 10, 16, 8))
    with pytest.raises(CamsegError, match="set: holds masks and no images"):
        rows_of(tmp_path / "set")


def test_a_broken_image_costs_itself(busi):
    path = busi / "benign/benign (1).png"
    path.write_bytes(path.read_bytes()[:40])
    rows = rows_of(busi)
    assert rows["benign_benign_1"]["status"] == "rejected"
    assert "benign (1).png" in rows["benign_benign_1"]["reason"]
    check_usable(list(rows.values()), busi, strict=False)


def test_real_breast_ultrasound(fixtures):
    """BUSI's pictures: 99 lesions, two of them with two masks, of which one does not fit."""
    folder = fixtures.parent / "real/busi"
    known = SOURCES["image_folder"]
    cases = list(index_cases(folder, known.reader, known.listing))
    assert len(cases) == 149
    assert sum(row["abnormalities"] for (row,) in cases) == 99
    wanted = {"benign_benign_4", "benign_benign_25", "benign_benign_13"}  # the last is coloured
    rules = replace(RULES, normal="same_image")
    found = [
        candidate
        for rows in cases
        if rows[0]["case_id"] in wanted
        for candidate in extraction.extract_case(rows, folder, rules)
        if candidate.label == "abnormal"
    ]
    assert {item.pair_id: item.reason for item in found} == {f"{w}.IMAGE.1": "" for w in wanted}
    notes = {item.row["case_id"]: " ".join(item.notes) for item in found}
    assert "465 x 555 pixels" in notes["benign_benign_4"]
    assert "its outlines do not overlap" in notes["benign_benign_25"]
