"""Explain a trained model on every ROI by heat maps: normal and abnormal, of all sides alike."""

import argparse
from dataclasses import asdict
from pathlib import Path

import numpy as np
from tqdm import tqdm

from camseg.cli import run
from camseg.explanations.options import CamOptions
from camseg.explanations.scaling import to_grey
from camseg.io import store
from camseg.networks import classifiers
from camseg.networks.options import BatchOptions
from camseg.options import add_options, from_arguments
from camseg.seeds import derive_seed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help=".keras file of train_classifier.py")
    parser.add_argument("--network", required=True, help="as in train_classifier.py")
    parser.add_argument("--shards", nargs="+", required=True, help="HDF5 shards of extract_rois.py")
    parser.add_argument("--explanation", required=True, help="the method, as grad_cam")
    add_options(parser, CamOptions)
    add_options(parser, BatchOptions)
    parser.add_argument(
        "--untrained",
        type=int,
        metavar="SEED",
        help="explain the network with random weights of this seed, instead of the model's own",
    )
    parser.add_argument("--output", required=True, help="HDF5 file of CAMs to write")
    args = parser.parse_args()

    from camseg.explanations import explain  # TensorFlow takes seconds

    maps, batches = from_arguments(CamOptions, args), from_arguments(BatchOptions, args)
    options = asdict(maps) | asdict(batches)
    options |= {"explanation": args.explanation, "network": args.network}
    options["additive"] = explain.is_additive(args.explanation)
    rois = store.read_rois(args.shards, load=False)
    model = explain.load(args.model, network=args.network, threads=batches.threads)
    if args.untrained is not None:
        purpose = "untrained", model.name, Path(args.output).stem
        model = classifiers.untrained(model, derive_seed(args.untrained, *purpose))
        options["untrained"] = args.untrained
    degenerate = np.zeros(len(rois), bool)
    choice: dict = {"explanation": args.explanation, "score": maps.score, "target": maps.target}
    missed: list[float] = []  # shares of what maps should add up to
    with store.cam_writer(args.output, roi_id=rois.roi_id, options=options) as write:
        for start in tqdm(range(0, len(rois), batches.batch_size), unit="batch", mininterval=5):
            batch = slice(start, start + batches.batch_size)
            images = classifiers.preprocess(args.network, rois.image[batch])
            derivatives = explain.derive(model, images, args.explanation)
            explained = choice | {"labels": rois.label[batch]}
            raw = explain.raw_maps(derivatives, **explained)
            shares = explain.completeness(derivatives, raw, **explained)
            if shares is not None:
                missed.extend(shares)
            grey = to_grey(raw, images.shape[1:3], maps)
            normal, abnormal = derivatives.logits.T
            write(grey, raw, abnormal - normal)
            degenerate[batch] = ~grey.any(axis=(1, 2))
    print(
        f"{len(rois)} maps from a grid of {raw.shape[1]} x {raw.shape[2]}; "
        f"{degenerate.sum()} of them degenerate, constant or not finite, and therefore all 0 "
        f"({degenerate[rois.label == 1].sum()} of abnormal ROIs)"
    )
    if missed:
        print(
            "completeness: a map's sum differs from the score less the baseline's by "
            f"{np.median(missed):.0%} (median), in a tenth of the ROIs by more than "
            f"{np.quantile(missed, 0.9):.0%}"
        )


if __name__ == "__main__":
    run(main)
