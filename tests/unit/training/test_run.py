import json
import os
import shutil
import subprocess
import sys
from dataclasses import asdict, fields, replace
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from camseg.errors import CamsegError
from camseg.io import store
from camseg.networks import arithmetic, classifiers
from camseg.networks.options import ClassifierOptions
from camseg.options import to_arguments
from camseg.rois import split
from camseg.seeds import derive_seed
from camseg.training import run
from camseg.training.metrics import probability_abnormal
from camseg.training.options import ExecutionOptions, Settings, TrainingOptions
from made import make_rois
from project import ROOT
from tiny import make_settings

N, SIZE = 26, 32
OUTPUTS = ("model.keras", "history.csv", "metrics.json", "predictions.tsv")
SMALL = ClassifierOptions(name="small", network="MobileNetV2", head="gap_dense", widths=(8,))
ONE_EPOCH = make_settings(epochs=1, batch_size=4)
EXECUTION = ExecutionOptions(save_every_minutes=0, memory_mb=100, tensorboard=False)


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A folder with two shards of ROIs, their CAMs and their split; two ROIs are unused."""
    folder = tmp_path_factory.mktemp("study")
    names = [f"roi-{number:02}" for number in range(N)]
    label = (np.arange(N) % 2).astype(np.uint8)
    patients = np.array([f"patient-{number // 2}" for number in range(N)], object)
    rois = replace(make_rois(names, SIZE), label=label, patient_id=patients)
    store.write_shard(folder / "0.h5", rois.take(np.arange(0, N, 2)), source="")
    store.write_shard(folder / "1.h5", rois.take(np.arange(1, N, 2)), source="")
    cams = np.random.default_rng(7).integers(0, 256, (N, SIZE, SIZE)).astype(np.uint8)
    raw = cams[:, :2, :2].astype(np.float32)
    store.write_cams(folder / "cams.h5", cam=cams, raw=raw, roi_id=rois.roi_id, options={})
    side = np.repeat(["train", "unused", "selection", "validation"], [8, 2, 6, 10])
    table = pd.DataFrame({"roi_id": names, "patient_id": patients, "side": side})
    split.write_split(folder / "split-0.tsv", table)
    return folder


def inputs_in(folder, cams="cams.h5"):
    shards = [str(folder / "0.h5"), str(folder / "1.h5")]
    return run.Inputs(shards, str(folder / "split-0.tsv"), cams and str(folder / cams))


WHAT = {"model": "small", "network": "MobileNetV2", "head": "gap", "widths": [], "weights": None}


def identity(inputs, regime="mask", settings=ONE_EPOCH, weights_file=None, code_file=None, **what):
    what = WHAT | {"regime": regime} | what
    return run.identity(inputs, what, settings, weights_file, code_file)


def test_the_same_training_has_the_same_identity_wherever_its_files_lie(study, tmp_path):
    first = identity(inputs_in(study))
    assert identity(inputs_in(study)) == first
    assert json.loads(json.dumps(first)) == first  # as it comes back from a saved state
    shutil.copytree(study, tmp_path / "elsewhere")
    assert identity(inputs_in(tmp_path / "elsewhere")) == first


OTHER = {
    **{"epochs": 2, "patience": 9, "monitor": "val_auc", "keep": "last", "batch_size": 5},
    **{"learning_rate": 0.02, "schedule": "cosine", "class_weights": "balanced", "flips": True},
    **{"rotation": 5, "batchnorm_momentum": None, "seed": 2, "threads": 2, "kernels": "stock"},
    **{"precision": "bfloat16", "xla": True, "instructions": "avx2"},
}


@pytest.mark.parametrize("name", [field.name for field in fields(Settings)])
def test_every_setting_is_part_of_it(study, name):
    other = replace(ONE_EPOCH, **{name: OTHER[name]})
    first, second = (identity(inputs_in(study), settings=each) for each in (ONE_EPOCH, other))
    assert {key for key in first if first[key] != second[key]} == {"settings"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("model", "other"),
        ("network", "VGG16"),
        ("head", "gap_dense"),
        ("widths", [8]),
        ("weights", "imagenet"),
    ],
)
def test_so_is_the_classifier(study, name, value):
    assert identity(inputs_in(study), **{name: value}) != identity(inputs_in(study))


@pytest.mark.parametrize("name", arithmetic.SWITCHES)
def test_so_are_the_switches_of_tensorflow(study, name, monkeypatch):
    monkeypatch.delenv(name, raising=False)
    found = [identity(inputs_in(study))]
    for value in ("0", "1"):
        monkeypatch.setenv(name, value)
        found.append(identity(inputs_in(study)))
    assert [each["switches"][name] for each in found] == [None, "0", "1"]
    for each in found:
        each["switches"].pop(name)
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize("name", ["0.h5", "1.h5", "split-0.tsv", "cams.h5"])
def test_so_is_the_content_of_every_file(study, tmp_path, name):
    shutil.copytree(study, tmp_path / "study")
    with (tmp_path / "study" / name).open("ab") as file:
        file.write(b"\n")
    first, second = identity(inputs_in(study)), identity(inputs_in(tmp_path / "study"))
    assert {key for key in first if first[key] != second[key]} == {"data"}


def test_so_are_the_files_of_its_regime_and_the_weights_that_it_starts_from(study, tmp_path):
    (tmp_path / "a.h5").write_bytes(b"a")
    (tmp_path / "b.h5").write_bytes(b"b")
    inputs = inputs_in(study)
    found = [identity(inputs), identity(inputs_in(study, cams=None))]
    found += [identity(inputs, weights_file=tmp_path / name) for name in ("a.h5", "b.h5")]
    found += [identity(inputs, code_file=tmp_path / name) for name in ("a.h5", "b.h5")]
    found += [identity(replace(inputs, untrained=str(tmp_path / "a.h5")))]
    found += [identity(replace(inputs, verdicts=str(tmp_path / "b.h5")))]
    data = [str(each.pop("data")) for each in found]
    assert len(set(data)) == 8
    assert all(each == found[0] for each in found)


def test_what_changes_no_result_is_no_part_of_it(study):
    told = json.dumps(identity(inputs_in(study)))
    assert '"epochs"' in told
    for field in fields(ExecutionOptions):
        assert field.name not in told
    assert str(study) not in told


CODES = """
import json, sys
from pathlib import Path
from camseg.training import run
from tiny import make_settings

