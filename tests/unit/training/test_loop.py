import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from camseg.errors import CamsegError
from camseg.io import store
from camseg.networks import classifiers
from camseg.seeds import generator
from camseg.training import augmentation, filtering, loop, metrics, options
from camseg.training.checkpoint import Checkpoint
from camseg.training.examples import Examples, class_weights
from project import ROOT
from tiny import make_examples, make_settings, tiny_model, to_input

SCRIPT = ROOT / "scripts" / "train_classifier.py"


@pytest.mark.parametrize(
    ("n", "batch_size", "sizes"),
    [
        (150, 16, [15] * 10),
        (17, 16, [9, 8]),
        (16, 16, [16]),
        (5, 16, [5]),
        (5, 2, [3, 2]),  # not 2, 2, 1
    ],
)
def test_batches(n, batch_size, sizes):
    order = np.random.default_rng(1).permutation(n)
    parts = loop.batches(order, batch_size)
    assert [len(part) for part in parts] == sizes
    np.testing.assert_array_equal(np.concatenate(parts), order)


def test_an_epoch_shows_every_roi_once_in_a_new_order():
    seen = []

    def spy(grey):
        seen.extend(grey[:, 0, 0].astype(int))
        return to_input(grey)

    examples = make_examples(preprocess=spy)
    examples.images[:, 0, 0] = np.arange(20)
    loop.train(tiny_model(), examples, make_examples(seed=2), make_settings(epochs=2))
    assert sorted(seen[:20]) == sorted(seen[20:]) == list(range(20))
    assert seen[:20] != seen[20:]


def test_the_filter_comes_before_the_preprocessing():
    weights = np.zeros((4, 8, 8), np.uint8)
    weights[:, :4] = 255
    examples = make_examples(
        4, weights=lambda index: weights[index], preprocess=lambda grey: grey / 127.5 - 1
    )
    inputs = examples.inputs(np.array([2, 0]))
    np.testing.assert_allclose(inputs[:, :4], examples.images[[2, 0], :4] / 127.5 - 1, atol=1e-6)
    assert (inputs[:, 4:] == -1).all()


def history(*rows):
    return [
        {"epoch": number, "val_accuracy": accuracy, "val_loss": loss}
        for number, (accuracy, loss) in enumerate(rows, start=1)
    ]


@pytest.mark.parametrize(
    ("rows", "best"),
    [
        ([(0.5, 0.1), (0.8, 0.9), (0.7, 0.2)], 2),  # accuracy before loss
        ([(0.8, 0.9), (0.8, 0.3), (0.8, 0.5)], 2),  # of equal accuracy, the lower loss
        ([(0.7, 0.1), (0.8, 0.3), (0.8, 0.3)], 2),  # of equal both, the earlier
    ],
)
def test_best_epoch(rows, best):
    assert loop.best_epoch(history(*rows)) == best


@pytest.mark.parametrize("monitor", options.MONITORS)
def test_stops_after_patience_epochs_without_a_gain(monitor):
    values = [0.9, 0.5, 0.6, 0.5, 0.7]
    if monitor != "val_loss":  # more is better
        values = [1 - value for value in values]
    rows = [{monitor: value} for value in values]
    stops = [loop.stops_early(rows[:n], monitor, patience=3) for n in range(6)]
    assert stops == [False, False, False, False, False, True]


@pytest.mark.parametrize("monitor", options.MONITORS)
def test_selection_columns_stand_for_those_of_validation(monitor):
    random = np.random.default_rng(0)
    settings = make_settings(schedule="plateau", epochs=60, monitor=monitor)

    def choices(rows):
        for n in range(1, 61):
            past = rows[:n]
            yield loop.best_epoch(past)
            yield loop.stops_early(past, monitor, 5)
            yield loop.learning_rate(past, settings)

    rows, others = (
        [{"epoch": n} | {name: random.random() for name in options.MONITORS} for n in range(1, 61)]
        for _ in range(2)
    )
    both = [
        other | {name.replace("val", "selection"): row[name] for name in options.MONITORS}
        for row, other in zip(rows, others, strict=True)
    ]
    assert list(choices(both)) == list(choices(rows)) != list(choices(others))


