"""The files and the measurements of bench_scaling.py, each in a process of its own.

What is measured here is the CPU time of all threads and the peak memory; it is printed as JSON.
"""

import argparse
import json
import os
import resource
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

import numpy as np

from camseg.io import store
from camseg.seeds import generator

IN_A_SHARD = 2000  # ROIs
ROIS, PATIENTS = 200, 100  # of each split of a made-up study
REGIMES = ("original", "cam", "mask")
AT_LEAST = 0.5  # seconds that something is measured for, and twice
clock = time.process_time


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parts = parser.add_subparsers(required=True)
    for name, function, arguments in (
        ("rois", write_rois, ("like", "folder", "n", "size")),
        ("model", write_model, ("output", "network", "size")),
        ("maps", write_maps, ("shard", "folder")),
        ("results", write_results, ("folder", "models", "splits")),
        ("input", measure_input, ("folder", "n", "batches", "loaded")),
        ("network", measure_network, ("network", "size", "batch_size", "threads", "parts")),
    ):
        part = parts.add_parser(name)
        part.set_defaults(function=function)
        for argument in arguments:
            part.add_argument(argument, type=int if argument in NUMBERS else str)
    given = vars(parser.parse_args())
    function = given.pop("function")
    print(json.dumps(function(**given)))


NUMBERS = ("n", "size", "models", "splits", "batches", "loaded", "batch_size", "threads")


