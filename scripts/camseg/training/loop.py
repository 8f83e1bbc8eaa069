"""The training loop: everything that happens to a network's weights, to be read in one sitting."""

import math
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from camseg.errors import CamsegError
from camseg.networks import arithmetic
from camseg.networks.backend import keras, tf
from camseg.seeds import derive_seed, generator
from camseg.training import augmentation
from camseg.training.checkpoint import Checkpoint, State
from camseg.training.examples import Examples, Set
from camseg.training.metrics import discrimination, loss_and_accuracy, probability_abnormal
from camseg.training.options import MONITORS, Settings, StepOptions
from camseg.training.step import Adam, StockAdam, trace_inference, trace_step

PLATEAU = 10  # epochs without a better monitored value, after which `plateau` halves the rate

# what columns of a history begin with, by the ROIs that they are of
PREFIXES = {"validation": "val_", "selection": "selection_"}
SHOWN = (
    "loss",
    "accuracy",
    "dice",
    "selection_loss",
    "selection_accuracy",
    "val_loss",
    "val_accuracy",
)
SUMMARY = {  # what metrics are called in a training's summary, and in its history
    "val_acc": "val_accuracy",
    "val_loss": "val_loss",
    "auc": "val_auc",
    "sensitivity": "val_sensitivity",
    "specificity": "val_specificity",
}


Outputs = Callable[..., np.ndarray]


@dataclass(frozen=True)
class Training:
    """The course of a training: one row per epoch, the best epoch (from 1), and what was trained.

    `outputs` gives the network's outputs, logits (n, ...) float32, for the ROIs at an index of a
    set (None: for all), in inference mode, with the weights that the training ended with as long as
    the model keeps them.
    """

    history: list[dict]
    best_epoch: int
    outputs: Outputs

    def summary(self) -> dict[str, float]:
        """Return the validation results of the best and the last epoch (`_last`).

        `val_acc_best` is the highest validation accuracy of any epoch: that of the best epoch,
        unless other ROIs chose it.
        """
        best, last = self.history[self.best_epoch - 1], self.history[-1]
        results: dict[str, float] = {}
        for name, column in SUMMARY.items():
            results |= {name: best[column], f"{name}_last": last[column]}
        results["val_acc_best"] = max(row["val_accuracy"] for row in self.history)
        return results | {"best_epoch": self.best_epoch, "epochs": last["epoch"]}


def make_repeatable(seed: int, threads: int, instructions: str = "any") -> None:
    """Make TensorFlow's results the same to the bit from run to run; call it before any operation.

    `threads` and `instructions` as for `arithmetic.repeat`. The weights of networks built
    afterwards follow `seed`.
    """
    arithmetic.repeat(threads, instructions)
    keras.utils.set_random_seed(derive_seed(seed, "weights") % 2**32)


