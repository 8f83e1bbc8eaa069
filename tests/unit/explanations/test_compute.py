import subprocess
import sys
import time
from pathlib import Path

import keras
import numpy as np
import pytest

from camseg.explanations.compute import background_of, compute_maps, identity, write_maps
from camseg.explanations.explain import explain
from camseg.explanations.options import CamOptions
from camseg.explanations.parts import Parts
from camseg.io import store
from camseg.io.store import Rois

SIDE = 16


@pytest.fixture
def model() -> keras.Model:
    keras.utils.set_random_seed(1)
    images = keras.Input((SIDE, SIDE, 1))
    x = keras.layers.Conv2D(4, 4, strides=4, activation="relu")(images)
    return keras.Model(images, keras.layers.Dense(2)(keras.layers.GlobalAveragePooling2D()(x)))


def rois(n: int = 7) -> Rois:
    random = np.random.default_rng(0)
    image = random.integers(0, 256, (n, SIDE, SIDE), np.uint8)
    names = np.array([f"roi {number}" for number in range(n)], object)
    texts = dict.fromkeys(("patient_id", "view", "pathology", "lesion_type"), names)
    label = np.arange(n, dtype=np.uint8) % 2
    return Rois(image, image, label, names, **texts, box=np.zeros((n, 4), np.int32))


def preprocess(images: np.ndarray) -> np.ndarray:
    return images[..., np.newaxis] / np.float32(255)


def given(folder, model, seconds: float = 3600, explanation: str = "saliency") -> dict:
    return {
        "model": model,
        "rois": rois(),
        "preprocess": preprocess,
        "explanation": explanation,
        "options": CamOptions(target="true"),
        "batch_size": 3,
        "background": None,
        "parts": Parts(folder, {"of": explanation}, seconds),
    }


def test_maps_are_those_of_explain_with_margins_and_costs(tmp_path, model):
    found = list(compute_maps(**given(tmp_path, model)))
    assert [len(each.cam) for each in found] == [3, 3, 1]
    images = preprocess(rois().image)
    options = {"target": "true", "labels": rois().label, "batch_size": 3}
    cam, raw = explain(model, images, explanation="saliency", **options)
    np.testing.assert_array_equal(np.concatenate([each.cam for each in found]), cam)
    np.testing.assert_array_equal(np.concatenate([each.raw for each in found]), raw)
    normal, abnormal = model.predict(images, verbose=0).T
    margin = np.concatenate([each.margin for each in found])
    np.testing.assert_allclose(margin, abnormal - normal, rtol=1e-5, atol=1e-6)
    assert (np.concatenate([each.runs for each in found]) == 1).all()
    assert np.isnan(np.concatenate([each.missed for each in found])).all()


def test_completeness_and_runs_of_integrated_gradients(tmp_path, model):
    found = list(compute_maps(**given(tmp_path, model, explanation="integrated_gradients")))
    assert {tuple(row) for each in found for row in each.runs} == {(33, 33)}
    assert (np.concatenate([each.missed for each in found]) < 0.5).all()


def test_killed_work_goes_on_to_the_same_bits(tmp_path, model):
    whole = list(compute_maps(**given(tmp_path / "whole", model)))
    begun = compute_maps(**given(tmp_path / "killed", model, seconds=0))
    next(begun)
    next(begun)
    begun.close()
    asked = []

    def counted(images: np.ndarray) -> np.ndarray:
        asked.append(len(images))
        return preprocess(images)

    again = list(
        compute_maps(**given(tmp_path / "killed", model, seconds=0) | {"preprocess": counted})
    )
    assert asked == [1]  # the last batch alone
    for one, other in zip(whole, again, strict=True):
        for name, values in vars(one).items():
            np.testing.assert_array_equal(vars(other)[name], values)
            assert vars(other)[name].dtype == values.dtype


def test_only_methods_that_compare_have_a_background():
    every = rois()
    sides = np.array(["train"] * 5 + ["validation"] * 2, object)
    patients = every.patient_id[5:]
    assert background_of(["saliency"], every, sides, patients, preprocess) is None
    background = background_of(
        ["saliency", "expected_gradients"], every, sides, patients, preprocess
    )
    assert set(background.pool.roi_id) == set(every.roi_id[:5])
    assert background.at(slice(0, 2))(0).shape == (2, SIDE, SIDE, 1)


