"""What keeping oneDNN to AVX2 costs (`training: instructions: avx2`), a training step at a time.

Each measurement is one of `bench_training.py`, in a fresh process of its own, with and without in
alternating order; a Markdown table with the range of the ratios. On a processor without AVX-512
there is nothing to be measured.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

import conditions

sys.path.insert(0, str(Path(__file__).parents[1] / "scripts"))
from camseg.networks.machine import processor
from finding import skip, span, tell

NETWORKS = ("NASNetMobile", "MobileNetV2", "DenseNet121", "ResNet50V2", "Xception", "InceptionV3")
TRAINING = Path(__file__).with_name("bench_training.py")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--networks", nargs="+", default=NETWORKS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=10, help="after the first")
    args = parser.parse_args()
    print(conditions.line_of_child())
    if "avx512f" not in processor()["instruction_sets"]:
        skip("the processor has no AVX-512")
    print("\n| network | step s | with AVX2 at most | ratio (range) |\n|---|--:|--:|--:|")
    medians = {}
    for network in args.networks:
        rounds = [
            [later(network, args.steps, isa) for isa in ("", "AVX2")] for _ in range(args.rounds)
        ]
        ratios = [narrow / wide for wide, narrow in rounds]
        medians[network] = float(np.median(ratios))
        wide, narrow = np.median(rounds, axis=0)
        ratio = f"{medians[network]:.2f} ({span(ratios)})"
        print(f"| {network} | {wide:.3f} | {narrow:.3f} | {ratio} |", flush=True)
    mean = np.mean(list(medians.values()))
    tell(f"a step with AVX2 at most takes {mean:.2f} of one with AVX-512", **medians)


def later(network: str, steps: int, isa: str) -> float:
    """Return the seconds of a step, oneDNN's instructions being kept to `isa`, if any."""
    command = [sys.executable, str(TRAINING), "--measure", "camseg", "--networks", network]
    environment = os.environ | ({"ONEDNN_MAX_CPU_ISA": isa} if isa else {})
    done = subprocess.run(
        [*command, "--steps", str(steps)],
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    return json.loads(done.stdout)["later"]


if __name__ == "__main__":
    main()