def codes():
    inputs = run.Inputs([], sys.argv[1])
    return {
        regime: run.identity(inputs, {"regime": regime}, make_settings(), None, None)["code"]
        for regime in ("original", "mask", "inverse", "noise")
    }

found = [codes()]
for path in sys.argv[2:]:
    file = Path(run.__file__).parents[1] / path
    file.write_text(file.read_text() + "# another line\\n")
    found.append(codes())
print(json.dumps(found))
"""


def test_so_is_the_code_that_a_regime_runs_and_no_other(tmp_path):
    """Of a copy of the library, one file after the other is edited."""
    shutil.copytree(ROOT / "scripts/camseg", tmp_path / "camseg")
    shutil.copy(ROOT / "tests/tiny.py", tmp_path)
    edited = {
        "training/filters/mask.py": {"mask", "inverse"},  # which makes use of it
        "training/filters/inverse.py": {"inverse"},
        "training/filters/noise.py": {"noise"},
        "training/step.py": {"original", "mask", "inverse", "noise"},
        "io/store.py": {"original", "mask", "inverse", "noise"},
        "report/tables.py": set(),
        "explanations/explain.py": set(),
    }
    (tmp_path / "empty.tsv").touch()
    result = subprocess.run(
        [sys.executable, "-c", CODES, "empty.tsv", *edited],
        cwd=tmp_path, text=True, capture_output=True, check=True,
    )  # fmt: skip
    before, *after = json.loads(result.stdout)
    assert len(set(before.values())) == 4
    for path, codes in zip(edited, after, strict=True):
        changed = {regime for regime in codes if codes[regime] != before[regime]}
        assert changed == edited[path], path
        before = codes


def outputs_in(folder):
    return run.Outputs(*(folder / name for name in OUTPUTS))


def train_here(inputs, folder, regime, classifier=SMALL):
    """Call the function itself, with what it refuses before TensorFlow computes anything."""
    run.train_classifier(
        inputs,
        outputs_in(folder),
        regime=regime,
        classifier=classifier,
        settings=ONE_EPOCH,
        execution=EXECUTION,
        seed=5,
    )


def test_what_cannot_be_trained_ends_before_it_begins(study, tmp_path):
    few = replace(inputs_in(study), shards=[str(study / "0.h5")])
    with pytest.raises(CamsegError, match=r"split-0.tsv: ROI roi-01 is not in the shards; remove"):
        train_here(few, tmp_path, "cam")
    with pytest.raises(CamsegError, match=r"^regime 'cam': needs a CAM of each ROI, shape "):
        train_here(inputs_in(study, cams=None), tmp_path, "cam")
    with pytest.raises(CamsegError, match=r"^regime is 'masks': did you mean mask"):
        train_here(inputs_in(study), tmp_path, "masks")
    with pytest.raises(CamsegError, match=r"has no network MobileNetV4; did you mean MobileNetV2"):
        train_here(inputs_in(study), tmp_path, "mask", replace(SMALL, network="MobileNetV4"))
    assert not {path.name for path in tmp_path.iterdir()} & set(OUTPUTS)


@pytest.mark.parametrize("memory_mb", [100, 0])
def test_maps_and_verdicts_are_those_of_the_rois_of_a_side(study, tmp_path, monkeypatch, memory_mb):
    """What each side's filter is given: files in another order, one of them with unused ROIs."""
    rois = store.read_rois([study / "0.h5", study / "1.h5"])
    side = pd.read_csv(study / "split-0.tsv", sep="\t", index_col="roi_id")["side"]
    names = side.index[side != "unused"][::-1]
    says = pd.Series(np.arange(len(names)) % 3 / 2, names)  # 0, 0.5, 1
    table = pd.DataFrame({"roi_id": names, "patient_id": "p", "label": "normal"})
    table = table.assign(side="train", probability=says.to_numpy())
    table.to_csv(tmp_path / "predictions.tsv", sep="\t", index=False)
    maps = np.random.default_rng(8).integers(0, 256, (N, SIZE, SIZE)).astype(np.uint8)
    back = np.arange(N)[::-1]
    store.write_cams(
        tmp_path / "untrained.h5", cam=maps[back], raw=maps[:, :2, :2].astype(np.float32),
        roi_id=rois.roi_id[back], options={},
    )  # fmt: skip
    inputs = replace(
        inputs_in(study),
        untrained=str(tmp_path / "untrained.h5"),
        verdicts=str(tmp_path / "predictions.tsv"),
    )
    seen = []
    monkeypatch.setattr(
        run.filtering, "weights", lambda regime, rois, given, seed: seen.append((rois, given))
    )
    run._read(inputs, "cam", SMALL, replace(EXECUTION, memory_mb=memory_mb), 5)
    cams = store.read_cams(study / "cams.h5", rois.roi_id).cam
    sides = [set(side[chosen.roi_id]) for chosen, _ in seen]
    assert sides == [{"train"}, {"selection"}, {"validation"}]
    for chosen, given in seen:
        places = np.searchsorted(rois.roi_id.astype(str), chosen.roi_id.astype(str))
        np.testing.assert_array_equal(given.cams[:], cams[places])
        np.testing.assert_array_equal(given.untrained[:], maps[places])
        assert given.verdicts.tolist() == (says[chosen.roi_id] > 0.5).tolist()
    table.iloc[1:].to_csv(tmp_path / "predictions.tsv", sep="\t", index=False)
    with pytest.raises(CamsegError, match=r"predictions.tsv: is not of the split's ROIs; remove"):
        run._read(inputs, "cam", SMALL, EXECUTION, 5)


