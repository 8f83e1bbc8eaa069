"""Explain a trained model on every ROI by Grad-CAM: normal and abnormal, of all sides alike."""

import argparse

import keras
import numpy as np
import tensorflow as tf
from tqdm import tqdm

from camseg import cam, classifiers, store
from camseg.cli import run
from camseg.gpus import claim_gpu
from camseg.networks import NETWORKS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help=".keras file of train_classifier.py")
    parser.add_argument("--network", required=True, choices=NETWORKS)
    parser.add_argument("--shards", nargs="+", required=True, help="HDF5 shards of extract_rois.py")
    parser.add_argument("--score", choices=cam.SCORES, required=True)
    parser.add_argument("--target", choices=cam.TARGETS, required=True)
    parser.add_argument("--relu", action=argparse.BooleanOptionalAction, required=True)
    parser.add_argument("--resize", choices=cam.RESIZES, required=True)
    parser.add_argument("--threads", type=int, required=True, help="of TensorFlow")
    parser.add_argument("--batch-size", type=int, required=True)
    parser.add_argument("--output", required=True, help="HDF5 file of CAMs to write")
    args = parser.parse_args()

    claim_gpu()
    tf.config.threading.set_intra_op_parallelism_threads(args.threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.config.experimental.enable_op_determinism()
    options = {"score": args.score, "target": args.target, "relu": args.relu, "resize": args.resize}
    rois = store.read_rois(args.shards)
    model = keras.models.load_model(args.model, compile=False, safe_mode=True)
    cams, raws = [], []
    for start in tqdm(range(0, len(rois), args.batch_size), unit="batch", mininterval=5):
        batch = slice(start, start + args.batch_size)
        images = classifiers.preprocess(args.network, rois.image[batch])
        labels = rois.label[batch] if args.target == "true" else None
        grey, raw = cam.grad_cam(
            model, images, labels=labels, batch_size=args.batch_size, **options
        )
        cams.append(grey)
        raws.append(raw)
    raw = np.concatenate(raws)
    lost = cam.degenerate(raw, relu=args.relu)
    print(
        f"{len(rois)} maps from a grid of {raw.shape[1]} x {raw.shape[2]}; "
        f"{lost.sum()} of them degenerate, constant or not finite, and therefore all 0 "
        f"({lost[rois.label == 1].sum()} of abnormal ROIs)"
    )
    options |= {"explanation": "grad_cam", "network": args.network}
    options |= {"threads": args.threads, "batch_size": args.batch_size}
    store.write_cams(
        args.output, cam=np.concatenate(cams), raw=raw, roi_id=rois.roi_id, options=options
    )


if __name__ == "__main__":
    run(main)
