"""The parts of a study by the study's own code, one process; run by peers.py, which says the rest.

It prints what it took, as JSON. With --peer it also makes the maps of the model that the plain
Keras script saved, and prints by how many grey levels that script's own differ from them.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))
sys.path.insert(0, str(Path(__file__).resolve().parent))
from camseg.explanations import compute, explain
from camseg.explanations.options import CamOptions
from camseg.explanations.parts import Parts
from camseg.io import store
from camseg.networks import classifiers
from camseg.networks.backend import tf
from camseg.rois.split import read_split
from camseg.scoring.dice import mean_dice
from camseg.training import filtering, loop
from camseg.training.examples import Examples
from camseg.training.metrics import loss_and_accuracy
from camseg.training.options import Settings
from conditions import uses_onednn

clock = time.process_time


@dataclass(frozen=True)
class Watched(Examples):
    """Training ROIs that note when each step ended, and its loss: the loop scores outputs then."""

    ends: list[float] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)

    def score(self, outputs: np.ndarray, targets: np.ndarray) -> dict[str, np.ndarray]:  # noqa: D102
        self.ends.append(clock())
        self.losses.append(loss_and_accuracy(outputs, targets)[0])
        return super().score(outputs, targets)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("results", type=Path, help="of a study whose ROIs are split")
    parser.add_argument("output", type=Path)
    parser.add_argument("--network", required=True)
    parser.add_argument("--peer", type=Path, help="the folder that peers_keras.py wrote")
    parser.add_argument("--settings", required=True, help="of the training, JSON")
    args = parser.parse_args()
    settings = Settings(**json.loads(args.settings))
    preprocess = partial(classifiers.preprocess, args.network)

    stored = store.read_rois(sorted(args.results.glob("rois/*.h5")), load=False)
    sides = read_split(args.results / "splits/split-0.tsv", stored.roi_id)
    rois = stored.loaded()

    def examples(of: store.Rois, side: str, kind: type[Examples]) -> Examples:
        chosen = of.take(sides == side)
        weights = filtering.weights("original", chosen, filtering.Given(), seed=1)
        return kind(filtering.images("original", chosen), chosen.label, weights, preprocess)

    training = examples(rois, "train", Watched)
    validation = examples(rois, "validation", Examples)
    loop.make_repeatable(settings.seed, settings.threads)
    momentum = settings.batchnorm_momentum
    size = rois.image.shape[1]
    model = classifiers.build(args.network, size=size, batchnorm_momentum=momentum)
    loop.train(model, training, validation, settings)

    in_files = examples(stored, "train", Examples)
    started = clock()
    for part in loop.batches(np.arange(len(in_files)), settings.batch_size):
        in_files.inputs(part)
    taken = {"read": (clock() - started) / len(in_files)}

    made = compute.compute_maps(
        model,
        rois,
        preprocess=preprocess,
        explanation="grad_cam",
        options=CamOptions(),
        batch_size=settings.batch_size,
        background=None,
        parts=Parts(args.output / "parts", {}, 300),
    )
    started = clock()
    cams = [next(made).cam]
    taken["first_map"] = clock() - started
    started = clock()
    cams += [each.cam for each in made]
    taken["map"] = (clock() - started) / (len(rois) - len(cams[0]))

    abnormal = rois.label == 1
    lesions = rois.mask[abnormal]
    explained = np.concatenate(cams)[abnormal]
    scores = mean_dice(explained, lesions)  # loads the compiled code
    started, rounds = clock(), 20
    for _ in range(rounds):
        mean_dice(explained, lesions)
    taken["score"] = (clock() - started) / rounds / len(scores)

    assert isinstance(training, Watched)
    weights = sum(int(np.prod(each.shape)) for each in model.trainable_weights)
    told = {"ends": training.ends, "losses": training.losses, "weights": weights}
    told |= {"onednn": uses_onednn(), "version": f"TensorFlow {tf.__version__}"}
    if args.peer:
        told["grey_levels"] = apart(args.peer, preprocess, settings.batch_size)
    print(json.dumps({**taken, **told}))


def apart(peer: Path, preprocess: Callable[[np.ndarray], np.ndarray], batch_size: int) -> int:
    """Return the most grey levels by which the peer's maps differ from ours of the same model."""
    paths = sorted(peer.with_name("rois").glob("*/*.png"))
    images = np.stack([np.asarray(Image.open(path)) for path in paths])
    model = classifiers.read_model(peer / "model.keras")
    ours, _ = explain.explain(model, preprocess(images), batch_size=batch_size)
    with np.load(peer / "maps.npz") as file:
        return int(np.abs(ours.astype(int) - file["cams"]).max())


if __name__ == "__main__":
    main()