def test_learning_rates():
    def rates(schedule, losses, epochs=4):
        settings = make_settings(schedule=schedule, learning_rate=0.8, epochs=epochs)
        rows = [{"val_loss": loss} for loss in losses]
        return [loop.learning_rate(rows[:n], settings) for n in range(len(rows) + 1)]

    assert rates("constant", [3, 2, 1]) == [0.8] * 4
    assert rates("cosine", [3, 2, 1]) == pytest.approx([0.8, 0.68284, 0.4, 0.11716], abs=1e-5)
    better, worse = list(range(9, 0, -1)), [9] * 10
    expected = [0.8] * (1 + 9 + 9) + [0.4] * (1 + 9) + [0.2]
    assert rates("plateau", [*better, *worse, *worse], 40) == pytest.approx(expected)
    # a gain in between starts the count anew, and keeps the rate
    expected = [0.8] * (1 + 9 + 9) + [0.4] * (1 + 1 + 9) + [0.2]
    assert rates("plateau", [*better, *worse, 0.5, *worse], 40) == pytest.approx(expected)


def test_the_schedule_reaches_the_optimizer():
    settings = make_settings(schedule="cosine", epochs=4)
    result = loop.train(tiny_model(), make_examples(), make_examples(seed=2), settings)
    shares = [row["learning_rate"] / settings.learning_rate for row in result.history]
    assert shares == pytest.approx([1, 0.853553, 0.5, 0.146447], abs=1e-6)
    full = loop.train(tiny_model(), make_examples(), make_examples(seed=2), make_settings(epochs=4))
    assert full.history[0]["loss"] == result.history[0]["loss"]
    assert full.history[2]["loss"] != result.history[2]["loss"]


def test_balanced_classes_weigh_the_same():
    labels = np.array([0, 0, 0, 1])
    weights = class_weights(labels, "balanced")
    assert weights.tolist() == pytest.approx([4 / 6, 2])
    assert np.mean(weights[labels]) == pytest.approx(1)
    assert class_weights(labels, None) is None


def test_training_stops_early():
    model = tiny_model(batchnorm=False)
    settings = make_settings(epochs=10, patience=2, learning_rate=1e-30)  # the loss never changes
    result = loop.train(model, make_examples(), make_examples(seed=2), settings)
    assert [row["epoch"] for row in result.history] == [1, 2, 3]
    assert result.best_epoch == 1


def test_the_model_ends_with_the_weights_of_the_best_epoch():
    model, validation = tiny_model(), make_examples(seed=2)
    validation.labels[:] = 1 - validation.labels  # so that learning makes it worse
    result = loop.train(model, make_examples(), validation, make_settings(epochs=6))
    best = result.history[result.best_epoch - 1]
    assert result.best_epoch < 6  # or the test shows nothing
    loss, accuracy = metrics.loss_and_accuracy(result.outputs(validation), validation.labels)
    assert (loss, accuracy) == (best["val_loss"], best["val_accuracy"])


def trained(validation, selection=None, checkpoint=None, **changes):
    """A training whose kept weights, rates and length follow from what is watched."""
    model, settings = tiny_model(), make_settings(epochs=12, patience=5, **changes)
    settings = replace(settings, schedule="plateau", monitor="val_accuracy")
    result = loop.train(
        model, make_examples(), validation, settings, selection=selection, checkpoint=checkpoint
    )
    return result, model.get_weights()