def train(
    model: keras.Model,
    training: Set,
    validation: Examples | None,
    settings: Settings,
    *,
    selection: Examples | None = None,
    checkpoint: Checkpoint | None = None,
    tensorboard: Path | None = None,
) -> Training:
    """Train `model`, images to outputs, and leave it with the weights of the epoch to keep.

    Loss: that of the training set's task, for a classifier's softmax cross-entropy. Optimizer:
    Adam. An epoch shows every ROI once, in an order that follows the seed and the epoch. See
    `best_epoch`, `stops_early` and `learning_rate` for what follows from the history: it is the
    only memory of the loop besides the variables, so that with a `checkpoint` a killed training
    goes on from its last saved epoch to the same bits.
    The validation ROIs choose, and are scored; if there are ROIs for `selection`, these choose, and
    those of validation are scored only. Without either nothing chooses, and the last epoch is the
    best. `tensorboard` is a folder for TensorBoard's logs.
    Raises CamsegError if a set has nothing to learn, or if the loss is not finite.
    """
    given = {"validation": validation, "selection": selection}
    evaluated = {side: examples for side, examples in given.items() if examples is not None}
    _check({"training": training, **evaluated})
    optimizer = Adam if settings.fused else StockAdam
    adam = optimizer(model.trainable_variables, settings.learning_rate)
    step = trace_step(
        model,
        adam,
        training.task(settings),
        fused=settings.fused,
        precision=settings.precision,
        xla=settings.xla,
    )
    outputs = _inference(model, settings)
    writer = tf.summary.create_file_writer(str(tensorboard)) if tensorboard else None

    variables = [*(variable.value for variable in model.variables), *adam.state]
    state = checkpoint.load() if checkpoint else None
    if state:
        for variable, saved in zip(variables, state.variables, strict=True):
            variable.assign(saved)
    history = state.history if state else []
    best_weights = state.best_weights if state else []
    started, before = time.monotonic(), len(history)

    for epoch in range(before + 1, settings.epochs + 1):
        if evaluated and stops_early(history, settings.monitor, settings.patience):
            break
        rate = learning_rate(history, settings)
        adam.learning_rate.assign(rate)
        order = generator(settings.seed, "order", epoch).permutation(len(training))
        augment = augmentation.draw(
            len(training),
            flips=settings.flips,
            rotation=settings.rotation,
            seed=settings.seed,
            epoch=epoch,
        )
        loss, sums = 0.0, Counter[str]()
        for number, part in enumerate(batches(order, settings.batch_size), start=1):
            targets = training.targets(part, augment)
            batch_loss, found = step(training.inputs(part, augment), targets)
            _check_finite(float(batch_loss), model, f"epoch {epoch}, batch {number}")
            loss += float(batch_loss) * len(part) / len(order)
            for name, values in training.score(found.numpy(), targets).items():
                sums[name] += values.sum().item()
        row = {"epoch": epoch, "learning_rate": rate, "loss": loss}
        row |= {name: total / len(order) for name, total in sums.items()}
        for side, examples in evaluated.items():
            row |= evaluate(outputs(examples), examples.labels, PREFIXES[side])
            _check_finite(row[f"{PREFIXES[side]}loss"], model, f"epoch {epoch}, {side}")
        history.append(row)
        if not evaluated or best_epoch(history) == epoch:
            best_weights = model.get_weights()
        _report(row, settings.epochs, (time.monotonic() - started) / (epoch - before))
        if writer:
            with writer.as_default(step=epoch):
                for name, value in row.items():
                    tf.summary.scalar(name, value)
            writer.flush()
        if checkpoint and checkpoint.is_due():
            checkpoint.save(State(history, _values(variables), best_weights))

    if settings.keep == "best":
        model.set_weights(best_weights)
    return Training(history, best_epoch(history) if evaluated else len(history), outputs)


def take(
    model: keras.Model,
    training: Examples,
    validation: Examples,
    *,
    selection: Examples | None = None,
    options: StepOptions,
) -> Training:
    """Return what `train` does for a model that is taken as it is: a history of one row, epoch 1.

    Raises CamsegError if a side has ROIs of one class only, or if what the model gives are no two
    finite logits: probabilities, for one.
    """
    evaluated = {"validation": validation} | ({} if selection is None else {"selection": selection})
    _check({"training": training} | evaluated)
    outputs = _inference(model, options)
    found = outputs(training)
    if found.shape != (len(training), 2):
        raise CamsegError(
            f"{model.name}: gives outputs of shape {found.shape[1:]}: must be two logits, normal "
            "and abnormal"
        )
    if (found >= 0).all() and np.allclose(found.sum(axis=1), 1, atol=1e-3):
        raise CamsegError(
            f"{model.name}: gives probabilities: must be the two logits before the softmax; set "
            "the last layer's activation to None and save it again"
        )
    loss, accuracy = loss_and_accuracy(found, training.labels)
    row = {"epoch": 1, "learning_rate": 0.0, "loss": loss, "accuracy": accuracy}
    for side, examples in evaluated.items():
        row |= evaluate(outputs(examples), examples.labels, PREFIXES[side])
    if not all(map(np.isfinite, row.values())):
        raise CamsegError(f"{model.name}: does not give finite logits")
    return Training([row], 1, outputs)


