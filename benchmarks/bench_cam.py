"""What Grad-CAM costs beside the bare forward pass of the same model on the same batches.

    python benchmarks/bench_cam.py [--network MobileNetV2] [--size 128] [--rois 64]

Both run in one process on one thread, traced before the clock starts; rounds alternate and the
median of their ratios counts.
"""

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

import numpy as np
import tensorflow as tf

from camseg import cam, classifiers
from camseg.networks import NETWORKS
from camseg.seeds import generator


def seconds(function: Callable[[], object]) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--network", default="MobileNetV2", choices=NETWORKS)
    parser.add_argument("--size", type=int, default=128, help="pixels per side")
    parser.add_argument("--rois", type=int, default=64)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=7)
    args = parser.parse_args()
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)

    model = classifiers.build(args.network, size=args.size, batchnorm_momentum=None)
    shape = (args.rois, args.size, args.size)
    pictures = generator(0, "bench_cam").integers(0, 256, shape).astype(np.float32)
    images = classifiers.preprocess(args.network, pictures)
    signature = [tf.TensorSpec(model.input_shape, tf.float32)]
    predict = tf.function(lambda batch: model(batch, training=False), signature)

    def forward() -> None:
        for start in range(0, len(images), args.batch_size):
            predict(images[start : start + args.batch_size]).numpy()

    def explain() -> None:
        cam.grad_cam(model, images, batch_size=args.batch_size)

    print(f"first call: forward {seconds(forward):.2f} s, Grad-CAM {seconds(explain):.2f} s")
    pairs = [(seconds(forward), seconds(explain)) for _ in range(args.rounds)]
    ratios = [explained / bare for bare, explained in pairs]
    print(
        f"{args.network} at {args.size} px, {args.rois} ROIs in batches of {args.batch_size}: "
        f"forward {min(bare for bare, _ in pairs):.3f} s, "
        f"Grad-CAM {min(explained for _, explained in pairs):.3f} s, "
        f"ratio {statistics.median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f})"
    )


if __name__ == "__main__":
    main()