def same(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_validation_rois_choose_nothing_if_others_do(monkeypatch):
    """Neither their labels nor their pixels; without other ROIs they do."""
    monkeypatch.setattr(loop, "PLATEAU", 2)
    plain, turned, noise = make_examples(seed=2), make_examples(seed=2), make_examples(seed=5)
    turned.labels[:] = 1 - turned.labels
    noise.images[:] = np.random.default_rng(6).integers(0, 256, noise.images.shape)
    for keep in ("best", "last"):
        found = [trained(each, make_examples(seed=3), keep=keep) for each in (plain, turned, noise)]
        for result, weights in found[1:]:
            assert same(weights, found[0][1])
            assert result.best_epoch == found[0][0].best_epoch
            assert len(result.history) == len(found[0][0].history)
            assert result.history != found[0][0].history  # they are scored
        assert not same(*(trained(each, keep=keep)[1] for each in (plain, turned)))


def test_an_epoch_chosen_by_other_rois_is_scored_on_those_of_validation():
    validation, selection = make_examples(seed=2), make_examples(seed=3)
    selection.labels[:] = 1 - selection.labels  # so that they choose early, and badly
    result, _ = trained(validation, selection, keep="best")
    summary, columns = result.summary(), pd.DataFrame(result.history)
    chosen = columns["selection_accuracy"].idxmax()
    assert result.best_epoch == chosen + 1
    assert summary["val_acc"] == columns["val_accuracy"][chosen]
    assert summary["val_acc_best"] == columns["val_accuracy"].max() > summary["val_acc"]
    for examples, name in ((validation, "val"), (selection, "selection")):
        logits = result.outputs(examples)
        row = columns.loc[chosen]
        assert metrics.loss_and_accuracy(logits, examples.labels) == (
            row[f"{name}_loss"],
            row[f"{name}_accuracy"],
        )
        scores = metrics.discrimination(metrics.probability_abnormal(logits), examples.labels)
        assert scores == {score: row[f"{name}_{score}"] for score in scores}


STEPS = [{}, {"kernels": "stock"}, {"precision": "bfloat16"}, {"xla": True}]


@pytest.mark.parametrize("step", STEPS)
def test_a_training_with_a_selection_side_resumes_to_the_same_bits(tmp_path, monkeypatch, step):
    monkeypatch.setattr(loop, "PLATEAU", 2)

    def broken(grey):
        seen.append(len(grey))
        if len(seen) == 26:  # three batches an epoch: in the ninth
            raise KeyboardInterrupt
        return to_input(grey)

    seen: list[int] = []
    selection = make_examples(seed=3)
    selection.labels[:5] = 1 - selection.labels[:5]
    whole, weights = trained(make_examples(seed=2), selection, keep="best", **step)
    assert len({row["learning_rate"] for row in whole.history[:8]}) > 1
    assert whole.best_epoch <= 8
    with pytest.raises(KeyboardInterrupt):
        trained(
            make_examples(seed=2, preprocess=broken), selection,
            Checkpoint(tmp_path, {}, 0), keep="best", **step,
        )  # fmt: skip
    again, resumed = trained(
        make_examples(seed=2, preprocess=broken), selection, Checkpoint(tmp_path, {}, 0),
        keep="best", **step,
    )  # fmt: skip
    assert len(seen) == 26 + 3 * (len(whole.history) - 8)
    assert again.history == whole.history
    assert same(weights, resumed)


def test_a_training_by_keras_own_kernels_is_the_same_up_to_rounding(monkeypatch):
    monkeypatch.setattr(loop, "PLATEAU", 2)
    fused, weights = trained(make_examples(seed=2), keep="last")
    monkeypatch.setattr("camseg.training.step._fused_call", None)  # it takes no part in these
    monkeypatch.setattr(loop, "Adam", None)
    stock, others = trained(make_examples(seed=2), keep="last", kernels="stock")
    columns = [pd.DataFrame(result.history) for result in (fused, stock)]
    assert len(set(columns[0]["learning_rate"])) > 1
    pd.testing.assert_frame_equal(*columns, rtol=1e-3, check_exact=False)
    for one, other in zip(weights, others, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-2, atol=1e-4)


def test_what_was_trained_in_bfloat16_is_a_float32_network(tmp_path):
    model, validation = tiny_model(), make_examples(seed=2)
    settings = make_settings(keep="last", precision="bfloat16")
    result = loop.train(model, make_examples(), validation, settings)
    plain = loop.train(tiny_model(), make_examples(), validation, make_settings(keep="last"))
    assert result.history != plain.history
    model.save(tmp_path / "model.keras")
    saved = keras.models.load_model(tmp_path / "model.keras")
    assert {layer.dtype_policy.name for layer in saved.layers} == {"float32"}
    assert {variable.dtype for variable in saved.variables} == {"float32"}
    logits = saved(validation.inputs(np.arange(20)), training=False)
    np.testing.assert_allclose(result.outputs(validation), logits, rtol=1e-5, atol=1e-6)
    labels = validation.labels
    loss = np.mean(keras.losses.sparse_categorical_crossentropy(labels, logits, True))
    assert result.history[-1]["val_loss"] == pytest.approx(loss, rel=1e-5)


def test_the_last_epochs_weights_can_be_kept_instead():
    model, validation = tiny_model(), make_examples(seed=2)
    validation.labels[:] = 1 - validation.labels
    result = loop.train(model, make_examples(), validation, make_settings(epochs=6, keep="last"))
    last = result.history[-1]
    assert result.best_epoch < 6
    loss, accuracy = metrics.loss_and_accuracy(result.outputs(validation), validation.labels)
    assert (loss, accuracy) == (last["val_loss"], last["val_accuracy"])


def test_the_summary_has_best_and_last_epoch():
    validation = make_examples(seed=2)
    validation.labels[:] = 1 - validation.labels
    result = loop.train(tiny_model(), make_examples(), validation, make_settings(epochs=6))
    summary, best = result.summary(), result.history[result.best_epoch - 1]
    assert (summary["best_epoch"], summary["epochs"]) == (result.best_epoch, 6)
    assert summary["val_acc_best"] == summary["val_acc"]  # by the very ROIs that choose
    for name, column in (("val_acc", "val_accuracy"), ("val_loss", "val_loss"), ("auc", "val_auc")):
        assert summary[name] == best[column]
        assert summary[f"{name}_last"] == result.history[-1][column]
    probability = metrics.probability_abnormal(result.outputs(validation))
    scores = metrics.discrimination(probability, validation.labels)
    assert {name: summary[name] for name in scores} == scores


def test_augmentation_changes_training_rois_only_and_anew_every_epoch():
    seen = []

    def spy(grey):
        seen.append(grey.copy())
        return to_input(grey)

    examples, validation = make_examples(preprocess=spy), make_examples(seed=2, preprocess=spy)
    settings = make_settings(epochs=2, batch_size=20, flips=True, rotation=20)
    loop.train(tiny_model(), examples, validation, settings)
    first, checked, second, checked_again = seen
    for epoch, images in ((1, first), (2, second)):
        order = generator(1, "order", epoch).permutation(20)
        draw = augmentation.draw(20, flips=True, rotation=20, seed=1, epoch=epoch)
        expected = draw.apply(examples.images[order].astype(np.float32), order)
        np.testing.assert_array_equal(images, expected)
    np.testing.assert_array_equal(checked, validation.images)
    np.testing.assert_array_equal(checked_again, validation.images)


def test_logs_for_tensorboard(tmp_path):
    sides = make_examples(), make_examples(seed=2)
    result = loop.train(tiny_model(), *sides, make_settings(epochs=2), tensorboard=tmp_path)
    (path,) = tmp_path.iterdir()
    logged = {}
    for event in tf.compat.v1.train.summary_iterator(str(path)):
        for value in event.summary.value:
            logged[event.step, value.tag] = float(tf.make_ndarray(value.tensor))
    for row in result.history:
        for name, value in row.items():
            assert logged[row["epoch"], name] == pytest.approx(value, rel=1e-6)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"epochs": 0}, "epochs is 0: must be a whole number, at least 1"),
        ({"epochs": 2.0}, "epochs is 2.0: must be a whole number, at least 1"),
        ({"flips": 1}, "flips is 1: must be true or false"),
        ({"batch_size": 1}, "batch_size is 1: must be a whole number, at least 2"),
        (
            {"monitor": "val_acc"},
            "monitor is 'val_acc': must be one of val_loss, val_accuracy, val_auc",
        ),
        (
            {"schedule": "cosin"},
            "schedule is 'cosin': must be one of constant, cosine, plateau",
        ),
        (
            {"class_weights": "blanced"},
            "class_weights is 'blanced': must be one of balanced, or none",
        ),
        (
            {"learning_rate": float("nan")},
            "learning_rate is nan: must be a number, above 0",
        ),
        ({"learning_rate": 0.0}, "learning_rate is 0.0: must be a number, above 0"),
        ({"learning_rate": float("inf")}, "learning_rate is inf: must be a number, above 0"),
        (
            {"rotation": float("nan")},
            "rotation is nan: must be a number, at least 0 and at most 180",
        ),
        (
            {"batchnorm_momentum": "x"},
            "batchnorm_momentum is 'x': must be a number, at least 0 and below 1, or none",
        ),
        (
            {"batchnorm_momentum": 1.0},
            "batchnorm_momentum is 1.0: must be a number, at least 0 and below 1, or none",
        ),
    ],
)
def test_senseless_settings_are_one_readable_line(changes, message):
    with pytest.raises(CamsegError) as error:
        make_settings(**changes)
    assert str(error.value) == message