@pytest.mark.parametrize("regime", ["mask", "swapped"])
def test_what_a_regime_takes_from_other_rois_is_of_the_same_side(study, regime):
    rois, sides, examples = run._read(inputs_in(study), regime, SMALL, EXECUTION, 5)
    cams = store.read_cams(study / "cams.h5", rois.roi_id).cam
    others = cams if regime == "swapped" else 255 * rois.mask[:]
    assert list(examples) == ["train", "selection", "validation"]
    for side, own in examples.items():
        found = own.weights(np.arange(len(own)))
        assert len(found) == (sides == side).sum()
        for weights, patient in zip(found, rois.patient_id[sides == side], strict=True):
            (places,) = np.nonzero((others == weights).all(axis=(1, 2)))
            assert sides[places].tolist() == [side]
            assert regime == "mask" or rois.patient_id[places] != patient


def test_a_split_without_a_selection_side_has_no_such_examples(study, tmp_path, monkeypatch):
    monkeypatch.setattr(run, "make_repeatable", lambda *_: None)  # other tests have used TensorFlow
    text = (study / "split-0.tsv").read_text().replace("selection", "train")
    (tmp_path / "split-0.tsv").write_text(text)
    inputs = replace(inputs_in(study), split=str(tmp_path / "split-0.tsv"))
    assert list(run._read(inputs, "cam", SMALL, EXECUTION, 5)[2]) == ["train", "validation"]
    (tmp_path / "split-0.tsv").write_text(text.replace("validation", "train"))
    with pytest.raises(CamsegError, match="all 0 validation ROIs are of one class"):
        train_here(inputs, tmp_path, "cam")


