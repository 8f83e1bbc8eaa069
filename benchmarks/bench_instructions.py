"""What keeping oneDNN to AVX2 costs (`training: instructions: avx2`), a training step at a time.

Each measurement is one of `bench_training.py`, in a fresh process of its own, with and without in
alternating order; a Markdown table with the range of the ratios. On a processor without AVX-512
there is nothing to be measured. "Weights" are a digest of the network's after all steps, the same
in every round: to be compared between processors, for as many steps.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import conditions

sys.path.insert(0, str(Path(__file__).parents[1] / "scripts"))
from bench_training import in_fresh_process
from camseg.networks.machine import processor
from finding import skip, span, tell


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--networks", nargs="+", default=conditions.NETWORKS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=10, help="after the first")
    args = parser.parse_args()
    print(conditions.line_of_child())
    if "avx512f" not in processor()["instruction_sets"]:
        skip("the processor has no AVX-512")
    print("\n| network | step s | weights | with AVX2 at most | weights | ratio (range) |")
    print("|---|--:|---|--:|---|--:|")
    medians = {}
    for network in args.networks:
        rounds = [
            [steps(network, args.steps, isa) for isa in ("", "AVX2")] for _ in range(args.rounds)
        ]
        ratios = [narrow["later"] / wide["later"] for wide, narrow in rounds]
        medians[network] = float(np.median(ratios))
        cells = [
            f"{np.median([each['later'] for each in which]):.3f} | {the_same(network, which)}"
            for which in zip(*rounds, strict=True)
        ]
        ratio = f"{medians[network]:.2f} ({span(ratios)})"
        print(f"| {network} | {' | '.join(cells)} | {ratio} |", flush=True)
    mean = np.mean(list(medians.values()))
    tell(f"a step with AVX2 at most takes {mean:.2f} of one with AVX-512", **medians)


def steps(network: str, number: int, isa: str) -> dict:
    """Return what `bench_training.measure` does, oneDNN being kept to the instructions `isa`."""
    environment = os.environ | ({"ONEDNN_MAX_CPU_ISA": isa} if isa else {})
    return in_fresh_process(network, "camseg", {"steps": number}, environment)


def the_same(network: str, measured: Sequence[dict]) -> str:
    """Return the digest of weights that all measurements ended with."""
    digests = {each["weights"] for each in measured}
    if len(digests) > 1:
        sys.exit(f"error: {network}: two trainings by the same instructions ended differently")
    return digests.pop()


if __name__ == "__main__":
    main()
