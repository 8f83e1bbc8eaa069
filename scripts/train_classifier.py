"""Train one classifier on the ROIs of one regime; a killed training goes on where it was saved."""

import argparse
import json
import os
from dataclasses import asdict, fields
from functools import partial
from importlib.metadata import version
from pathlib import Path
from platform import python_version
from typing import Any

import numpy as np
import pandas as pd

from camseg import classifiers, filters, split, store
from camseg.checkpoint import Checkpoint
from camseg.cli import run
from camseg.files import digest, whole_file
from camseg.networks import NETWORKS
from camseg.seeds import derive_seed
from camseg.settings import KEEPS, MONITORS, SCHEDULES, Settings
from camseg.sources import sources_of

PACKAGES = ("tensorflow", "keras", "numpy", "opencv-python-headless")  # that do the arithmetic
# environment variables by which TensorFlow computes otherwise
SWITCHES = ("TF_ENABLE_ONEDNN_OPTS", "TF_XLA_FLAGS", "XLA_FLAGS", "NVIDIA_TF32_OVERRIDE")
SIDES = ("train", "validation")


def stated(text: str) -> str | float | None:
    """Return None for "none" (null in the configuration), a number if it is one, or the text."""
    try:
        return None if text == "none" else float(text)
    except ValueError:
        return text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shards", nargs="+", required=True, help="HDF5 shards of extract_rois.py")
    parser.add_argument("--split", required=True, help="TSV of split_rois.py")
    parser.add_argument("--regime", choices=filters.REGIMES, required=True)
    parser.add_argument("--name", help="of the classifier; left out: the network's")
    parser.add_argument("--network", choices=NETWORKS, required=True)
    parser.add_argument("--head", choices=classifiers.HEADS, default="gap")
    parser.add_argument("--widths", type=int, nargs="+", default=[], help="of the hidden layers")
    parser.add_argument("--weights", help="to start from: imagenet, or a file (default: random)")
    parser.add_argument("--cams", help="HDF5 file of compute_cams.py, for regimes of CAMs")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--epochs", type=int, required=True, help="at most")
    parser.add_argument("--patience", type=int, required=True, help="epochs without a gain")
    parser.add_argument("--monitor", choices=MONITORS, required=True)
    parser.add_argument("--keep", choices=KEEPS, required=True, help="epoch's weights")
    parser.add_argument("--batch-size", type=int, required=True)
    parser.add_argument("--learning-rate", type=float, required=True)
    parser.add_argument("--schedule", choices=SCHEDULES, required=True)
    parser.add_argument("--class-weights", type=stated, required=True, help="balanced or none")
    parser.add_argument("--flips", action=argparse.BooleanOptionalAction, required=True)
    parser.add_argument("--rotation", type=float, required=True, help="degrees, at most")
    parser.add_argument(
        "--batchnorm-momentum", type=stated, required=True, help="none keeps the network's own"
    )
    parser.add_argument("--threads", type=int, required=True, help="of TensorFlow")
    parser.add_argument("--save-every", type=float, required=True, help="minutes between states")
    parser.add_argument("--memory", type=float, required=True, help="MB of ROIs held, at most")
    parser.add_argument(
        "--tensorboard", type=int, choices=(0, 1), default=0, help="1: write its logs"
    )
    parser.add_argument("--model", required=True, help=".keras file to write")
    parser.add_argument("--history", required=True, help="CSV to write, a row an epoch")
    parser.add_argument("--metrics", required=True, help="JSON to write")
    parser.add_argument("--predictions", required=True, help="TSV to write, a row a ROI")
    args = parser.parse_args()

    from camseg.evaluation import probability_abnormal
    from camseg.gpus import claim_gpu, devices
    from camseg.training import Examples, make_repeatable, train  # TensorFlow, which takes seconds

    name, split_name = args.name or args.network, Path(args.split).stem  # "split-0"
    chosen: dict[str, Any] = {
        field.name: getattr(args, field.name, None) for field in fields(Settings)
    }
    seed = derive_seed(args.seed, "training", args.regime, name, split_name)
    settings = Settings(**chosen | {"seed": seed})
    what = {"model": name, "network": args.network, "head": args.head, "widths": args.widths}
    what |= {"weights": args.weights, "regime": args.regime}
    script = Path(__file__)
    data = [args.shards, [args.split], [args.cams] if args.cams else []]
    data += [[args.weights] if args.weights not in (None, "imagenet") else []]
    identity = {
        **what,
        "settings": asdict(settings),
        "data": [digest(paths) for paths in data],
        "code": digest(script.parent / path for path in sources_of(script, script.parent)),
        "devices": devices(),
        "switches": {each: os.environ.get(each) for each in SWITCHES},
        "versions": {"python": python_version()} | {each: version(each) for each in PACKAGES},
    }
    folder = Path(args.model).parent
    checkpoint = Checkpoint(folder / "resume", identity, 60 * args.save_every)
    with checkpoint.locked():
        rois = store.read_rois(args.shards, load=False)
        sides = split.read_split(args.split, rois.roi_id)
        rois, sides = rois.take(sides != "unused"), sides[sides != "unused"]
        cams = store.read_cams(args.cams, rois.roi_id, load=False).cam if args.cams else None
        size = rois.image.nbytes + rois.mask.nbytes + (cams.nbytes if cams else 0)
        in_memory = size <= 1e6 * args.memory

        def examples(side: str) -> Examples:
            chosen = rois.take(sides == side)
            maps = cams.take(sides == side) if cams else None
            if in_memory:
                chosen, maps = chosen.loaded(), maps and maps[:]
            return Examples(
                images=filters.pictures(args.regime, chosen),
                labels=chosen.label,
                weights=filters.weights(args.regime, chosen, cams=maps, seed=args.seed),
                preprocess=partial(classifiers.preprocess, args.network),
            )

        claim_gpu()
        make_repeatable(settings.seed, settings.threads)
        model = classifiers.build(
            args.network,
            size=rois.image.shape[1],
            batchnorm_momentum=settings.batchnorm_momentum,
            head=args.head,
            widths=args.widths,
            weights=args.weights,
            name=name,
        )
        of_side = {side: examples(side) for side in SIDES}
        training = train(
            model,
            of_side["train"],
            of_side["validation"],
            settings,
            checkpoint=checkpoint,
            tensorboard=folder / "tensorboard" if args.tensorboard else None,
        )
        probability = np.empty(len(rois))
        for side in SIDES:
            probability[sides == side] = probability_abnormal(training.logits(of_side[side]))

        with whole_file(args.model) as temporary:
            model.save(temporary)
        with whole_file(args.history) as temporary:
            pd.DataFrame(training.history).to_csv(temporary, index=False)
        with whole_file(args.predictions) as temporary:
            table = {
                "roi_id": rois.roi_id,
                "patient_id": rois.patient_id,
                "label": np.array(["normal", "abnormal"])[rois.label],
                "side": sides,
                "probability": probability,
            }
            pd.DataFrame(table).to_csv(temporary, sep="\t", index=False)
        metrics = {
            **what,
            "split": split_name,
            "seed": args.seed,
            **training.summary(),
            "n_train": len(of_side["train"]),
            "n_validation": len(of_side["validation"]),
            "settings": asdict(settings),
        }
        with whole_file(args.metrics) as temporary:
            temporary.write_text(json.dumps(metrics, indent=2) + "\n", encoding="utf-8")
        checkpoint.remove()


if __name__ == "__main__":
    run(main)