def start(study, folder, classifier=SMALL, settings=ONE_EPOCH, regime="cam", **execution):
    """Start a training of a small MobileNetV2 in the regime `cam`, by the stage's own script."""
    inputs = inputs_in(study)
    command = [sys.executable, ROOT / "scripts/train_classifier.py", "--shards", *inputs.shards]
    command += ["--split", inputs.split, "--cams", inputs.cams, "--regime", regime, "--seed", "5"]
    command += to_arguments(ClassifierOptions, asdict(classifier))
    command += to_arguments(TrainingOptions, asdict(settings))
    command += to_arguments(ExecutionOptions, asdict(replace(EXECUTION, **execution)))
    for name in OUTPUTS:
        command += [f"--{Path(name).stem}", folder / name]
    return subprocess.Popen(command, stderr=subprocess.PIPE, env=os.environ | {"LC_ALL": "C"})


@pytest.fixture(scope="module")
def trained(study):
    """Two trainings beside each other: with all ROIs in memory, and reading them batch by batch."""
    folders = study / "in-memory", study / "batchwise"
    runs = [
        start(study, folders[0], memory_mb=100),
        start(study, folders[1], memory_mb=0, tensorboard=True),
    ]
    for process in runs:
        said = process.communicate(timeout=300)[1].decode()
        assert process.returncode == 0, said
    return folders


@pytest.mark.slow
def test_a_training_writes_its_four_files_and_leaves_no_state(trained):
    names = [{path.name for path in folder.iterdir()} for folder in trained]
    assert names == [set(OUTPUTS), {*OUTPUTS, "tensorboard"}]


@pytest.mark.slow
def test_how_it_ran_shows_in_no_file(trained):
    """All in memory or batch by batch, with logs or without: the same bits."""
    for name in ("history.csv", "metrics.json", "predictions.tsv"):
        one, other = ((folder / name).read_bytes() for folder in trained)
        assert one == other, name
    one, other = (keras.models.load_model(folder / "model.keras") for folder in trained)
    for first, second in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(first, second)