@pytest.mark.parametrize("step", STEPS)
def test_it_learns(step):
    settings = make_settings(epochs=30, learning_rate=0.03, **step)
    result = loop.train(tiny_model(), make_examples(), make_examples(seed=2), settings)
    assert max(row["val_accuracy"] for row in result.history) == 1
    assert result.history[-1]["loss"] < 0.5 * result.history[0]["loss"]


def test_a_loss_that_is_not_finite_names_epoch_and_batch():
    order = generator(1, "order", 1).permutation(20)
    third = loop.batches(order, 8)[2]

    def poison(grey):
        return np.where(grey[..., np.newaxis] == 255, np.float32(np.nan), to_input(grey))

    examples = make_examples(preprocess=poison)
    examples.images[third[0]] = 255
    with pytest.raises(CamsegError, match="tiny: the loss is nan in epoch 1, batch 3"):
        loop.train(tiny_model(), examples, make_examples(seed=2), make_settings())


@pytest.mark.filterwarnings("ignore:invalid value")  # inf - inf
def test_a_last_step_that_ruins_the_weights_shows_in_validation():
    settings = make_settings(epochs=1, batch_size=20, learning_rate=1e30)
    model = tiny_model(batchnorm=False)
    with pytest.raises(CamsegError, match=r"tiny: the loss is .* in epoch 1, validation"):
        loop.train(model, make_examples(), make_examples(seed=2), settings)


