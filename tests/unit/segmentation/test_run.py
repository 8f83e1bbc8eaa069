import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict, replace

import keras
import numpy as np
import pandas as pd
import pytest

from camseg.errors import CamsegError
from camseg.io import store
from camseg.options import to_arguments
from camseg.rois import split
from camseg.scoring.dice import mean_dice
from camseg.segmentation import run
from camseg.segmentation.options import SegmentationOptions
from camseg.training.options import ExecutionOptions, StepOptions
from made import make_rois
from project import ROOT

N, SIZE = 60, 32
OUTPUTS = ("model.keras", "history.csv", "metrics.json", "maps.h5")
OPTIONS = SegmentationOptions(
    steps=150, width=4, learning_rate=0.02, flips=True, rotation=0, normal=True
)
BATCHING = StepOptions(batch_size=8, threads=1)
EXECUTION = ExecutionOptions(save_every_minutes=0, memory_mb=100, tensorboard=False)


def discs(random, n):
    """Masks (n, SIZE, SIZE) of discs at random places."""
    y, x = np.indices((SIZE, SIZE))
    centres, radii = random.uniform(8, 24, (n, 2)), random.uniform(4, 9, n)
    each = zip(centres, radii, strict=True)
    return np.array([np.hypot(y - cy, x - cx) < radius for (cy, cx), radius in each], np.uint8)


@pytest.fixture(scope="module")
def rois():
    """ROIs in which the lesion is brighter, and has much noise; every second one has none."""
    random = np.random.default_rng(5)
    label = (np.arange(N) % 2).astype(np.uint8)
    mask = discs(random, N) * label[:, np.newaxis, np.newaxis]
    image = np.clip(90 + 60 * mask + random.normal(0, 30, mask.shape), 0, 255).astype(np.uint8)
    names = [f"roi-{number:02}" for number in range(N)]
    patients = np.array([f"patient-{number // 2}" for number in range(N)], object)
    made = make_rois(names, SIZE)
    return replace(made, label=label, mask=mask, image=image, patient_id=patients)


