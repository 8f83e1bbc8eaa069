"""One training, from the files of a study to the files of its classifier."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from camseg import named
from camseg.code import code_of
from camseg.errors import CamsegError
from camseg.io import store
from camseg.io.checked import PREDICTIONS, REMEDY, USED, read_table
from camseg.io.files import whole_file
from camseg.networks import arithmetic, classifiers, own
from camseg.networks.devices import claim_gpu
from camseg.networks.options import ClassifierOptions
from camseg.networks.registry import check_network
from camseg.rois import split
from camseg.training import filtering
from camseg.training.checkpoint import Checkpoint
from camseg.training.examples import Examples
from camseg.training.loop import Training, make_repeatable, take, train
from camseg.training.metrics import probability_abnormal
from camseg.training.options import ExecutionOptions, Settings

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Inputs:
    """The files that a training reads: ROI shards, a split's table, and what its regime needs.

    Those are CAMs of a network, of the same network untrained, and the network's predictions.
    """

    shards: Sequence[str]
    split: str
    cams: str | None = None
    untrained: str | None = None
    verdicts: str | None = None

    @property
    def given(self) -> list[str]:
        """Return the files that the regime needs, those of `filtering.Given`."""
        return [path for path in (self.cams, self.untrained, self.verdicts) if path]


@dataclass(frozen=True)
class Outputs:
    """The files that a training writes, in one folder; its state is saved in `resume` there."""

    model: Path
    history: Path
    metrics: Path
    predictions: Path


def train_classifier(
    inputs: Inputs,
    outputs: Outputs,
    *,
    regime: str,
    classifier: ClassifierOptions,
    settings: Settings,
    execution: ExecutionOptions,
    seed: int,
) -> None:
    """Train one classifier on the ROIs of one regime; `seed` is the study's.

    A killed training goes on where it was saved, if nothing that determines its result has changed
    since. A classifier that was `trained` elsewhere is not trained on original ROIs, but scored as
    it is; elsewhere, what is trained must be of its architecture. Call it before any other
    operation of TensorFlow. Raises CamsegError for an unknown network, for files that are not whole
    or do not fit each other, and as `loop.train`, `loop.take` and `filtering.weights` do.
    """
    check_network(classifier.network)
    what: dict = {"model": classifier.name, "network": classifier.network}
    what |= {"head": classifier.head, "widths": list(classifier.widths)}
    taken = classifier.trained if regime == "original" else None
    what |= {"weights": classifier.weights, "trained": taken, "regime": regime}
    folder = outputs.model.parent
    checkpoint = Checkpoint(
        folder / "resume",
        identity(inputs, what, settings, classifier.weights_file, classifier.code_file),
        60 * execution.save_every_minutes,
    )
    with checkpoint.locked():
        rois, sides, examples = _read(inputs, regime, classifier, execution, seed)
        claim_gpu()
        make_repeatable(settings.seed, settings.threads, settings.instructions)
        sets = examples["train"], examples["validation"]
        selection = examples.get("selection")
        if taken:
            model = _trained(classifier, rois.image.shape[1])
            training = take(model, *sets, selection=selection, options=settings)
        else:
            model = classifiers.build(
                classifier.network,
                size=rois.image.shape[1],
                batchnorm_momentum=settings.batchnorm_momentum,
                head=classifier.head,
                widths=classifier.widths,
                weights=classifier.weights,
                name=classifier.name,
            )
            if classifier.trained:
                _check_alike(model, _trained(classifier, rois.image.shape[1]), classifier)
            training = train(
                model,
                *sets,
                settings,
                selection=selection,
                checkpoint=checkpoint,
                tensorboard=folder / "tensorboard" if execution.tensorboard else None,
            )
        with whole_file(outputs.model) as temporary:
            model.save(temporary)
        with whole_file(outputs.history) as temporary:
            pd.DataFrame(training.history).to_csv(temporary, index=False)
        with whole_file(outputs.predictions) as temporary:
            table = predictions(rois, sides, examples, training)
            table.to_csv(temporary, sep="\t", index=False)
        metrics = {
            **what,
            "split": Path(inputs.split).stem,
            "seed": seed,
            "parameters": model.count_params(),
            **training.summary(),
            **{f"n_{side}": int(np.sum(sides == side)) for side in USED},
            "settings": asdict(settings),
        }
        with whole_file(outputs.metrics) as temporary:
            temporary.write_text(json.dumps(metrics, indent=2) + "\n", encoding="utf-8")
        checkpoint.remove()


def _trained(classifier: ClassifierOptions, size: int) -> keras.Model:
    """Return the classifier that was trained elsewhere, if it takes images of that side."""
    path = str(classifier.trained)
    own.load(classifier.network)  # which may have layers of its own
    model = classifiers.read_model(path, "save it by model.save of this Keras")
    inputs = [tuple(each.shape) for each in getattr(model, "inputs", None) or []]
    if len(inputs) != 1 or len(inputs[0]) != 4 or inputs[0][3] != 3:
        raise CamsegError(f"{path}: takes {inputs}: must be images of shape ({size}, {size}, 3)")
    if not set(inputs[0][1:3]) <= {size, None}:
        raise CamsegError(
            f"{path}: takes images of shape {inputs[0][1:]}: the ROIs are {size} pixels a side; "
            "set rois: size, or save a model for theirs"
        )
    return model


def _check_alike(model: keras.Model, trained: keras.Model, classifier: ClassifierOptions) -> None:
    """Raise CamsegError if two models have other weights than each other, by number and shape."""
    shapes = ([weight.shape for weight in each.get_weights()] for each in (model, trained))
    if len({str(each) for each in shapes}) != 1:
        widths = ", ".join(map(str, classifier.widths))
        head = f"{classifier.head} ({widths})" if widths else classifier.head
        raise CamsegError(
            f"{classifier.trained}: is another network than {classifier.network} with the head "
            f"{head}, which would be retrained in its place: name its own, or retrain "
            f"{classifier.name} in no regime"
        )


def identity(
    inputs: Inputs,
    what: dict,
    settings: Settings,
    weights_file: str | None,
    code_file: str | None,
) -> dict:
    """Return all that determines a training's result: a saved state of another one is not resumed.

    `what` says which classifier is trained in which regime; `weights_file` and `code_file` are
    those of the entry. Code, data, versions, the kind of device and TensorFlow's switches are part
    of it. Raises CamsegError if there is no such regime.
    """
    files = [inputs.shards, [inputs.split], inputs.given]
    files += [[file] if file else [] for file in (weights_file, code_file)]
    chosen = named.load(filtering.FILTERS, what["regime"], "regime")
    code = code_of(Path(__file__), [chosen.__name__])
    return arithmetic.identity({**what, "settings": asdict(settings)}, files, code)


def predictions(
    rois: store.Rois, sides: np.ndarray, examples: dict[str, Examples], training: Training
) -> pd.DataFrame:
    """Return what the trained classifier says of each ROI: the columns of predictions.tsv."""
    probability = np.empty(len(rois))
    for side, chosen in examples.items():
        probability[sides == side] = probability_abnormal(training.outputs(chosen))
    return pd.DataFrame(
        {
            "roi_id": rois.roi_id,
            "patient_id": rois.patient_id,
            "label": np.array(["normal", "abnormal"])[rois.label],
            "side": sides,
            "probability": probability,
        }
    )


def _read(
    inputs: Inputs,
    regime: str,
    classifier: ClassifierOptions,
    execution: ExecutionOptions,
    seed: int,
) -> tuple[store.Rois, np.ndarray, dict[str, Examples]]:
    """Return the ROIs of a split, their sides, and the examples of each side.

    There are none for selection if the split has no such side.
    Images stay in their files if they take more memory than allowed.
    """
    rois = store.read_rois(inputs.shards, load=False)
    sides = split.read_split(inputs.split, rois.roi_id)
    rois, sides = rois.take(sides != "unused"), sides[sides != "unused"]
    maps = {
        name: store.read_cams(path, rois.roi_id, load=False).cam
        for name, path in (("cams", inputs.cams), ("untrained", inputs.untrained))
        if path
    }
    verdicts = _verdicts(inputs.verdicts, rois.roi_id) if inputs.verdicts else None
    size = sum(images.nbytes for images in (rois.image, rois.mask, *maps.values()))
    in_memory = size <= 1e6 * execution.memory_mb

    def examples(side: str) -> Examples:
        chosen = rois.take(sides == side)
        own = {name: images.take(sides == side) for name, images in maps.items()}
        if in_memory:
            chosen, own = chosen.loaded(), {name: images[:] for name, images in own.items()}
        given = filtering.Given(
            **own, verdicts=None if verdicts is None else verdicts[sides == side]
        )
        return Examples(
            images=filtering.images(regime, chosen),
            labels=chosen.label,
            weights=filtering.weights(regime, chosen, given, seed=seed),
            preprocess=partial(classifiers.preprocess, classifier.network),
        )

    wanted = [side for side in USED if side != "selection" or side in sides]
    return rois, sides, {side: examples(side) for side in wanted}


def _verdicts(path: str, roi_ids: np.ndarray) -> np.ndarray:
    """Return whether a network calls each of `roi_ids` abnormal, (n,) bool, by its predictions."""
    table = read_table(path, PREDICTIONS, ["roi_id"]).set_index("roi_id")
    if set(table.index) != set(roi_ids):
        raise CamsegError(f"{path}: is not of the split's ROIs; {REMEDY}")
    return (table.loc[list(roi_ids), "probability"] > 0.5).to_numpy()
