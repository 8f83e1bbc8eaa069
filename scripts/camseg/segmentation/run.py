"""One U-Net, from the files of a study to its model and its maps of all ROIs."""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import expit

from camseg.code import code_of
from camseg.io import store
from camseg.io.files import whole_file
from camseg.io.store import Rois
from camseg.networks import arithmetic
from camseg.networks.devices import claim_gpu
from camseg.rois import split
from camseg.seeds import derive_seed
from camseg.segmentation import training_rois, unet
from camseg.segmentation.examples import Outlined
from camseg.segmentation.options import SegmentationOptions
from camseg.segmentation.registry import METHODS, parts
from camseg.segmentation.training_rois import Given
from camseg.training.checkpoint import Checkpoint
from camseg.training.loop import Training, batches, make_repeatable, train
from camseg.training.options import ExecutionOptions, Settings, StepOptions

MOMENTUM = 0.9  # of batch normalisation: Keras' .99 is too slow for a few hundred steps


@dataclass(frozen=True)
class Inputs:
    """The files that a training reads: ROI shards, a split's table, and what its method needs.

    Those are a classifier's CAMs, and the maps of the U-Net before.
    """

    shards: Sequence[str]
    split: str
    cams: str | None = None
    maps: str | None = None

    @property
    def all(self) -> list[list[str]]:
        """Return all files, by kind."""
        given = [[path] if path else [] for path in (self.cams, self.maps)]
        return [list(self.shards), [self.split], *given]


@dataclass(frozen=True)
class Outputs:
    """The files that a training writes, in one folder; its state is saved in `resume` there."""

    model: Path
    history: Path
    metrics: Path
    maps: Path


def train_segmenter(
    inputs: Inputs,
    outputs: Outputs,
    *,
    segmenter: str,
    options: SegmentationOptions,
    batching: StepOptions,
    execution: ExecutionOptions,
    seed: int,
) -> None:
    """Train one U-Net and write its maps of all ROIs of the split; `seed` is the study's.

    `segmenter` is a name of `segmentation.registry`. A map's grey is 255 times the probability of
    lesion. Nothing is chosen by validation ROIs: the steps are fixed, the last weights are kept. A
    killed training goes on where it was saved, as a classifier's. Call it before any other
    operation of TensorFlow. Raises CamsegError for files that are not whole or do not fit each
    other, and as `loop.train` and `training_rois` do.
    """
    rois, sides, given = _read(inputs, execution)
    training = sides == "train"
    chosen = training_rois.choose(segmenter, rois.label, training, normal=options.normal, seed=seed)
    masks = training_rois.masks(segmenter, rois, given)
    second = training_rois.channel(segmenter, rois, sides, given, seed=seed)
    settings = _settings(options, batching, len(chosen), seed, (segmenter, Path(inputs.split).stem))
    what = {"segmenter": segmenter, "options": asdict(options), "settings": asdict(settings)}
    checkpoint = Checkpoint(
        outputs.model.parent / "resume",
        arithmetic.identity(what, inputs.all, code_of(Path(__file__))),
        60 * execution.save_every_minutes,
    )
    with checkpoint.locked():
        claim_gpu()
        make_repeatable(settings.seed, settings.threads, settings.instructions)
        size, channels = rois.image.shape[1], 1 if second is None else 2
        model = unet.build(
            size, channels, width=options.width, batchnorm_momentum=settings.batchnorm_momentum
        )
        examples = Outlined(
            rois.take(chosen).image,
            lambda index: masks(chosen[index]),
            None if second is None else lambda index: second(chosen[index]),
        )
        result = train(model, examples, None, settings, checkpoint=checkpoint)
        maps = predict(result, Outlined(rois.image, masks, second), settings.batch_size)
        with whole_file(outputs.model) as temporary:
            model.save(temporary)
        with whole_file(outputs.history) as temporary:
            pd.DataFrame(result.history).to_csv(temporary, index=False)
        of_outlines = METHODS[parts(segmenter)[0]].targets == "masks"
        metrics = {
            "segmenter": segmenter,
            "split": Path(inputs.split).stem,
            "seed": seed,
            "outlines": int(of_outlines * rois.label[chosen].sum()),
            "normal": int(np.sum(rois.label[chosen] == 0)),
            "parameters": model.count_params(),
            **result.history[-1],
            "options": asdict(options),
            "settings": asdict(settings),
        }
        with whole_file(outputs.metrics) as temporary:
            temporary.write_text(json.dumps(metrics, indent=2) + "\n", encoding="utf-8")
        store.write_maps(
            outputs.maps,
            maps=maps,
            roi_id=rois.roi_id,
            options={name: metrics[name] for name in ("segmenter", "split", "outlines")},
        )
        checkpoint.remove()


def predict(result: Training, examples: Outlined, batch_size: int) -> np.ndarray:
    """Return the grey maps of ROIs, (n, S, S) uint8: 255 times the probability of lesion."""
    maps = np.empty(examples.images.shape, np.uint8)
    for part in batches(np.arange(len(examples)), batch_size):
        logits = result.outputs(examples, part)
        maps[part] = np.rint(255 * expit(logits.astype(np.float64)))
    return maps


def _settings(
    options: SegmentationOptions,
    batching: StepOptions,
    rois: int,
    seed: int,
    purpose: tuple[str, ...],
) -> Settings:
    """Return the settings of the loop: as many epochs as make the steps, and none to choose."""
    steps = len(batches(np.arange(rois), batching.batch_size))
    epochs = math.ceil(options.steps / steps)
    return Settings(
        **asdict(batching),
        epochs=epochs,
        patience=epochs,
        monitor="val_loss",  # which there is none of
        keep="last",
        learning_rate=options.learning_rate,
        schedule="cosine",
        class_weights=None,
        flips=options.flips,
        rotation=options.rotation,
        batchnorm_momentum=MOMENTUM,
        seed=derive_seed(seed, "segmentation", *purpose),
    )


def _read(inputs: Inputs, execution: ExecutionOptions) -> tuple[Rois, np.ndarray, Given]:
    """Return the ROIs of a split, their sides, and what is given; in memory if it is allowed."""
    rois = store.read_rois(inputs.shards, load=False)
    sides = split.read_split(inputs.split, rois.roi_id)
    rois, sides = rois.take(sides != "unused"), sides[sides != "unused"]
    cams = store.read_cams(inputs.cams, rois.roi_id, load=False).cam if inputs.cams else None
    maps = store.read_maps(inputs.maps, rois.roi_id, load=False).map if inputs.maps else None
    read = [each for each in (rois.image, rois.mask, cams, maps) if each is not None]
    if sum(each.nbytes for each in read) <= 1e6 * execution.memory_mb:
        rois = rois.loaded()
        cams, maps = (None if each is None else each[:] for each in (cams, maps))
    return rois, sides, Given(cams, maps)
