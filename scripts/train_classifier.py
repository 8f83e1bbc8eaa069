"""Train one network from scratch on the ROIs of one regime; keep the epoch of best accuracy."""

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
    parser.add_argument("--network", choices=NETWORKS, required=True)
    parser.add_argument("--cams", help="HDF5 file of compute_cams.py, for regimes of CAMs")
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
        seed=derive_seed(args.seed, "training", args.regime, args.network, split_name),
        threads=args.threads,
    )
    rois = store.read_rois(args.shards)
    sides = split.read_split(args.split, rois.roi_id)
    rois, sides = rois.take(sides != "unused"), sides[sides != "unused"]

    def examples(side: str) -> Examples:
        chosen = rois.take(sides == side)
        cams = store.read_cams(args.cams, chosen.roi_id).cam if args.cams else None
        return Examples(
            images=filters.pictures(args.regime, chosen),
            labels=chosen.label,
            weights=filters.weights(args.regime, chosen, cams=cams, seed=args.seed),
            preprocess=partial(classifiers.preprocess, args.network),
        )

    make_repeatable(settings.seed, settings.threads)
    model = classifiers.build(
        args.network, size=rois.image.shape[1], batchnorm_momentum=settings.batchnorm_momentum
    )
    training_side, validation_side = examples("train"), examples("validation")
    training = train(model, training_side, validation_side, settings)
    probability = np.full(len(rois), np.nan)
    for side, part in (("train", training_side), ("validation", validation_side)):
        probability[sides == side] = probability_abnormal(training.logits(part))

    best, last = training.history[training.best_epoch - 1], training.history[-1]
    metrics = {
        "model": args.network,
        "regime": args.regime,
        "split": split_name,
        "seed": args.seed,
        "val_acc": best["val_accuracy"],
        "val_acc_last": last["val_accuracy"],
        "val_loss": best["val_loss"],
        "val_loss_last": last["val_loss"],
        "best_epoch": training.best_epoch,
        "epochs": last["epoch"],
        "n_train": len(training_side),
        "n_validation": len(validation_side),
        **discrimination(probability[sides == "validation"], validation_side.labels),
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
            "side": sides,
            "probability": probability,
        }
        pd.DataFrame(table).to_csv(temporary, sep="\t", index=False)


if __name__ == "__main__":
    run(main)
