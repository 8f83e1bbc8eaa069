"""Train one classifier on the ROIs of one regime; keep the epoch of best accuracy."""

import argparse
import json
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from camseg import classifiers, filters, split, store
from camseg.cli import run
from camseg.files import whole_file
from camseg.networks import NETWORKS
from camseg.seeds import derive_seed


def momentum(text: str) -> float | None:
    return None if text == "stock" else float(text)


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
    parser.add_argument("--cams", help="HDF5 file of compute_cams.py, for the regime cam")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--epochs", type=int, required=True, help="at most")
    parser.add_argument(
        "--patience", type=int, required=True, help="epochs without a lower val_loss"
    )
    parser.add_argument("--batch-size", type=int, required=True)
    parser.add_argument("--learning-rate", type=float, required=True)
    parser.add_argument(
        "--batchnorm-momentum", type=momentum, required=True, help="'stock' keeps the network's own"
    )
    parser.add_argument("--threads", type=int, required=True, help="of TensorFlow")
    parser.add_argument("--model", required=True, help=".keras file to write")
    parser.add_argument("--history", required=True, help="CSV to write, a row an epoch")
    parser.add_argument("--metrics", required=True, help="JSON to write")
    parser.add_argument("--predictions", required=True, help="TSV to write, a row a ROI")
    args = parser.parse_args()
    name = args.name or args.network

    from camseg.training import (  # imports TensorFlow, which takes seconds
        Examples,
        Settings,
        discrimination,
        make_repeatable,
        probability_abnormal,
        train,
    )

    split_name = Path(args.split).stem  # "split-0"
    settings = Settings(
        epochs=args.epochs,
        patience=args.patience,
        batch_size=args.batch_size,
        learning_rate=args.learning_rate,
        batchnorm_momentum=args.batchnorm_momentum,
        seed=derive_seed(args.seed, "training", args.regime, name, split_name),
        threads=args.threads,
    )
    rois = store.read_rois(args.shards)
    side = split.read_split(args.split, rois.roi_id)
    rois, side = rois.take(side != "unused"), side[side != "unused"]
    cams = store.read_cams(args.cams, rois.roi_id).cam if args.cams else None
    weights = filters.weights(args.regime, rois, side, cams=cams, seed=args.seed)

    def examples(chosen: np.ndarray) -> Examples:
        return Examples(
            images=rois.image[chosen],
            labels=rois.label[chosen],
            weights=None if weights is None else weights[chosen],
            preprocess=partial(classifiers.preprocess, args.network),
        )

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
    training = train(model, examples(side == "train"), examples(side == "validation"), settings)
    probability = probability_abnormal(training.logits(examples(np.ones(len(rois), bool))))

    best, last = training.history[training.best_epoch - 1], training.history[-1]
    metrics = {
        "model": name,
        "network": args.network,
        "head": args.head,
        "widths": args.widths,
        "weights": args.weights,
        "regime": args.regime,
        "split": split_name,
        "seed": args.seed,
        "val_acc": best["val_accuracy"],
        "val_acc_last": last["val_accuracy"],
        "val_loss": best["val_loss"],
        "val_loss_last": last["val_loss"],
        "best_epoch": training.best_epoch,
        "epochs": last["epoch"],
        "n_train": int(np.sum(side == "train")),
        "n_validation": int(np.sum(side == "validation")),
        **discrimination(probability[side == "validation"], rois.label[side == "validation"]),
        "settings": asdict(settings),
    }
    with whole_file(args.model) as temporary:
        model.save(temporary)
    with whole_file(args.history) as temporary:
        pd.DataFrame(training.history).to_csv(temporary, index=False)
    with whole_file(args.metrics) as temporary:
        temporary.write_text(json.dumps(metrics, indent=2) + "\n", encoding="utf-8")
    with whole_file(args.predictions) as temporary:
        table = {
            "roi_id": rois.roi_id,
            "patient_id": rois.patient_id,
            "label": np.array(["normal", "abnormal"])[rois.label],
            "side": side,
            "probability": probability,
        }
        pd.DataFrame(table).to_csv(temporary, sep="\t", index=False)


if __name__ == "__main__":
    run(main)
