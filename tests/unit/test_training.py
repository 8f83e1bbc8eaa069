import json
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from camseg import classifiers, store, training
from camseg.errors import CamsegError
from camseg.seeds import generator

SCRIPT = Path(__file__).parents[2] / "scripts" / "train_classifier.py"


def tiny_model(batchnorm=True, **options):
    """Images (n, 8, 8, 3) to two logits."""
    keras.utils.set_random_seed(3)
    inputs = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(4, 3, use_bias=not batchnorm)(inputs)
    if batchnorm:
        x = keras.layers.BatchNormalization(momentum=0.9, **options)(x)
    x = keras.layers.GlobalAveragePooling2D(name="pool")(keras.layers.ReLU()(x))
    return keras.Model(inputs, keras.layers.Dense(2, name="logits")(x), name="tiny")


def to_input(grey):
    return np.repeat(grey[..., np.newaxis], 3, axis=-1) / np.float32(255)


def make_examples(n=20, seed=1, weights=None, preprocess=to_input):
    """Abnormal pictures are brighter."""
    random = np.random.default_rng(seed)
    labels = (np.arange(n) % 2).astype(np.uint8)
    images = random.integers(0, 156, (n, 8, 8)) + 60 * labels[:, np.newaxis, np.newaxis]
    return training.Examples(images.astype(np.uint8), labels, weights, preprocess)


def make_settings(**changes):
    defaults = {
        "epochs": 3,
        "patience": 50,
        "batch_size": 8,
        "learning_rate": 0.01,
        "batchnorm_momentum": 0.9,
        "seed": 1,
        "threads": 1,
    }
    return training.Settings(**(defaults | changes))


def test_adam_equals_keras():
    random = np.random.default_rng(1)
    shapes = [(3, 3, 2, 4), (4,), (), (7, 5)]
    starts = [random.normal(size=shape).astype(np.float32) for shape in shapes]
    ours, theirs = ([keras.Variable(start) for start in starts] for _ in range(2))
    adam = training.Adam(ours, 3e-3)
    reference = keras.optimizers.Adam(3e-3)
    for _ in range(30):
        scale = 10 ** random.uniform(-8, 2)  # below and above epsilon
        gradients = [tf.constant(scale * random.normal(size=s), tf.float32) for s in shapes]
        adam.apply(gradients)
        reference.apply(gradients, theirs)
        for our, their in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(our.numpy(), their.numpy(), rtol=2e-6, atol=1e-6)


@pytest.mark.parametrize("options", [{}, {"scale": False}, {"center": False}])
def test_step_and_inference_equal_stock_keras(options):
    ours, theirs = tiny_model(**options), tiny_model(**options)
    step = training.trace_step(ours, training.Adam(ours.trainable_variables, 0.01))
    theirs.compile(
        keras.optimizers.Adam(0.01), keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    )
    examples = make_examples()
    for batch in training.batches(np.arange(20), 8):
        loss, _ = step(examples.inputs(batch), examples.labels[batch].astype(np.int32))
        expected = theirs.train_on_batch(examples.inputs(batch), examples.labels[batch])
        assert loss.numpy() == pytest.approx(float(expected), rel=1e-5)
    for our, their in zip(ours.weights, theirs.weights, strict=True):
        np.testing.assert_allclose(our, their, rtol=1e-4, atol=1e-6, err_msg=our.path)
    everything = examples.inputs(np.arange(20))
    logits = training.trace_inference(ours)(everything)
    np.testing.assert_allclose(logits, ours(everything, training=False), rtol=1e-4, atol=1e-6)


def test_a_frozen_batch_normalization_keeps_its_statistics():
    model = tiny_model()
    layer = model.layers[2]
    layer.trainable = False
    before = [weight.numpy() for weight in layer.weights]
    training.train(model, make_examples(), make_examples(seed=2), make_settings())
    for weight, old in zip(layer.weights, before, strict=True):
        np.testing.assert_array_equal(weight, old)


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
    parts = training.batches(order, batch_size)
    assert [len(part) for part in parts] == sizes
    np.testing.assert_array_equal(np.concatenate(parts), order)