def test_a_method_that_compares_has_its_background(tmp_path, model):
    options = given(tmp_path, model, explanation="expected_gradients")
    sides = np.full(7, "train", object)
    options["background"] = background_of(
        ["expected_gradients"], options["rois"], sides, options["rois"].patient_id, preprocess
    )
    found = np.concatenate([each.raw for each in compute_maps(**options)])
    # a ROI alone, compared with the same others
    first = options["background"].at(slice(0, 1))
    others = np.concatenate([first(draw) for draw in range(32)])
    images = preprocess(options["rois"].image[:1])
    _, raw = explain(
        model, images, explanation="expected_gradients", target="true",
        labels=options["rois"].label[:1], others=others,
    )  # fmt: skip
    np.testing.assert_allclose(found[:1], raw, rtol=1e-3, atol=1e-5)


def test_what_is_said_of_maps_written(tmp_path, model):
    options = given(tmp_path, model, explanation="integrated_gradients")
    written = []
    said = write_maps(
        compute_maps(**options), rois().label, lambda *maps, **known: written.append((maps, known))
    )
    assert [len(maps[0]) for maps, _ in written] == [3, 3, 1]
    assert all({"margin", "runs"} == set(known) for _, known in written)
    assert "7 maps from a grid of 16 x 16, each at 33 runs of the network and 33 back" in said
    assert "0 of them degenerate" in said
    assert "completeness: a map's sum differs" in said
    quick = compute_maps(**given(tmp_path, model))
    assert "completeness" not in write_maps(quick, rois().label, lambda *maps, **known: None)


def test_an_identity_is_of_options_files_method_and_machine(tmp_path, monkeypatch):
    (tmp_path / "model").write_text("a")
    files = [[str(tmp_path / "model")]]
    options = {"explanation": "saliency", "score": "margin"}
    found = identity(options, files)
    assert identity(options, files) == found
    assert identity(options | {"score": "logit"}, files) != found
    code = identity(options | {"explanation": "rise"}, files)["code"]
    assert code != found["code"]
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")
    assert identity(options, files) != found
    monkeypatch.undo()
    (tmp_path / "model").write_text("b")
    assert identity(options, files) != found


@pytest.mark.slow
def test_a_killed_program_goes_on_to_the_same_file(tmp_path):
    """Of a method of hundreds of passes, which saves every batch here."""
    images = keras.Input((SIDE, SIDE, 3))
    x = keras.layers.Conv2D(4, 4, strides=4, activation="relu")(images)
    x = keras.layers.Dense(2)(keras.layers.GlobalAveragePooling2D()(x))
    keras.Model(images, x).save(tmp_path / "model.keras")
    store.write_shard(tmp_path / "shard.h5", rois(40), source="test")
    script = Path(__file__).parents[3] / "scripts/compute_cams.py"
    command = [sys.executable, script, "--model", tmp_path / "model.keras", "--network", "VGG16"]
    command += ["--shards", tmp_path / "shard.h5", "--explanation", "rise", "--score", "margin"]
    command += ["--target", "abnormal", "--sign", "signed", "--resize", "bilinear"]
    command += ["--smoothing", "0", "--batch-size", "2", "--threads", "1"]
    command += ["--save-every-minutes", "0", "--output"]
    subprocess.run([*command, tmp_path / "whole.h5"], check=True, capture_output=True)
    killed = subprocess.Popen([*command, tmp_path / "killed.h5"], stderr=subprocess.DEVNULL)
    folder = tmp_path / "killed.parts"
    while not (folder.exists() and len(list(folder.glob("[!.]*.npz"))) > 1):
        assert killed.poll() is None
        time.sleep(0.05)
    killed.kill()
    killed.wait()
    again = subprocess.run(
        [*command, tmp_path / "killed.h5"], check=True, capture_output=True, text=True
    )
    assert "going on after" in again.stderr
    assert "each at 1001 runs of the network and 0 back" in again.stdout
    assert (tmp_path / "killed.h5").read_bytes() == (tmp_path / "whole.h5").read_bytes()
    assert not folder.exists()
