"""What a training's step costs in bfloat16, and by XLA, beside a plain one; a Markdown table.

`training: precision: bfloat16` and `training: xla`. All three steps train the same network in one
process, in alternating order. Seconds are CPU time, with a GPU those of the clock: medians and,
for the ratios to the plain step, the range. "First" is tracing, compiling and the first step.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np

import conditions

sys.path.insert(0, str(Path(__file__).parents[1] / "scripts"))
from camseg.networks import classifiers
from camseg.networks.backend import tf
from camseg.training import loop
from camseg.training.step import Adam, trace_step
from finding import span, tell

KINDS: dict[str, dict] = {
    "float32": {},
    "bfloat16": {"precision": "bfloat16"},
    "xla": {"xla": True},
}
MOMENTUM, LEARNING_RATE = 0.8, 1e-3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--networks", nargs="+", default=conditions.NETWORKS)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=9)
    args = parser.parse_args()
    print(conditions.line())
    print(f"{args.size} px, batches of {args.batch_size}, {args.threads} thread(s)\n")
    print("| network | step | first s | later s | ratio | loss of the first |")
    print("|---|---|--:|--:|--:|--:|")
    loop.make_repeatable(1, args.threads)
    told, figures = [], {}
    for network in args.networks:
        firsts, laters, losses = measure(network, args)
        for kind in args.kinds:
            pairs = zip(laters[kind], laters[args.kinds[0]], strict=True)
            ratios = [one / plain for one, plain in pairs]
            ratio = float(np.median(ratios))
            print(
                f"| {network} | {kind} | {firsts[kind]:.1f} | {np.median(laters[kind]):.3f} "
                f"| {ratio:.2f} ({span(ratios)}) | {losses[kind]:.4f} |",
                flush=True,
            )
            if kind != args.kinds[0]:
                told.append(f"{network} {kind} {ratio:.2f}")
                figures[f"{network} {kind}"] = ratio
    tell(f"steps over {args.kinds[0]}'s: {', '.join(told)}", **figures)


def measure(network: str, args: argparse.Namespace) -> tuple[dict, dict, dict]:
    """Return seconds of first steps, those of later ones, round by round, and the first losses."""
    clock = time.perf_counter if tf.config.list_physical_devices("GPU") else time.process_time
    model = classifiers.build(network, size=args.size, batchnorm_momentum=MOMENTUM)
    begin = model.get_weights()
    random = np.random.default_rng(1)
    labels = (np.arange(args.batch_size) % 2).astype(np.int32)
    grey = (
        random.integers(0, 150, (args.batch_size, args.size, args.size))
        + 40 * labels[:, None, None]
    )
    images = classifiers.preprocess(network, grey.astype(np.float32))
    steps, firsts, losses = {}, {}, {}
    for kind in args.kinds:
        model.set_weights(begin)
        started = clock()
        adam = Adam(model.trainable_variables, LEARNING_RATE)
        steps[kind] = trace_step(model, adam, **KINDS[kind])
        losses[kind] = float(steps[kind](images, labels)[0])
        firsts[kind] = clock() - started
    laters: dict = {kind: [] for kind in args.kinds}
    for _ in range(args.rounds):
        for kind, step in steps.items():
            started = clock()
            float(step(images, labels)[0])
            laters[kind].append(clock() - started)
    return firsts, laters, losses


if __name__ == "__main__":
    main()