def test_an_epoch_shows_every_roi_once_in_a_new_order():
    seen = []

    def spy(grey):
        seen.extend(grey[:, 0, 0].astype(int))
        return to_input(grey)

    examples = make_examples(preprocess=spy)
    examples.images[:, 0, 0] = np.arange(20)
    training.train(tiny_model(), examples, make_examples(seed=2), make_settings(epochs=2))
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
    assert training.best_epoch(history(*rows)) == best


def test_stops_after_patience_epochs_without_a_lower_loss():
    losses = [0.9, 0.5, 0.6, 0.5, 0.7]
    rows = [(0.5, loss) for loss in losses]
    stops = [training.stops_early(history(*rows[:n]), patience=3) for n in range(1, 6)]
    assert stops == [False, False, False, False, True]


def test_training_stops_early():
    model = tiny_model(batchnorm=False)
    settings = make_settings(epochs=10, patience=2, learning_rate=0.0)  # the loss never changes
    result = training.train(model, make_examples(), make_examples(seed=2), settings)
    assert [row["epoch"] for row in result.history] == [1, 2, 3]
    assert result.best_epoch == 1


def test_the_model_ends_with_the_weights_of_the_best_epoch():
    model, validation = tiny_model(), make_examples(seed=2)
    validation.labels[:] = 1 - validation.labels  # so that learning makes it worse
    result = training.train(model, make_examples(), validation, make_settings(epochs=6))
    best = result.history[result.best_epoch - 1]
    assert result.best_epoch < 6  # or the test shows nothing
    loss, accuracy = training.loss_and_accuracy(result.logits(validation), validation.labels)
    assert (loss, accuracy) == (best["val_loss"], best["val_accuracy"])


def test_it_learns():
    settings = make_settings(epochs=30, learning_rate=0.03)
    result = training.train(tiny_model(), make_examples(), make_examples(seed=2), settings)
    assert max(row["val_accuracy"] for row in result.history) == 1
    assert result.history[-1]["loss"] < 0.5 * result.history[0]["loss"]


def test_a_loss_that_is_not_finite_names_epoch_and_batch():
    order = generator(1, "order", 1).permutation(20)
    third = training.batches(order, 8)[2]

    def poison(grey):
        return np.where(grey[..., np.newaxis] == 255, np.float32(np.nan), to_input(grey))

    examples = make_examples(preprocess=poison)
    examples.images[third[0]] = 255
    with pytest.raises(CamsegError, match="tiny: the loss is nan in epoch 1, batch 3"):
        training.train(tiny_model(), examples, make_examples(seed=2), make_settings())


@pytest.mark.filterwarnings("ignore:invalid value")  # inf - inf
def test_a_last_step_that_ruins_the_weights_shows_in_validation():
    settings = make_settings(epochs=1, batch_size=20, learning_rate=1e30)
    model = tiny_model(batchnorm=False)
    with pytest.raises(CamsegError, match=r"tiny: the loss is .* in epoch 1, validation"):
        training.train(model, make_examples(), make_examples(seed=2), settings)


@pytest.mark.parametrize("side", ["training", "validation"])
def test_a_side_of_one_class(side):
    one_class = make_examples(6)
    one_class.labels[:] = 1
    sides = {"training": make_examples(), "validation": make_examples(), side: one_class}
    with pytest.raises(CamsegError, match=f"all 6 {side} ROIs are of one class"):
        training.train(tiny_model(), *sides.values(), make_settings())


def test_loss_accuracy_and_probability():
    logits = np.array([[0, np.log(3)], [2, 2], [1000, 0]], np.float32)
    np.testing.assert_allclose(training.probability_abnormal(logits), [0.75, 0.5, 0])
    loss, accuracy = training.loss_and_accuracy(logits, np.array([1, 1, 0]))
    assert loss == pytest.approx((np.log(4 / 3) + np.log(2)) / 3)
    assert accuracy == pytest.approx(2 / 3)  # a tie is normal