def write(folder, rois, cams=None):
    """The files of a study with these ROIs, of which the last third is for validation."""
    folder.mkdir(exist_ok=True)
    store.write_shard(folder / "0.h5", rois, source="")
    side = np.where(np.arange(len(rois)) < 2 * len(rois) // 3, "train", "validation")
    side[0] = "unused"
    table = pd.DataFrame({"roi_id": rois.roi_id, "patient_id": rois.patient_id, "side": side})
    split.write_split(folder / "split-0.tsv", table)
    if cams is not None:
        raw = np.zeros((len(rois), 2, 2), np.float32)
        store.write_cams(folder / "cams.h5", cam=cams, raw=raw, roi_id=rois.roi_id, options={})
    return run.Inputs(
        [str(folder / "0.h5")],
        str(folder / "split-0.tsv"),
        cams is not None and str(folder / "cams.h5"),
    )


def outputs_in(folder):
    return run.Outputs(*(folder / name for name in OUTPUTS))


@pytest.fixture
def train(monkeypatch, tmp_path):
    """Train a segmenter in this process, and return its maps."""

    def seeded(seed, *_):  # other tests have used TensorFlow: its threads are set
        keras.utils.set_random_seed(seed % 2**32)

    monkeypatch.setattr(run, "make_repeatable", seeded)

    def train(inputs, segmenter, options=OPTIONS, **changes):
        settings = {"batching": BATCHING, "execution": EXECUTION, "seed": 1} | changes
        run.train_segmenter(
            inputs, outputs_in(tmp_path), segmenter=segmenter, options=options, **settings
        )
        return store.read_maps(tmp_path / "maps.h5")

    return train


def validation_dice(maps, rois):
    """The mean-Dice of the last third's abnormal ROIs."""
    chosen = np.flatnonzero(rois.label == 1)
    chosen = chosen[chosen >= 2 * len(rois) // 3]
    place = {name: number for number, name in enumerate(maps.roi_id)}
    found = maps.map[[place[name] for name in rois.roi_id[chosen]]]
    return mean_dice(found, rois.mask[chosen]).mean()


def mean_mask_dice(rois):
    training = rois.mask[: 2 * len(rois) // 3][rois.label[: 2 * len(rois) // 3] == 1]
    floor = np.rint(255 * training.mean(axis=0) / training.mean(axis=0).max()).astype(np.uint8)
    masks = rois.mask[2 * len(rois) // 3 :][rois.label[2 * len(rois) // 3 :] == 1]
    return mean_dice(np.repeat(floor[np.newaxis], len(masks), axis=0), masks).mean()


def test_it_finds_the_lesion_and_a_normal_roi_has_none(tmp_path, rois, train):
    maps = train(write(tmp_path, rois), "unet")
    assert list(maps.roi_id) == list(rois.roi_id[1:])  # the unused one has no map
    assert validation_dice(maps, rois) > mean_mask_dice(rois) + 0.2
    called = (maps.map > 127).mean(axis=(1, 2))
    assert called[rois.label[1:] == 0].mean() < 0.1 < called[rois.label[1:] == 1].mean()
    assert maps.options == {"segmenter": "unet", "split": "split-0", "outlines": 20}
    history = pd.read_csv(tmp_path / "history.csv")
    assert len(history) == 30  # epochs of 5 steps, of 39 ROIs in batches of 8
    assert history["dice"].iloc[-1] > 0.7
    assert history["learning_rate"].iloc[-1] < 0.01 * history["learning_rate"].iloc[0]
    metrics = json.loads((tmp_path / "metrics.json").read_text())
    assert (metrics["outlines"], metrics["normal"]) == (20, 19)
    assert not (tmp_path / "resume").exists()


def test_the_exact_mask_as_second_channel_reaches_the_ceiling(tmp_path, rois, train):
    maps = train(write(tmp_path, rois, 255 * rois.mask), "fused-x")
    assert validation_dice(maps, rois) > 0.96  # of 255 / 256


def test_the_mask_of_another_roi_says_nothing(tmp_path, rois, train):
    """Where the image shows no lesion: what is found is what any ROI has."""
    blind = replace(
        rois, image=np.random.default_rng(6).integers(0, 256, rois.image.shape, np.uint8)
    )
    maps = train(write(tmp_path, blind, 255 * rois.mask), "fused_shuffled-x")
    assert validation_dice(maps, rois) < mean_mask_dice(rois) + 0.1


def test_outlines_of_other_rois_teach_nothing(tmp_path, rois, train):
    abnormal = np.flatnonzero(rois.label == 1)
    shuffled = rois.mask.copy()
    shuffled[abnormal] = rois.mask[np.roll(abnormal, 7)]
    maps = train(write(tmp_path, replace(rois, mask=shuffled)), "unet")
    assert validation_dice(maps, rois) < mean_mask_dice(rois) + 0.1


def test_pseudo_masks_of_good_cams_are_learned(tmp_path, rois, train):
    """Without an outline: what is learned is what the CAMs show, here the lesion's middle."""
    cams = np.array([np.clip(each * 200.0 + 20, 0, 255) for each in rois.mask]).astype(np.uint8)
    maps = train(write(tmp_path, rois, cams), "pseudo_masks-x")
    assert validation_dice(maps, rois) > mean_mask_dice(rois) + 0.2
    assert maps.options["outlines"] == 0


def test_without_normal_rois(tmp_path, rois, train):
    """They are left out, or there are none: the same training of the same abnormal ones."""
    few = replace(OPTIONS, steps=20)
    left_out = train(write(tmp_path / "all", rois), "unet", replace(few, normal=False))
    assert json.loads((tmp_path / "metrics.json").read_text())["normal"] == 0
    abnormal = rois.take(rois.label == 1)
    maps = train(write(tmp_path / "abnormal", abnormal), "unet", few)
    assert set(maps.roi_id) == set(abnormal.roi_id[1:])
    assert left_out.map.any()


def test_what_cannot_be_trained_ends_before_it_begins(tmp_path, rois, train):
    inputs = write(tmp_path, rois)
    with pytest.raises(CamsegError, match=r"^needs a CAM of each ROI"):
        train(inputs, "fused-x")
    with pytest.raises(CamsegError, match=r"^config: segmentation.outlines: 21: there are 20"):
        train(inputs, "few_outlines-21")
    empty = write(tmp_path, replace(rois, mask=np.zeros_like(rois.mask)))
    with pytest.raises(CamsegError, match=r"^all masks of 39 training ROIs are empty"):
        train(empty, "unet")
    assert not {path.name for path in tmp_path.iterdir()} & set(OUTPUTS)


def start(inputs, folder, **execution):
    command = [sys.executable, ROOT / "scripts/train_segmenter.py", "--segmenter", "fused-x"]
    command += ["--shards", *inputs.shards, "--split", inputs.split, "--cams", inputs.cams]
    command += to_arguments(SegmentationOptions, asdict(OPTIONS))
    command += to_arguments(StepOptions, asdict(BATCHING))
    command += to_arguments(ExecutionOptions, asdict(replace(EXECUTION, **execution)))
    command += ["--seed", "5", "--output", folder / "maps.h5"]
    for name in OUTPUTS[:3]:
        command += [f"--{name.partition('.')[0]}", folder / name]
    return subprocess.Popen(command, stderr=subprocess.PIPE, env=os.environ | {"LC_ALL": "C"})


@pytest.mark.slow
def test_a_killed_training_goes_on_to_the_same_bits(tmp_path, rois):
    """Beside one that is not killed, and reads its ROIs batch by batch."""
    inputs = write(tmp_path, rois, 255 * rois.mask)
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    other, process = start(inputs, whole, memory_mb=0), start(inputs, killed)
    deadline = time.monotonic() + 200
    while not list((killed / "resume").glob("[!.]*.h5")) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not (killed / "maps.h5").exists()
    again = start(inputs, killed)
    for each in (again, other):
        said = each.communicate(timeout=300)[1].decode()
        assert each.returncode == 0, said
        assert ("resuming after epoch" in said) == (each is again)
    for name in ("history.csv", "metrics.json"):
        assert (killed / name).read_bytes() == (whole / name).read_bytes(), name
    one, two = (store.read_maps(folder / "maps.h5") for folder in (killed, whole))
    np.testing.assert_array_equal(one.map, two.map)
    weights = [
        keras.models.load_model(each / "model.keras").get_weights() for each in (killed, whole)
    ]
    for first, second in zip(*weights, strict=True):
        np.testing.assert_array_equal(first, second)
