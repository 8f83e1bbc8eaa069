"""The parts of a study beside plain scripts of Keras and of PyTorch that do the same; tables.

    python benchmarks/peers.py [--networks MobileNetV2 ...] [--rounds 2] [--torch PYTHON]

`PYTHON` is that of an environment which has torch and torchvision, never the project's own:
python3 -m venv FOLDER, FOLDER/bin/pip install torch torchvision, then FOLDER/bin/python here.

Everything on one thread, each measurement in a process of its own, in alternating order; what
counts is the CPU time of all its threads, so that other work on the machine disturbs little. The
ROIs are a few of synthetic cases. camseg is `peers_camseg.py`, the study's own code with the
default study's settings, and end to end the workflow itself: Snakemake, training, maps, scores (of
which mean-Dice is one). Keras is `peers_keras.py`, what people write: compile, fit, Grad-CAM and
Dice in loops. PyTorch is `peers_torch.py`, likewise.

Before anything is told, both must have done the same. camseg and Keras start from the same weights
and see the same batches: their losses agree, in the first step to 1e-3. Maps of the same model
differ by a grey level at most. Scores of the same maps are equal. PyTorch's networks are those of
torchvision, which pad otherwise and start elsewhere: what is told is how many weights they train.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import yaml
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
sys.path.insert(0, str(Path(__file__).resolve().parent))
from camseg.io import store
from camseg.networks.registry import NETWORKS
from camseg.rois.split import read_split
from camseg.scoring.dice import mean_dice
from camseg.seeds import derive_seed, generator
from conditions import SWITCH, line_of_child
from finding import tell
from project import ROOT, copy_project

HERE = ROOT / "benchmarks"
SEED = 1
IN_TORCHVISION = ("MobileNetV2", "DenseNet121", "InceptionV3", "ResNet50V2")
TORCH = {"PyTorch": [], "PyTorch, channels last": ["--channels-last"]}
# how far apart camseg and a peer may be: the share of the mean loss to the first two steps; a
# mean-Dice. Adam's first steps are as long whatever the gradient, so that rounding alone moves the
# weights whose gradient is about 0 as far as others.
LOSSES, DICE = (1e-3, 0.1), 1e-9
PARTS = {  # what is measured, in which unit, and how many of it are a second
    "start to the end of the first step": ("s", 1),
    "training step": ("s", 1),
    "epoch, validated": ("s", 1),
    "to the first map": ("s", 1),
    "further map": ("ms", 1000),
    "score of a map": ("ms", 1000),
    "reading a ROI": ("ms", 1000),
    "end to end": ("s", 1),
    "end to end, by the clock": ("s", 1),
}
Measured = dict[str, float]


class Run(NamedTuple):
    """A process that is measured, again in every round: whose, with which oneDNN, and how."""

    who: str
    onednn: str  # the switch's value; empty for PyTorch
    command: list[str]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", nargs="+", default=["MobileNetV2"], choices=NETWORKS)
    parser.add_argument("--size", type=int, default=128, help="pixels per side")
    parser.add_argument("--cases", type=int, default=20, help="synthetic ones, for the ROIs")
    parser.add_argument("--epochs", type=int, default=3, help="at least 3")
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--onednn", nargs="+", default=["0", "1"], choices=("0", "1"))
    parser.add_argument("--torch", help="the Python of an environment with torch and torchvision")
    args = parser.parse_args()
    unset = {name: value for name, value in os.environ.items() if name != SWITCH}
    here = line_of_child(unset)
    chosen = "1" if "oneDNN on" in here else "0"
    print(f"{here}; {args.size} px, batches of {args.batch_size}, {args.rounds} rounds\n")
    told = {}
    for network in args.networks:
        with tempfile.TemporaryDirectory() as folder:
            told[network] = compare(network, Path(folder), args, chosen)
    if not args.torch:
        told["PyTorch"] = "not measured, no --torch"
    tell("; ".join(f"{name}: {found}" for name, found in told.items()))


def compare(network: str, folder: Path, args: argparse.Namespace, chosen: str) -> str:
    """Measure a network's study and its peers in an empty folder, and print the tables.

    Return what of a peer's time camseg takes, as the workflow has oneDNN if that is measured.
    """
    results = prepare(folder, network, args)
    draw(results, folder)
    runs = planned(folder, results, network, args)
    rounds: list[dict] = []
    for number in range(args.rounds):
        found = {
            (run.who, run.onednn): measure(run, folder, args.epochs)
            for run in (runs if number % 2 == 0 else runs[::-1])
        }
        if number == 0:
            check(found, folder)
        rounds.append({key: taken for key, (taken, _) in found.items()})
    for onednn in args.onednn:
        by = ", as the workflow has it" if onednn == chosen else ""
        print(f"{network}, oneDNN {word(onednn)}{by}:\n")
        print(table(rounds, onednn, missing(network, args.torch)))
    told = {who: of for (who, _), (_, of) in found.items() if who != "study"}
    for who in sorted(told):
        weights = f"{told[who]['weights']:,} weights trained"
        print(f"- {who}: {told[who]['version']}, {weights}", flush=True)
    print()
    onednn = chosen if chosen in args.onednn else args.onednn[0]
    peers = ["Keras", *([] if missing(network, args.torch) else TORCH)]
    shares = {
        part: ", ".join(
            f"{statistics.median(ratios(rounds, onednn, who, part)):.2g} of {who}" for who in peers
        )
        for part in ("training step", "end to end")
    }
    return f"oneDNN {word(onednn)}, " + ", ".join(f"{part} {of}" for part, of in shares.items())


def ratios(rounds: list[dict], onednn: str, who: str, part: str) -> list[float]:
    """Return camseg's time over a peer's, of the same part, round by round."""
    ours = "study" if part.startswith("end to end") else "camseg"
    switch = onednn if who == "Keras" else ""
    return [found[ours, onednn][part] / found[who, switch][part] for found in rounds]


def word(onednn: str) -> str:
    return "on" if onednn == "1" else "off"


def missing(network: str, torch: str | None) -> str:
    """Return why there is no PyTorch to measure; empty if there is."""
    if network not in IN_TORCHVISION:
        return "not in torchvision"
    return "" if torch else "no --torch"


def prepare(folder: Path, network: str, args: argparse.Namespace) -> Path:
    """Make a study's split ROIs by the workflow; return its results.

    As many training ROIs are left unused as would not fill a batch, of which camseg makes two
    smaller ones and the peers one of a few.
    """
    project = copy_project(folder / "project")
    config = {
        "phantom": {"cases": args.cases},
        "rois": {"size": args.size, "shards": 1},
        "models": [network],
        "regimes": {"inverse": []},
        "training": {"epochs": args.epochs, "batch_size": args.batch_size, "threads": 1},
        "cam": {"also": []},
    }
    (project / "peers.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    path = project / "results/phantom/splits/split-0.tsv"
    with_candidates = ["results/phantom/rois/candidates.tsv", str(path.relative_to(project))]
    subprocess.run(
        [*workflow(), *with_candidates], cwd=project, check=True, stderr=subprocess.DEVNULL
    )
    split = pd.read_csv(path, sep="\t", dtype=str)
    training = split.index[split["side"] == "train"]
    split.loc[training[len(training) // args.batch_size * args.batch_size :], "side"] = "unused"
    split.to_csv(path, sep="\t", index=False)
    return project / "results/phantom"


def workflow() -> list[str]:
    snakemake = str(Path(sys.executable).with_name("snakemake"))
    return [snakemake, "--quiet", "--cores", "1", "--configfile", "peers.yaml", "--"]


def draw(results: Path, folder: Path) -> None:
    """Write ROIs and masks as pictures, the training ROIs numbered as the first epoch has them."""
    rois = store.read_rois(sorted(results.glob("rois/*.h5")))
    sides = read_split(results / "splits/split-0.tsv", rois.roi_id)
    (folder / "masks").mkdir()
    for side in ("train", "validation", "unused"):
        (folder / "rois" / side).mkdir(parents=True)
        chosen = rois.take(sides == side)
        order = np.arange(len(chosen))
        if side == "train":
            order = generator(SEED, "order", 1).permutation(len(chosen))
        for number, roi in enumerate(order):
            label = ("normal", "abnormal")[chosen.label[roi]]
            name = f"{side}-{number:04}-{label}.png"
            Image.fromarray(chosen.image[roi]).save(folder / "rois" / side / name)
            Image.fromarray(255 * chosen.mask[roi]).save(folder / "masks" / name)


def planned(folder: Path, results: Path, network: str, args: argparse.Namespace) -> list[Run]:
    """Return what runs in a round, in its order: Keras first, whose maps camseg looks at."""
    config = yaml.safe_load((ROOT / "config/config.yaml").read_text(encoding="utf-8"))
    settings = config["training"] | {"epochs": args.epochs, "batch_size": args.batch_size}
    settings |= {"seed": SEED, "threads": 1}
    common = ["--network", network]
    same = [*common, "--epochs", str(args.epochs), "--batch-size", str(args.batch_size)]
    same += ["--learning-rate", str(settings["learning_rate"])]
    rate = ["--seed", str(derive_seed(SEED, "weights") % 2**32)]
    runs = []
    for onednn in args.onednn:
        given = [str(folder / "rois"), str(folder / f"Keras-{onednn}")]
        command = [sys.executable, str(HERE / "peers_keras.py"), *given, *same, *rate]
        runs.append(Run("Keras", onednn, [*command, "--module", NETWORKS[network]]))
        ours = [sys.executable, str(HERE / "peers_camseg.py"), str(results)]
        ours += [str(folder / f"camseg-{onednn}"), *common, "--settings", json.dumps(settings)]
        runs.append(Run("camseg", onednn, [*ours, "--peer", given[1]]))
        target = f"results/phantom/dice/grad_cam/{network}/split-0.tsv"
        runs.append(Run("study", onednn, [*workflow(), target]))
    if not missing(network, args.torch):
        for who, layout in TORCH.items():
            given = [str(folder / "rois"), str(folder / who)]
            command = [args.torch, str(HERE / "peers_torch.py"), *given, *same, *layout]
            runs.append(Run(who, "", [*command, "--seed", str(SEED)]))
    return runs


def measure(run: Run, folder: Path, epochs: int) -> tuple[Measured, dict]:
    """Return the seconds of each part of a run, and what else its program tells."""
    environment = os.environ | ({SWITCH: run.onednn} if run.onednn else {})
    project = folder / "project"
    if run.who == "study":
        for name in ("training", "cams", "dice"):
            shutil.rmtree(project / "results/phantom" / name, ignore_errors=True)
    else:
        Path(run.command[3]).mkdir(exist_ok=True)
    log = folder / "log"
    started = time.perf_counter()
    with log.open("w") as errors:
        process = subprocess.Popen(
            run.command, cwd=project, env=environment, stdout=subprocess.PIPE, stderr=errors
        )
        assert process.stdout
        said = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    if status:
        sys.exit(f"{run.command[1]} failed:\n{log.read_text()[-2000:]}")
    whole = {
        "end to end": usage.ru_utime + usage.ru_stime,
        "end to end, by the clock": wall,
    }
    if run.who == "study":
        return whole, {}
    told = json.loads(said.splitlines()[-1])
    taken = parts(told, epochs)
    return taken if run.who == "camseg" else taken | whole, told


def parts(told: dict, epochs: int) -> Measured:
    """Return the seconds of each part, from what a peer's program tells.

    Steps after the first by their median; an epoch from the end of one's last step to that of the
    next, with the validation in between, but not that of the first, in which things are compiled.
    """
    ends = np.array(told["ends"])
    steps = len(ends) // epochs
    within = np.delete(np.diff(ends), slice(steps - 1, None, steps))
    return {
        "start to the end of the first step": ends[0],
        "training step": float(np.median(within)),
        "epoch, validated": float(np.median(np.diff(ends[steps - 1 :: steps])[1:])),
        "to the first map": told["first_map"],
        "further map": told["map"],
        "score of a map": told["score"],
        "reading a ROI": told["read"],
    }


def check(found: dict[tuple[str, str], tuple[Measured, dict]], folder: Path) -> None:
    """End the program unless the peers have done the same as camseg."""
    names = sorted(path.name for path in folder.glob("rois/*/*.png") if "abnormal" in path.name)
    masks = np.stack([np.asarray(Image.open(folder / "masks" / name)) > 0 for name in names])
    abnormal = ["abnormal" in path.name for path in sorted(folder.glob("rois/*/*.png"))]
    for (who, onednn), (_, told) in found.items():
        if who == "study":
            continue
        if who == "camseg":
            peer = found["Keras", onednn][1]
            for step, most in enumerate(LOSSES):  # Keras tells the mean of the steps so far
                ours, theirs = np.mean(told["losses"][: step + 1]), peer["losses"][step]
                agree(f"loss to step {step + 1}, oneDNN {onednn}", ours, theirs, most * theirs)
            agree("weights", told["weights"], peer["weights"], 0)
            agree("grey level of maps", told["grey_levels"], 0, 1)
            agree("oneDNN", told["onednn"], onednn == "1", 0)
            continue
        with np.load(folder / (f"Keras-{onednn}" if onednn else who) / "maps.npz") as file:
            ours = mean_dice(file["cams"][abnormal], masks)
            agree(f"mean-Dice of {who}", ours, file["scores"], DICE)


def agree(what: str, ours: float | np.ndarray, theirs: float | np.ndarray, most: float) -> None:
    """End the program if two values, or any two of arrays, are further apart than `most`."""
    apart = np.abs(np.subtract(ours, theirs, dtype=float)).max()
    if not apart <= most:
        sys.exit(f"{what}: camseg and the peer are {apart:.3g} apart, more than {most:.3g}")


def table(rounds: list[dict], onednn: str, without_torch: str) -> str:
    """Return the table of a switch's value: medians, and camseg's share of the peers' in a round.

    `rounds` are the seconds of each part by (whose, oneDNN).
    """
    heads = [part for who in ("Keras", *TORCH) for part in (who, "ratio (range)")]
    lines = ["| | camseg | " + " | ".join(heads) + " |", "|---" + "|--:" * (1 + len(heads)) + "|"]
    for part, (unit, many) in PARTS.items():
        by_study = part.startswith("end to end")
        ours = [found["study" if by_study else "camseg", onednn][part] for found in rounds]
        cells = [f"{part}, {unit}", shown(ours, many)]
        for who in ("Keras", *TORCH):
            if who in TORCH and without_torch:
                cells += [without_torch, ""]
                continue
            theirs = [found[who, onednn if who == "Keras" else ""][part] for found in rounds]
            shares = ratios(rounds, onednn, who, part)
            spread = f"{min(shares):.2g} to {max(shares):.2g}"
            cells += [shown(theirs, many), f"{statistics.median(shares):.2g} ({spread})"]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def shown(seconds: list[float], many: int) -> str:
    """Return the median of three digits."""
    value = many * statistics.median(seconds)
    return f"{value:.3g}" if value < 100 else f"{value:.0f}"


if __name__ == "__main__":
    main()
