"""What a training's first and later steps cost, against stock Keras; a Markdown table.

Each measurement runs in a fresh process of its own. "First step" is the time from before the
network is built to the end of its first step, without imports, which are the same for both;
"later step" the mean of the steps after it; CPU time of all threads, so that other work on the
machine disturbs little. Stock Keras is compile("adam") and fit on arrays, with
Keras' choices (just-in-time compilation among them) and the same threads. Both have oneDNN as the
workflow has it; the first line says so.
"""

import argparse
import hashlib
import json
import resource
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np

import conditions

sys.path.insert(0, str(Path(__file__).parents[1] / "scripts"))
from camseg.networks import classifiers
from finding import tell

MOMENTUM, LEARNING_RATE = 0.9, 1e-3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--networks", nargs="+", default=conditions.NETWORKS)
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--steps", type=int, default=10, help="after the first")
    parser.add_argument("--measure", choices=("camseg", "stock"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.measure:
        print(json.dumps(measure(args)))
        return
    print(conditions.line_of_child())
    print(f"{args.size} px, batches of {args.batch_size}, {args.threads} thread(s)\n")
    print("| network | first step s | stock | ratio | later step s | stock | ratio | GB | stock |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|--:|")
    ratios = []
    for network in args.networks:
        sizes = {name: getattr(args, name) for name in ("size", "batch_size", "threads", "steps")}
        ours, stock = (in_fresh_process(network, which, sizes) for which in ("camseg", "stock"))
        ratios.append([ours[key] / stock[key] for key in ("first", "later")])
        print(
            f"| {network} | {ours['first']:.1f} | {stock['first']:.1f} | {ratios[-1][0]:.2f} "
            f"| {ours['later']:.3f} | {stock['later']:.3f} | {ratios[-1][1]:.2f} "
            f"| {ours['memory']:.2f} | {stock['memory']:.2f} |",
            flush=True,
        )
    first, later = np.mean(ratios, axis=0)
    print(f"| mean | | | {first:.2f} | | | {later:.2f} | | |")
    tell(
        f"to the end of the first step {first:.2f} of stock Keras, later steps {later:.2f} of it "
        f"({args.size} px, {', '.join(args.networks)})",
        first=first,
        later=later,
    )


def in_fresh_process(
    network: str, which: str, sizes: Mapping[str, int], environment: dict | None = None
) -> dict:
    """Return what `measure` does, in a process of its own; `sizes` are this program's options."""
    command = [sys.executable, __file__, "--measure", which, "--networks", network]
    for option, value in sizes.items():
        command += [f"--{option.replace('_', '-')}", str(value)]
    done = subprocess.run(
        command, env=environment, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    return json.loads(done.stdout)


def measure(args: argparse.Namespace) -> dict:
    """Return seconds to the end of the `first` step, of a `later` one, and peak `memory` in GB.

    And a digest of the `weights` after the last.
    """
    from camseg.networks.backend import keras, tf
    from camseg.training import loop
    from camseg.training import step as steps

    random = np.random.default_rng(1)
    n = args.batch_size * (1 + args.steps)
    images = random.uniform(-1, 1, (n, args.size, args.size, 3)).astype(np.float32)
    labels = (np.arange(n) % 2).astype(np.int32)
    if args.measure == "camseg":
        loop.make_repeatable(1, args.threads)
    else:
        tf.config.threading.set_intra_op_parallelism_threads(args.threads)
        tf.config.threading.set_inter_op_parallelism_threads(args.threads)

    started = time.process_time()
    model = classifiers.build(args.networks[0], size=args.size, batchnorm_momentum=MOMENTUM)
    if args.measure == "camseg":
        adam = steps.Adam(model.trainable_variables, LEARNING_RATE)
        traced = steps.trace_step(model, adam)

        def fit(part: slice) -> None:
            for start in range(part.start, part.stop, args.batch_size):
                batch = slice(start, start + args.batch_size)
                float(traced(images[batch], labels[batch])[0])
    else:
        model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))

        def fit(part: slice) -> None:
            model.fit(
                images[part], labels[part], batch_size=args.batch_size, shuffle=False, verbose=0
            )

    fit(slice(0, args.batch_size))
    first = time.process_time() - started
    started = time.process_time()
    fit(slice(args.batch_size, n))
    later = (time.process_time() - started) / args.steps
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    digest = hashlib.sha256(b"".join(each.tobytes() for each in model.get_weights()))
    weights = digest.hexdigest()[:8]
    return {"first": first, "later": later, "memory": memory, "weights": weights}


if __name__ == "__main__":
    main()