@pytest.mark.slow
def test_its_files_agree_with_each_other_and_with_what_went_in(trained, study):
    folder = trained[0]
    metrics = json.loads((folder / "metrics.json").read_text())
    history = pd.read_csv(folder / "history.csv")
    predictions = pd.read_csv(folder / "predictions.tsv", sep="\t")
    # what went in
    seed = derive_seed(5, "training", "cam", "small", "split-0")
    assert metrics["settings"] == asdict(replace(ONE_EPOCH, seed=seed))
    assert {name: metrics[name] for name in ("model", "network", "head", "widths", "weights")} == {
        "model": "small",
        "network": "MobileNetV2",
        "head": "gap_dense",
        "widths": [8],
        "weights": None,
    }
    assert (metrics["regime"], metrics["split"], metrics["seed"]) == ("cam", "split-0", 5)
    table = pd.read_csv(study / "split-0.tsv", sep="\t")
    used = table[table["side"] != "unused"].reset_index(drop=True)
    pd.testing.assert_frame_equal(predictions[list(table)], used)
    assert (predictions["label"] == "abnormal").tolist() == (used.index % 2 == 1).tolist()
    sides = predictions["side"].value_counts()
    assert {name: metrics[f"n_{name}"] for name in sides.index} == sides.to_dict()
    assert sides["selection"] == 6
    # what came out
    assert history["epoch"].tolist() == [1]
    assert (metrics["best_epoch"], metrics["epochs"]) == (1, 1)
    last = history.iloc[-1]
    selection = predictions[predictions["side"] == "selection"]
    right = (selection["probability"] > 0.5) == (selection["label"] == "abnormal")
    assert last["selection_accuracy"] == right.mean()
    for name, column in (("val_acc", "val_accuracy"), ("val_loss", "val_loss"), ("auc", "val_auc")):
        assert metrics[name] == metrics[f"{name}_last"] == pytest.approx(last[column], rel=1e-12)
    validation = predictions[predictions["side"] == "validation"]
    abnormal, called = validation["label"] == "abnormal", validation["probability"] > 0.5
    assert (called == abnormal).mean() == metrics["val_acc"]
    assert roc_auc_score(abnormal, validation["probability"]) == pytest.approx(metrics["auc"])
    right = np.where(abnormal, validation["probability"], 1 - validation["probability"])
    assert -np.log(right).mean() == pytest.approx(metrics["val_loss"], rel=1e-4)
    # the saved model says the same of the ROIs, each multiplied by its CAM
    model = keras.models.load_model(folder / "model.keras")
    assert model.name == "small"
    rois = store.read_rois([study / "0.h5", study / "1.h5"])
    cams = store.read_cams(study / "cams.h5", rois.roi_id).cam
    images = classifiers.preprocess("MobileNetV2", rois.image * (cams / np.float32(255)))
    logits = model(images, training=False).numpy()
    probability = pd.Series(probability_abnormal(logits), rois.roi_id)[predictions["roi_id"]]
    np.testing.assert_allclose(predictions["probability"], probability, atol=1e-5)
    assert np.ptp(probability) > 0


OWN = """
import os, signal
from pathlib import Path

import keras

def build(size):
    images = keras.Input((size, size, 3))
    x = keras.layers.Conv2D(4, 3, strides=4, padding="same", use_bias=False)(images)
    x = keras.layers.ReLU()(keras.layers.BatchNormalization()(x))
    squeezed = keras.layers.GlobalAveragePooling2D()(x)
    squeezed = keras.layers.BatchNormalization()(keras.layers.Dense(4)(squeezed))
    x = x * keras.layers.Reshape((1, 1, 4))(keras.layers.Activation("sigmoid")(squeezed))
    return keras.Model(images, keras.layers.Dropout(0.3)(x))

def preprocess(images):
    calls = Path(os.environ.get("CALLS", os.devnull))
    if calls.is_file():
        calls.write_text(calls.read_text() + "x")
        if len(calls.read_text()) == 20:
            os.kill(os.getpid(), signal.SIGKILL)
    return images / 128 - 1
"""


