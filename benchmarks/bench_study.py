"""How much longer a study took than its training steps alone; where the rest went.

    python benchmarks/bench_study.py results/phantom

Of a finished study, run in one go on this machine. Its wall time is from the start of the first
measured job to the end of the last. The bare training is every step of every training, at what a
later step takes here by itself (`bench_training.py`), shared by the cores: no evaluation, no start,
no first step, no core ever idle. The table has the seconds of all jobs, by rule.
"""

import argparse
import json
import os
import sys
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pandas as pd

import conditions

sys.path.insert(0, str(Path(__file__).parents[1] / "scripts"))
from bench_training import in_fresh_process
from camseg.training.loop import batches
from finding import skip, tell


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path, help="the results folder of a finished study")
    parser.add_argument("--cores", type=int, default=os.cpu_count(), help="that it was run on")
    args = parser.parse_args()
    manifest = args.results / "manifest.json"
    if not manifest.is_file():
        skip(f"{args.results} holds no finished study")
    print(conditions.line_of_child())
    seconds, wall = measured(args.results / "runtime")
    print("\n| rule | jobs | s |\n|---|--:|--:|")
    for rule, jobs in sorted(seconds.items(), key=lambda item: -sum(item[1])):
        print(f"| {rule} | {len(jobs)} | {sum(jobs):.0f} |")
    every = sum(map(sum, seconds.values()))
    print(f"| all | {sum(map(len, seconds.values()))} | {every:.0f} |\n")
    size = json.loads(manifest.read_text())["configuration"]["values"]["rois"]["size"]
    steps: Counter[tuple[str, int]] = Counter()
    for path in args.results.glob("training/*/*/*/metrics.json"):
        told = json.loads(path.read_text())
        batch_size = told["settings"]["batch_size"]
        number = len(batches(np.arange(told["n_train"]), batch_size))
        steps[told["network"], batch_size] += told["epochs"] * number
    bare = 0.0
    for (network, batch_size), number in sorted(steps.items()):
        sizes = {"size": size, "batch_size": batch_size}
        bare += number * in_fresh_process(network, "camseg", sizes)["later"]
    ratio = wall * args.cores / bare
    tell(
        f"{wall:.0f} s on {args.cores} cores, {ratio:.2f} of the bare training steps "
        f"({bare:.0f} core seconds); cores were busy with jobs {every / wall / args.cores:.0%}",
        ratio=ratio,
        wall=wall,
        bare=bare,
    )


def measured(folder: Path) -> tuple[dict[str, list[float]], float]:
    """Return the seconds of the jobs of each rule, and those from first start to last end.

    A rule's files lie in a folder of its name, or the one of a single job is called so.
    """
    seconds, starts, ends = defaultdict(list), [], []
    for path in folder.rglob("*.tsv"):
        rule = path.relative_to(folder).with_suffix("").parts[0]
        (took,) = pd.read_csv(path, sep="\t")["s"]
        seconds[rule].append(took)
        ends.append(path.stat().st_mtime)
        starts.append(ends[-1] - took)
    return dict(seconds), max(ends) - min(starts)


if __name__ == "__main__":
    main()