def write_rois(like: str, folder: str, n: int, size: int) -> None:
    """Write `n` ROIs of a size into shards: those of the shard `like` in turn, each shifted.

    And a split of them.
    """
    import cv2
    import pandas as pd

    from camseg.rois.split import write_split

    known = store.read_rois([like])
    images, masks = (
        np.stack([cv2.resize(each, (size, size), interpolation=how) for each in of])
        for of, how in ((known.image, cv2.INTER_AREA), (known.mask, cv2.INTER_NEAREST))
    )
    random = generator(0, "bench_scaling", n)
    Path(folder).mkdir(parents=True)
    tables = []
    for start in range(0, n, IN_A_SHARD):
        number = np.arange(start, min(start + IN_A_SHARD, n))
        place = number % len(known)
        shifts = random.integers(0, size, len(number))
        text = np.array([f"{each // 2:06}" for each in number], object)
        kinds = np.array(["normal", "abnormal"])[known.label[place]]
        ids = [f"{each:06}.{kind}" for each, kind in zip(number, kinds, strict=True)]
        shard = store.Rois(
            image=rolled(images[place], shifts),
            mask=rolled(masks[place], shifts),
            label=known.label[place],
            roi_id=np.array(ids, object),
            **dict.fromkeys(("patient_id", "view", "pathology", "lesion_type"), text),
            box=np.zeros((len(number), 4), np.int32),
        )
        path = Path(folder, f"shard-{start // IN_A_SHARD:02}.h5")
        store.write_shard(path, shard, source="benchmark")
        table = pd.DataFrame({"roi_id": shard.roi_id, "patient_id": shard.patient_id})
        tables.append(table.assign(side=np.where(number // 2 % 5, "train", "validation")))
    write_split(Path(folder, "split-0.tsv"), pd.concat(tables))


def rolled(images: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    """Return `images` (n, S, S), each shifted round by its number of columns."""
    pairs = zip(images, shifts, strict=True)
    return np.stack([np.roll(image, shift, axis=1) for image, shift in pairs])


def write_model(output: str, network: str, size: int) -> None:
    """Write a network with random weights."""
    from camseg.networks import classifiers

    classifiers.build(network, size=size, batchnorm_momentum=None).save(output)


def write_maps(shard: str, folder: str) -> None:
    """Write what score_dice.py reads beside a shard: maps, as from 7 x 7 cells, split, calls."""
    import cv2
    import pandas as pd

    from camseg.rois.split import write_split

    rois = store.read_rois([shard], load=False)
    n, size = len(rois), rois.image.shape[1]
    random = generator(0, "bench_scaling", "maps")
    raw = random.random((n, 7, 7), dtype=np.float32)
    cams = np.stack([cv2.resize(grid, (size, size)) for grid in raw])
    path = Path(folder)
    path.mkdir(parents=True)
    options = {"sign": "signed", "resize": "bilinear", "smoothing": 0.0}
    store.write_cams(
        path / "cams.h5",
        cam=np.rint(255 * cams).astype(np.uint8),
        raw=raw,
        roi_id=rois.roi_id,
        margin=np.zeros(n, np.float32),
        runs=np.ones((n, 2), np.int32),
        options=options,
    )
    side = np.where(np.arange(n) % 5, "train", "validation")
    table = pd.DataFrame({"roi_id": rois.roi_id, "patient_id": rois.patient_id, "side": side})
    write_split(path / "split-0.tsv", table)
    table.insert(2, "label", np.array(["normal", "abnormal"])[rois.label])
    table["probability"] = random.random(n)
    table.to_csv(path / "predictions.tsv", sep="\t", index=False)


def write_results(folder: str, models: int, splits: int) -> None:
    """Write what tables and curves are made of: trainings and scores of a made-up study."""
    import pandas as pd

    random = generator(0, "bench_scaling", models, splits)
    number = np.arange(ROIS)
    abnormal = number % 2 == 1
    ids = [f"p{each % PATIENTS:03}.{each}" for each in number]
    rois = pd.DataFrame(
        {"roi_id": ids, "patient_id": [f"p{each % PATIENTS:03}" for each in number]}
    )
    rois["label"] = np.where(abnormal, "abnormal", "normal")
    for model in range(models):
        for split in range(splits):
            held = number % PATIENTS % 5 == split % 5
            rois["side"] = np.where(held, "validation", "train")
            scores = Path(folder, f"dice/m{model}/split-{split}.tsv")
            scores.parent.mkdir(parents=True, exist_ok=True)
            dice = np.where(abnormal, random.uniform(0.3, 0.5, ROIS), np.nan)
            rois.assign(dice=dice).to_csv(scores, sep="\t", index=False)
            for regime in REGIMES:
                place = Path(folder, f"training/{regime}/m{model}/split-{split}")
                place.mkdir(parents=True)
                probability = np.clip(0.25 + 0.5 * abnormal + random.normal(0, 0.3, ROIS), 0, 1)
                table = rois.assign(probability=probability)
                table.to_csv(place / "predictions.tsv", sep="\t", index=False)
                right = float(((probability > 0.5) == abnormal)[held].mean())
                metrics: dict = {"model": f"m{model}", "regime": regime, "split": f"split-{split}"}
                metrics |= dict.fromkeys(("val_acc", "val_acc_best", "val_acc_last", "auc"), right)
                metrics |= {"best_epoch": 1, "epochs": 20, "n_selection": 0}
                metrics |= {"n_train": int((~held).sum()), "n_validation": int(held.sum())}
                (place / "metrics.json").write_text(json.dumps(metrics), encoding="utf-8")
                history = pd.DataFrame({"epoch": np.arange(1, 21)})
                history[["loss", "accuracy", "val_loss", "val_accuracy"]] = right
                history.to_csv(place / "history.csv", index=False)


def measure_input(folder: str, n: int, batches: int, loaded: int) -> dict:
    """Return the seconds to open `n` ROIs in files and to make a batch of 8, and the memory, MB."""
    from camseg.networks import classifiers
    from camseg.training import filtering, loop
    from camseg.training.examples import Examples

    preprocess = partial(classifiers.preprocess, "MobileNetV2")
    preprocess(np.zeros((1, 8, 8), np.float32))  # loads Keras
    started = clock()
    paths = sorted(Path(folder).glob("*.h5"))
    rois = store.read_rois(paths, load=bool(loaded))
    weights = filtering.weights("mask", rois, filtering.Given(), seed=1)
    images = filtering.images("mask", rois)
    examples = Examples(images, rois.label, weights, preprocess)
    order = generator(1, "order", 1).permutation(len(examples))
    opened = clock() - started
    assert len(order) == n
    times = []
    for part in loop.batches(order, 8)[:batches]:
        started = clock()
        examples.inputs(part)
        times.append(clock() - started)
    return {"opened": opened, "batch": statistics.median(times), "mb": peak()}


def measure_network(network: str, size: int, batch_size: int, threads: int, parts: str) -> dict:
    """Return the seconds a ROI of a step, an inference, a map; and of a model's checks.

    `parts` are those to be measured. The `step` is told by the clock (`wall`), too, and with what
    comes before it, `start`, and the memory, MB.
    """
    started = clock()
    from camseg.explanations import explain
    from camseg.networks import classifiers
    from camseg.training import loop, step

    loop.make_repeatable(1, threads)
    grey = generator(0, "bench_scaling").uniform(0, 255, (batch_size, size, size))
    images = classifiers.preprocess(network, grey.astype(np.float32))
    labels = (np.arange(batch_size) % 2).astype(np.int32)
    model = classifiers.build(network, size=size, batchnorm_momentum=0.9)
    taken: dict[str, float] = {}
    if "step" in parts:
        traced = step.trace_step(model, step.Adam(model.trainable_variables, 1e-3))
        float(traced(images, labels)[0])
        taken["start"] = clock() - started
        taken["step"], taken["wall"] = each(lambda: float(traced(images, labels)[0]))
        taken["mb"] = peak()
    if "inference" in parts:
        infer = step.trace_inference(model)
        infer(images)
        taken["inference"], _ = each(lambda: infer(images))
    if "map" in parts:
        explain.explain(model, images, batch_size=batch_size)
        taken["map"], _ = each(lambda: explain.explain(model, images, batch_size=batch_size))
    return {name: value if name in ("start", "mb") else value / batch_size
            for name, value in taken.items()}  # fmt: skip


def each(run: Callable[[], object]) -> tuple[float, float]:
    """Return the median CPU and wall time of several runs."""
    times: list[tuple[float, float]] = []
    while len(times) < 2 or (sum(cpu for cpu, _ in times) < AT_LEAST and len(times) < 10):
        started = clock(), time.perf_counter()
        run()
        times.append((clock() - started[0], time.perf_counter() - started[1]))
    cpu, wall = zip(*times, strict=True)
    return statistics.median(cpu), statistics.median(wall)


def peak() -> float:
    """Return the most memory that this process has held, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