@pytest.mark.slow
def test_a_network_of_ones_own_trains_as_others_and_goes_on_where_it_was_killed(
    study, tmp_path, monkeypatch
):
    """All that has a state: momentum of maps and of vectors, dropout, Adam, the order of ROIs."""
    (tmp_path / "mine.py").write_text(OWN)
    classifier = ClassifierOptions(name="Mine", network=f"{tmp_path / 'mine.py'}:build")
    settings = make_settings(epochs=6, batch_size=4, flips=True)
    whole = start(study, tmp_path / "whole", classifier, settings)
    (tmp_path / "calls").touch()
    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))
    killed = start(study, tmp_path / "killed", classifier, settings)
    monkeypatch.delenv("CALLS")
    said = whole.communicate(timeout=300)[1].decode()
    assert whole.returncode == 0, said
    killed.communicate(timeout=300)
    assert killed.returncode == -9
    assert (tmp_path / "killed/resume").is_dir()
    said = start(study, tmp_path / "killed", classifier, settings).communicate(timeout=300)[1]
    assert b"epoch 6/6" in said
    assert b"epoch 1/6" not in said
    for name in ("history.csv", "metrics.json", "predictions.tsv"):
        one, other = ((tmp_path / folder / name).read_bytes() for folder in ("whole", "killed"))
        assert one == other, name
    metrics = json.loads((tmp_path / "whole/metrics.json").read_text())
    assert metrics["network"] == classifier.network
    one, other = (
        keras.models.load_model(tmp_path / folder / "model.keras") for folder in ("whole", "killed")
    )
    for first, second in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(first, second)


@pytest.mark.slow
def test_a_classifier_trained_elsewhere_is_scored_and_not_trained(trained, study, tmp_path):
    given = trained[0] / "model.keras"
    taken = replace(SMALL, name="Given", trained=str(given))
    alike = start(study, tmp_path / "cam", taken)  # retrained, from weights of its own
    scored = start(study, tmp_path / "original", taken, make_settings(epochs=9), regime="original")
    other = start(study, tmp_path / "other", replace(taken, widths=(4,)))
    for process in (alike, scored):
        said = process.communicate(timeout=300)[1].decode()
        assert process.returncode == 0, said
    assert other.communicate(timeout=300)[1].decode().splitlines()[-1] == (
        f"error: {given}: is another network than MobileNetV2 with the head gap_dense (4), which "
        "would be retrained in its place: name its own, or retrain Given in no regime"
    )
    folder = tmp_path / "original"
    assert {path.name for path in folder.iterdir()} == set(OUTPUTS)
    metrics = json.loads((folder / "metrics.json").read_text())
    assert metrics["trained"] == str(given)
    assert (metrics["best_epoch"], metrics["epochs"]) == (1, 1)
    assert pd.read_csv(folder / "history.csv")["epoch"].tolist() == [1]
    one, own = (keras.models.load_model(each) for each in (given, folder / "model.keras"))
    for first, second in zip(one.get_weights(), own.get_weights(), strict=True):
        np.testing.assert_array_equal(first, second)
    # it says of the whole ROIs what the model says
    predictions = pd.read_csv(folder / "predictions.tsv", sep="\t")
    rois = store.read_rois([study / "0.h5", study / "1.h5"])
    logits = one(classifiers.preprocess("MobileNetV2", rois.image), training=False).numpy()
    probability = pd.Series(probability_abnormal(logits), rois.roi_id)[predictions["roi_id"]]
    np.testing.assert_allclose(predictions["probability"], probability, atol=1e-5)
    metrics = json.loads((tmp_path / "cam/metrics.json").read_text())
    assert metrics["trained"] is None
    retrained = keras.models.load_model(tmp_path / "cam/model.keras")
    kernels = [each.get_layer("logits").kernel.numpy() for each in (one, retrained)]
    assert not np.array_equal(*kernels)