def _inference(model: keras.Model, options: StepOptions) -> Outputs:
    """Return the function `outputs` of a Training."""
    infer = trace_inference(model, fused=options.fused)

    def outputs(examples: Set, index: np.ndarray | None = None) -> np.ndarray:
        index = np.arange(len(examples)) if index is None else index
        parts = batches(index, options.batch_size)
        return np.concatenate([infer(examples.inputs(part)) for part in parts])

    return outputs


def _check(sides: Mapping[str, Set]) -> None:
    for side, examples in sides.items():
        examples.check(side)


def evaluate(logits: np.ndarray, labels: np.ndarray, prefix: str) -> dict[str, float]:
    """Return columns of a history's row from `logits` (n, 2) and `labels` (n,), named so."""
    loss, accuracy = loss_and_accuracy(logits, labels)
    scores = {"loss": loss, "accuracy": accuracy}
    if np.isfinite(loss):
        scores |= discrimination(probability_abnormal(logits), labels)
    return {f"{prefix}{name}": value for name, value in scores.items()}


def batches(order: np.ndarray, batch_size: int) -> list[np.ndarray]:
    """Cut `order` into batches as equal as possible, of at most `batch_size`, leaving nothing out.

    No batch is of a single ROI, whose batch statistics would mean nothing: rather than that, one
    batch is of `batch_size` + 1.
    """
    number = -(-len(order) // batch_size)
    return np.array_split(order, max(1, min(number, len(order) // 2)))


def best_epoch(history: list[dict]) -> int:
    """Return the epoch of highest val_accuracy; of equals, of lower val_loss, then the earliest.

    Here and below the columns of selection ROIs, if there are any, stand for those of validation.
    """
    ranks = [
        (-_choosing(row, "val_accuracy"), _choosing(row, "val_loss"), row["epoch"])
        for row in history
    ]
    return min(ranks)[-1]


def stops_early(history: list[dict], monitor: str, patience: int) -> bool:
    """Return whether the last `patience` epochs brought no better `monitor` than all before."""
    return _without_gain(history, monitor) >= patience


def learning_rate(history: list[dict], settings: Settings) -> float:
    """Return the learning rate of the epoch after `history`.

    "cosine" falls from the full rate in the first epoch towards 0 after the last; "plateau" halves
    it whenever PLATEAU epochs passed without a better monitored value.
    """
    rate = settings.learning_rate
    if settings.schedule == "cosine":
        return rate * (1 + math.cos(math.pi * len(history) / settings.epochs)) / 2
    if settings.schedule == "plateau":
        stale = [
            _without_gain(history[:epochs], settings.monitor)
            for epochs in range(1, len(history) + 1)
        ]
        return rate / 2 ** sum(run > 0 and run % PLATEAU == 0 for run in stale)
    return rate


def _without_gain(history: list[dict], monitor: str) -> int:
    """Return how many epochs ago `monitor` was best for the first time; 0 without a history."""
    values = [MONITORS[monitor] * _choosing(row, monitor) for row in history]
    return len(values) - 1 - values.index(min(values)) if values else 0


def _choosing(row: dict, column: str) -> float:
    """Return a validation column of a history's row, by the ROIs that choose."""
    return row.get(column.replace(PREFIXES["validation"], PREFIXES["selection"]), row[column])


def _values(variables: list[tf.Variable]) -> list[np.ndarray]:
    return [variable.numpy() for variable in variables]


def _check_finite(loss: float, model: keras.Model, place: str) -> None:
    if not np.isfinite(loss):
        raise CamsegError(f"{model.name}: the loss is {loss} in {place}: lower the learning rate")


def _report(row: dict, epochs: int, seconds: float) -> None:
    """Print an epoch's line; the time left is that of all epochs, at `seconds` each."""
    values = "  ".join(
        f"{name} {row[name]:.{4 if 'loss' in name else 3}f}" for name in SHOWN if name in row
    )
    print(
        f"epoch {row['epoch']:{len(str(epochs))}}/{epochs}  {values}  {seconds:.1f} s per epoch, "
        f"at most {seconds * (epochs - row['epoch']):.0f} s left",
        file=sys.stderr,
        flush=True,
    )