@pytest.mark.parametrize("side", ["training", "validation", "selection"])
def test_a_side_of_one_class(side):
    one_class = make_examples(6)
    one_class.labels[:] = 1
    sides = {"training": make_examples(), "validation": make_examples(), side: one_class}
    with pytest.raises(CamsegError, match=f"all 6 {side} ROIs are of one class"):
        loop.train(
            tiny_model(), sides["training"], sides["validation"], make_settings(),
            selection=sides.get("selection"),
        )  # fmt: skip


def test_images_read_batch_by_batch_are_those_in_memory(study):
    loaded, left = (store.read_rois([study / "shard.h5"], load=load) for load in (True, False))
    sides = []
    for rois in (loaded, left):
        weights = filtering.weights("inverse", rois, filtering.Given(), seed=1)
        sides.append(Examples(rois.image, rois.label, weights, to_input))
    for batch in loop.batches(np.random.default_rng(1).permutation(30), 8):
        np.testing.assert_array_equal(sides[0].inputs(batch), sides[1].inputs(batch))


@pytest.mark.parametrize("step", STEPS)
def test_a_tiny_training_repeats_to_the_bit(step):
    def weights():
        model = tiny_model()
        loop.train(model, make_examples(), make_examples(seed=2), make_settings(**step))
        return model.get_weights()

    for first, second in zip(weights(), weights(), strict=True):
        np.testing.assert_array_equal(first, second)


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A folder with a shard of 30 ROIs and its split."""
    folder = tmp_path_factory.mktemp("training")
    n, size = 30, 32
    random = np.random.default_rng(1)
    label = (np.arange(n) % 2).astype(np.uint8)
    mask = np.zeros((n, size, size), np.uint8)
    mask[label == 1, 8:24, 8:24] = 1
    image = random.integers(0, 150, (n, size, size)) + 100 * mask
    text = np.full(n, "", object)
    shard = store.Rois(
        image=image.astype(np.uint8),
        mask=mask,
        label=label,
        roi_id=np.array([f"roi-{number:02d}" for number in range(n)], object),
        patient_id=np.array([f"patient-{number // 2}" for number in range(n)], object),
        view=text,
        pathology=text,
        lesion_type=text,
        box=np.zeros((n, 4), np.int32),
    )
    store.write_shard(folder / "shard.h5", shard, source="test")
    side = np.repeat(["train", "validation", "unused"], [20, 8, 2])
    split = pd.DataFrame({"roi_id": shard.roi_id, "patient_id": shard.patient_id, "side": side})
    split.to_csv(folder / "split.tsv", sep="\t", index=False)
    return folder


def start(folder, run, *, memory, **environment):
    """Start a training of MobileNetV2 into a folder of its own."""
    arguments = ["--shards", folder / "shard.h5", "--split", folder / "split.tsv"]
    arguments += ["--regime", "mask", "--seed", "5"]
    arguments += ["--name", "MobileNetV2", "--network", "MobileNetV2", "--weights", "none"]
    arguments += ["--epochs", "3", "--patience", "9", "--monitor", "val_loss", "--keep", "best"]
    arguments += ["--batch-size", "8", "--learning-rate", "0.001", "--schedule", "constant"]
    arguments += ["--class-weights", "none", "--flips", "--rotation", "5"]
    arguments += ["--batchnorm-momentum", "0.9", "--threads", "1"]
    arguments += ["--save-every-minutes", "0", "--memory-mb", str(memory), "--no-tensorboard"]
    for name in ("model.keras", "history.csv", "metrics.json", "predictions.tsv"):
        arguments += [f"--{Path(name).stem}", folder / run / name]
    return subprocess.Popen(
        [sys.executable, SCRIPT, *arguments],
        stderr=subprocess.PIPE,
        env=os.environ | environment,
    )


@pytest.mark.slow
def test_a_state_made_with_other_kernels_is_not_resumed(study):
    """oneDNN's kernels round otherwise: a mixture would be the result of neither."""
    first = start(study, "kernels", memory=100, TF_ENABLE_ONEDNN_OPTS="1")
    for line in first.stderr:
        if line.startswith(b"epoch 2/3"):
            break
    first.kill()
    first.wait()
    again = start(study, "kernels", memory=100, TF_ENABLE_ONEDNN_OPTS="0")
    said = again.communicate(timeout=300)[1].decode()
    assert again.returncode == 0, said
    assert "not used: is of a training with other switches.TF_ENABLE_ONEDNN_OPTS\n" in said
    assert "epoch 1/3" in said


