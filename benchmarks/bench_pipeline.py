"""What feeding a network and saving its training cost beside the steps themselves; a table.

"Input" is the CPU time to make a batch, from uint8 images and masks in memory (the regime mask: the
filter on) and read from HDF5 shards, each round another batch, as a share of the bare training step
on an array that is there already; steps and batches alternate. "State" is the time to save all that
a training resumes from, and its share of five minutes, the default between two of them.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import cv2
import numpy as np

import conditions

sys.path.insert(0, str(Path(__file__).parents[1] / "scripts"))
from camseg.io import store
from camseg.networks import classifiers
from camseg.training import filtering
from camseg.training.checkpoint import Checkpoint, State
from camseg.training.examples import Examples
from camseg.training.loop import make_repeatable
from finding import span, tell

EVERY = 300  # seconds between two saved states


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--networks", nargs="+", default=conditions.NETWORKS)
    parser.add_argument("--sizes", nargs="+", type=int, default=[96, 224])
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=7, help="of which the medians")
    args = parser.parse_args()
    make_repeatable(1, 1)
    print(conditions.line())
    print(f"batches of {args.batch_size}, one thread\n")
    print("| network | px | step s | input ms | share | files ms | share | state MB | s | share |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
    shares = []
    for size in args.sizes:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "shard.h5")
            store.write_shard(
                path, made_up_rois((2 + args.rounds) * args.batch_size, size), source="benchmark"
            )
            for network in args.networks:
                shares.append(measure(network, size, path, args))
    memory, files, states = map(list, zip(*shares, strict=True))
    tell(
        f"a batch takes {span(memory, '.1%')} of its step from memory, {span(files, '.1%')} from "
        f"files; a saved state at most {max(states):.1%} of five minutes",
        memory=max(memory),
        files=max(files),
    )


def made_up_rois(n: int, size: int) -> store.Rois:
    """Return ROIs that are smooth but for some noise, so that they are packed as pictures are."""
    random = np.random.default_rng(1)
    label = (np.arange(n) % 2).astype(np.uint8)
    smooth = random.uniform(0, 240, (n, 8, 8)).astype(np.float32)
    image = np.stack([cv2.resize(each, (size, size)) for each in smooth]).astype(np.uint8)
    rows, columns = np.mgrid[:size, :size] - size / 2
    disc = (rows**2 + columns**2 < size**2 / 8).astype(np.uint8)
    text = np.array([f"{number:03}" for number in range(n)], object)
    return store.Rois(
        image=image + random.integers(0, 8, image.shape, dtype=np.uint8),
        mask=disc * label[:, None, None],
        label=label,
        roi_id=text,
        patient_id=text,
        view=text,
        pathology=text,
        lesion_type=text,
        box=np.zeros((n, 4), np.int32),
    )


def measure(
    network: str, size: int, path: Path, args: argparse.Namespace
) -> tuple[float, float, float]:
    """Print a network's line; return the shares of a batch, from memory and files, and a state."""
    from camseg.training.step import Adam, trace_step

    model = classifiers.build(network, size=size, batchnorm_momentum=0.9)
    adam = Adam(model.trainable_variables, 1e-3)
    step = trace_step(model, adam)
    sources = []
    for load in (True, False):
        rois = store.read_rois([path], load=load)
        weights = filtering.weights("mask", rois, filtering.Given(), seed=1)
        preprocess = partial(classifiers.preprocess, network)
        sources.append(Examples(rois.image, rois.label, weights, preprocess))
    batch = np.arange(args.batch_size)
    labels, images = rois.label[batch].astype(np.int32), sources[0].inputs(batch)
    float(step(images, labels)[0])
    times: dict[str, list[float]] = {"step": [], "memory": [], "files": [], "state": []}

    def timed(name: str, call: Callable[[], object]) -> None:
        clock = time.perf_counter if name == "state" else time.process_time  # states wait for disks
        started = clock()
        call()
        times[name].append(clock() - started)

    with tempfile.TemporaryDirectory() as folder:
        checkpoint = Checkpoint(Path(folder), {"network": network}, 0)
        variables = [*(variable.value for variable in model.variables), *adam.state]
        for number in range(args.rounds):
            following = batch + (1 + number) * args.batch_size
            timed("step", lambda: float(step(images, labels)[0]))
            timed("memory", partial(sources[0].inputs, following))
            timed("files", partial(sources[1].inputs, following))
        for _ in range(3):
            timed(
                "state",
                lambda: checkpoint.save(
                    State([], [each.numpy() for each in variables], model.get_weights())
                ),
            )
        megabytes = checkpoint.path.stat().st_size / 1e6
    median = {name: statistics.median(values) for name, values in times.items()}
    print(
        f"| {network} | {size} | {median['step']:.2f} "
        f"| {1e3 * median['memory']:.1f} | {median['memory'] / median['step']:.1%} "
        f"| {1e3 * median['files']:.1f} | {median['files'] / median['step']:.1%} "
        f"| {megabytes:.0f} | {median['state']:.2f} | {median['state'] / EVERY:.2%} |",
        flush=True,
    )
    bare = median["step"]
    return median["memory"] / bare, median["files"] / bare, median["state"] / EVERY


if __name__ == "__main__":
    main()
