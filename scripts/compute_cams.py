"""Explain a trained model on every ROI by heat maps: normal and abnormal, of all sides alike."""

import argparse

import numpy as np
from tqdm import tqdm

from camseg import cam, classifiers, heatmaps, store
from camseg.cli import run
from camseg.networks import NETWORKS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help=".keras file of train_classifier.py")
    parser.add_argument("--network", required=True, choices=NETWORKS)
    parser.add_argument("--shards", nargs="+", required=True, help="HDF5 shards of extract_rois.py")
    parser.add_argument("--explanation", choices=cam.EXPLANATIONS, required=True)
    parser.add_argument("--score", choices=cam.SCORES, required=True)
    parser.add_argument("--target", choices=cam.TARGETS, required=True)
    parser.add_argument("--relu", action=argparse.BooleanOptionalAction, required=True)
    parser.add_argument("--resize", choices=heatmaps.RESIZES, required=True)
    parser.add_argument("--threads", type=int, required=True, help="of TensorFlow")
    parser.add_argument("--batch-size", type=int, required=True)
    parser.add_argument("--output", required=True, help="HDF5 file of CAMs to write")
    args = parser.parse_args()

    names = ("explanation", "score", "target", "relu", "resize")
    choices = {name: getattr(args, name) for name in names}
    options = {"network": args.network, "threads": args.threads, "batch_size": args.batch_size}
    rois = store.read_rois(args.shards, load=False)
    model = cam.load(args.model, threads=args.threads)
    degenerate = np.zeros(len(rois), bool)
    with store.cam_writer(args.output, roi_id=rois.roi_id, options=choices | options) as write:
        for start in tqdm(range(0, len(rois), args.batch_size), unit="batch", mininterval=5):
            batch = slice(start, start + args.batch_size)
            images = classifiers.preprocess(args.network, rois.image[batch])
            grey, raw = cam.explain(
                model, images, labels=rois.label[batch], batch_size=args.batch_size, **choices
            )
            write(grey, raw)
            degenerate[batch] = ~grey.any(axis=(1, 2))
    print(
        f"{len(rois)} maps from a grid of {raw.shape[1]} x {raw.shape[2]}; "
        f"{degenerate.sum()} of them degenerate, constant or not finite, and therefore all 0 "
        f"({degenerate[rois.label == 1].sum()} of abnormal ROIs)"
    )


if __name__ == "__main__":
    run(main)