@pytest.fixture(scope="module")
def trained_twice(study):
    """Two trainings beside each other: one left alone with all in memory, and one that is killed
    after its second epoch and started again, which reads its ROIs batch by batch."""
    runs = start(study, "first", memory=100), start(study, "second", memory=0)
    for line in runs[1].stderr:
        if line.startswith(b"epoch 2/3"):
            break
    runs[1].kill()
    runs[1].wait()
    assert not (study / "second" / "model.keras").exists()
    again = start(study, "second", memory=0)
    logs = [run.communicate(timeout=300)[1].decode() for run in (runs[0], again)]
    assert runs[0].returncode == again.returncode == 0, logs
    assert "epoch 3/3" in logs[0]
    assert "resuming after epoch" in logs[1]
    assert "epoch 1/3" not in logs[1]
    return study / "first", study / "second"


@pytest.mark.slow
def test_mobilenet_killed_and_resumed_and_streamed_ends_with_the_same_bits(trained_twice):
    first, second = trained_twice
    for name in ("history.csv", "metrics.json", "predictions.tsv"):
        assert (first / name).read_bytes() == (second / name).read_bytes(), name
    models = [keras.models.load_model(run / "model.keras") for run in trained_twice]
    weights = zip(*(model.get_weights() for model in models), strict=True)
    for index, (one, other) in enumerate(weights):
        np.testing.assert_array_equal(one, other, err_msg=f"weight {index}")
    names = [[path.name for path in sorted(run.iterdir())] for run in trained_twice]
    assert names[0] == names[1] == ["history.csv", "metrics.json", "model.keras", "predictions.tsv"]