def test_discrimination():
    probability, labels = np.array([0.1, 0.6, 0.4, 0.9, 0.5]), np.array([0, 0, 1, 1, 1])
    # of the 6 pairs, (0.6, 0.4) and (0.6, 0.5) stand the wrong way round
    assert training.discrimination(probability, labels) == pytest.approx(
        {"auc": 4 / 6, "sensitivity": 1 / 3, "specificity": 1 / 2}
    )


def test_a_tiny_training_repeats_to_the_bit():
    def weights():
        model = tiny_model()
        training.train(model, make_examples(), make_examples(seed=2), make_settings())
        return model.get_weights()

    for first, second in zip(weights(), weights(), strict=True):
        np.testing.assert_array_equal(first, second)


@pytest.fixture(scope="module")
def trained_twice(tmp_path_factory):
    """MobileNetV2 trained by two processes beside each other: the two folders of results."""
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
    outputs = ("model.keras", "history.csv", "metrics.json", "predictions.tsv")
    runs = []
    for run in ("first", "second"):
        arguments = ["--shards", folder / "shard.h5", "--split", folder / "split.tsv"]
        arguments += ["--regime", "mask", "--network", "MobileNetV2", "--seed", "5"]
        arguments += ["--epochs", "2", "--patience", "9", "--batch-size", "8"]
        arguments += ["--learning-rate", "0.001", "--batchnorm-momentum", "0.9", "--threads", "1"]
        for name in outputs:
            arguments += [f"--{Path(name).stem}", folder / run / name]
        runs.append(subprocess.Popen([sys.executable, SCRIPT, *arguments], stderr=subprocess.PIPE))
    for run in runs:
        _, log = run.communicate(timeout=300)
        assert run.returncode == 0, log.decode()
        assert b"epoch 2/2" in log
    return folder / "first", folder / "second"


def test_mobilenet_repeats_to_the_bit_in_another_process(trained_twice):
    first, second = trained_twice
    for name in ("history.csv", "metrics.json", "predictions.tsv"):
        assert (first / name).read_bytes() == (second / name).read_bytes(), name
    models = [keras.models.load_model(run / "model.keras") for run in trained_twice]
    weights = zip(*(model.get_weights() for model in models), strict=True)
    for index, (one, other) in enumerate(weights):
        np.testing.assert_array_equal(one, other, err_msg=f"weight {index}")


def test_what_a_training_writes(trained_twice):
    folder, _ = trained_twice
    metrics = json.loads((folder / "metrics.json").read_text())
    history = pd.read_csv(folder / "history.csv")
    predictions = pd.read_csv(folder / "predictions.tsv", sep="\t")
    assert list(history) == ["epoch", "loss", "accuracy", "val_loss", "val_accuracy"]
    assert (metrics["epochs"], metrics["n_train"], metrics["n_validation"]) == (2, 20, 8)
    assert (metrics["model"], metrics["regime"]) == ("MobileNetV2", "mask")
    assert metrics["val_acc"] == history["val_accuracy"].max()
    assert metrics["val_acc_last"] == history["val_accuracy"].iloc[-1]
    assert list(predictions) == ["roi_id", "patient_id", "label", "side", "probability"]
    assert predictions["side"].value_counts().to_dict() == {"train": 20, "validation": 8}
    validation = predictions[predictions["side"] == "validation"]
    called = np.where(validation["probability"] > 0.5, "abnormal", "normal")
    assert (called == validation["label"]).mean() == metrics["val_acc"]
    # the model as saved is Keras' own, uncompiled, and gives the same probabilities
    model = keras.models.load_model(folder / "model.keras", safe_mode=True)
    assert not model.compiled
    shard = store.read_rois([folder.parent / "shard.h5"])
    abnormal = shard.take(shard.label == 1).take(slice(0, 14))
    images = classifiers.preprocess("MobileNetV2", abnormal.image * abnormal.mask)
    probability = training.probability_abnormal(model(images, training=False).numpy())
    written = predictions.set_index("roi_id")["probability"][abnormal.roi_id]
    np.testing.assert_allclose(probability, written, atol=1e-5)
