"""What an explanation costs beside the bare passes of the same model on the same batches.

    python benchmarks/bench_cam.py [--networks MobileNetV2 ...] [--size 128] [--rois 64]
    python benchmarks/bench_cam.py --explanation integrated_gradients
    python benchmarks/bench_cam.py --memory 500 2000

The first two: both run in one process on one thread, traced before the clock starts; rounds
alternate and the median of the ratios of their CPU times counts. Bare is one pass forward or, for
methods of the input, as many forward, and back, as the method is defined by. The third: the peak
memory of compute_cams.py on as many ROIs, MobileNetV2 with random weights, each run a process of
its own.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

import numpy as np

import conditions
from camseg import named
from camseg.explanations.explain import METHODS, asks, explain
from camseg.io import store
from camseg.networks import classifiers
from camseg.networks.backend import tf
from camseg.networks.registry import NETWORKS
from camseg.seeds import generator
from finding import span, tell

SCRIPT = Path(__file__).resolve().parents[1] / "scripts/compute_cams.py"


def seconds(function: Callable[[], object]) -> float:
    start = time.process_time()
    function()
    return time.process_time() - start


def compare(network: str, args: argparse.Namespace) -> float:
    """Print what a network's explanations took; return the median ratio to the bare passes."""
    model = classifiers.build(network, size=args.size, batchnorm_momentum=None)
    shape = (args.rois, args.size, args.size)
    grey = generator(0, "bench_cam").integers(0, 256, shape).astype(np.float32)
    images = classifiers.preprocess(network, grey)
    signature = [tf.TensorSpec(model.input_shape, tf.float32)]
    method = named.load(METHODS, args.explanation, "explanation")
    back = asks(args.explanation) in ("input", "guided", "background", "shares")
    passes = getattr(method, "DRAWS", getattr(method, "STEPS", 1))
    if asks(args.explanation) == "images":
        passes = len(list(method.inputs(images[:1])))

    def run(batch: tf.Tensor) -> tf.Tensor:
        logits = model(batch, training=False)
        return tf.gradients(logits[:, 1] - logits[:, 0], batch)[0] if back else logits

    traced = tf.function(run, signature)

    def bare() -> None:
        for start in range(0, len(images), args.batch_size):
            for _ in range(passes):
                traced(images[start : start + args.batch_size]).numpy()

    def explained() -> None:
        options = {"explanation": args.explanation, "batch_size": args.batch_size}
        explain(model, images, others=images[:8], **options)

    first = f"first call {seconds(bare):.1f} s and {seconds(explained):.1f} s"
    pairs = [(seconds(bare), seconds(explained)) for _ in range(args.rounds)]
    ratios = [taken / least for least, taken in pairs]
    print(
        f"{network} at {args.size} px, {args.rois} ROIs in batches of {args.batch_size}: "
        f"{passes} passes {'and back' if back else 'forward'} {min(pairs)[0]:.3f} s, "
        f"{args.explanation} {min(taken for _, taken in pairs):.3f} s, "
        f"ratio {statistics.median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f}); {first}",
        flush=True,
    )
    return statistics.median(ratios)


def memory(rois: int, args: argparse.Namespace) -> float:
    """Print the peak memory of the maps of so many ROIs, and return it, MB."""
    random = generator(0, "bench_cam", rois)
    shape = (rois, args.size, args.size)
    text = np.array([f"roi-{number:06}" for number in range(rois)], object)
    shard = store.Rois(
        image=random.integers(0, 256, shape, np.uint8),
        mask=random.integers(0, 2, shape, np.uint8),
        label=random.integers(0, 2, rois, np.uint8),
        **dict.fromkeys(("roi_id", "patient_id", "view", "pathology", "lesion_type"), text),
        box=np.zeros((rois, 4), np.int32),
    )
    with tempfile.TemporaryDirectory() as folder:
        paths = [str(Path(folder, name)) for name in ("model.keras", "shard.h5", "cams.h5")]
        classifiers.build("MobileNetV2", size=args.size, batchnorm_momentum=None).save(paths[0])
        store.write_shard(paths[1], shard, source="benchmark")
        options = ["--explanation", "grad_cam", "--score", "margin", "--target", "abnormal"]
        options += ["--sign", "signed", "--resize", "bilinear", "--smoothing", "0"]
        options += ["--batch-size", str(args.batch_size), "--threads", "1"]
        options += ["--network", "MobileNetV2", "--model", paths[0]]
        options += ["--shards", paths[1], "--output", paths[2]]
        command = [sys.executable, str(SCRIPT), *options]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit("compute_cams.py failed")
    print(f"{rois} ROIs at {args.size} px: peak memory {usage.ru_maxrss / 1024:.0f} MB", flush=True)
    return usage.ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", nargs="+", default=conditions.NETWORKS, choices=NETWORKS)
    parser.add_argument("--explanation", default="grad_cam", choices=named.names(METHODS))
    parser.add_argument("--size", type=int, default=128, help="pixels per side")
    parser.add_argument("--rois", type=int, default=64)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--memory", type=int, nargs="+", default=[], help="numbers of ROIs")
    args = parser.parse_args()
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    print(conditions.line())
    if args.memory:
        held = [memory(rois, args) for rois in args.memory]
        pairs = zip(held, args.memory, strict=True)
        told = ", ".join(f"{most:.0f} MB for {rois} ROIs" for most, rois in pairs)
        tell(f"MobileNetV2, {args.size} px: {told}", memory=held[-1] / held[0])
        return
    ratios = [compare(network, args) for network in args.networks]
    tell(
        f"{args.explanation} {span(ratios)} times the bare passes at {args.size} px "
        f"({len(ratios)} networks)",
        ratio=max(ratios),
    )


if __name__ == "__main__":
    main()