@pytest.mark.slow
def test_what_a_training_writes(trained_twice):
    folder, _ = trained_twice
    summary = json.loads((folder / "metrics.json").read_text())
    history = pd.read_csv(folder / "history.csv")
    predictions = pd.read_csv(folder / "predictions.tsv", sep="\t")
    assert list(history) == [
        *("epoch", "learning_rate", "loss", "accuracy", "val_loss", "val_accuracy"),
        *("val_auc", "val_sensitivity", "val_specificity"),
    ]
    assert (summary["epochs"], summary["n_train"], summary["n_validation"]) == (3, 20, 8)
    assert summary["n_selection"] == 0
    assert summary["parameters"] == 2_257_984 + 2 * 1281  # Keras' own count, and the head's
    assert (summary["model"], summary["regime"]) == ("MobileNetV2", "mask")
    assert summary["val_acc"] == history["val_accuracy"].max()
    assert summary["val_acc_last"] == history["val_accuracy"].iloc[-1]
    assert list(predictions) == ["roi_id", "patient_id", "label", "side", "probability"]
    assert predictions["side"].value_counts().to_dict() == {"train": 20, "validation": 8}
    validation = predictions[predictions["side"] == "validation"]
    called = np.where(validation["probability"] > 0.5, "abnormal", "normal")
    assert (called == validation["label"]).mean() == summary["val_acc"]
    # the model as saved is Keras' own, uncompiled, and gives the same probabilities
    model = keras.models.load_model(folder / "model.keras", safe_mode=True)
    assert not model.compiled
    shard = store.read_rois([folder.parent / "shard.h5"])
    abnormal = shard.take(shard.label == 1).take(slice(0, 14))
    images = classifiers.preprocess("MobileNetV2", abnormal.image * abnormal.mask)
    probability = metrics.probability_abnormal(model(images, training=False).numpy())
    written = predictions.set_index("roi_id")["probability"][abnormal.roi_id]
    np.testing.assert_allclose(probability, written, atol=1e-5)


def test_a_model_that_is_taken_as_it_is_is_scored_and_keeps_its_weights():
    model = tiny_model()
    before = model.get_weights()
    sides = {"training": make_examples(), "validation": make_examples(seed=2)}
    taken = loop.take(
        model, *sides.values(), selection=make_examples(12, 3), options=make_settings(batch_size=7)
    )
    for one, other in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(one, other)
    logits = {
        side: model(each.inputs(np.arange(20)), training=False) for side, each in sides.items()
    }
    (row,) = taken.history
    for side, prefix in (("training", ""), ("validation", "val_")):
        labels = sides[side].labels
        losses = keras.losses.sparse_categorical_crossentropy(labels, logits[side], True)
        assert row[f"{prefix}loss"] == pytest.approx(np.mean(losses), rel=1e-4)
        assert row[f"{prefix}accuracy"] == np.mean(np.argmax(logits[side], axis=1) == labels)
    assert {"val_auc", "selection_loss", "selection_accuracy"} <= row.keys()
    summary = taken.summary()
    assert (summary["best_epoch"], summary["epochs"]) == (1, 1)
    assert summary["val_acc"] == summary["val_acc_last"] == summary["val_acc_best"]
    np.testing.assert_allclose(
        taken.outputs(sides["validation"]), logits["validation"], rtol=1e-4, atol=1e-6
    )


@pytest.mark.parametrize(
    ("end", "fault"),
    [
        (keras.layers.Softmax(), "tiny: gives probabilities: must be the two logits before the so"),
        (keras.layers.Dense(1), r"tiny: gives outputs of shape \(1,\): must be two logits, normal"),
        (keras.layers.Rescaling(np.inf), "tiny: does not give finite logits"),
    ],
)
def test_a_model_without_two_finite_logits_is_not_taken(end, fault):
    model = tiny_model()
    model = keras.Model(model.input, end(model.output), name="tiny")
    with pytest.raises(CamsegError, match=fault):
        loop.take(model, make_examples(), make_examples(), options=make_settings())
