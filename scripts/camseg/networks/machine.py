"""How the machine that this runs on computes: networks differ between kinds of processor.

The same training gives the same network, to the bit, only where sums are added in the same order.
`rounding` computes a layer and its gradient as TensorFlow does here, and checks them: two machines
whose digests differ train other networks; two whose digests agree round alike in it, and mostly in
trainings. Two processors of one name may be of two families.
"""

import hashlib
import os
import platform
from pathlib import Path

import numpy as np

from camseg.networks.backend import tf

CPUINFO = Path("/proc/cpuinfo")  # of Linux
# what decides how numbers are added and multiplied, of x86 and of ARM, as Linux calls it
INSTRUCTION_SETS: tuple[str, ...] = (
    "sse4_2",
    "avx",
    "avx2",
    "fma",
    "avx512f",
    "avx512bw",
    "avx512_vnni",
)
INSTRUCTION_SETS += ("avx512_bf16", "avx512_fp16", "avx_vnni", "amx_tile", "amx_bf16", "amx_int8")
INSTRUCTION_SETS += ("asimd", "asimdhp", "asimddp", "sve", "sve2", "bf16", "i8mm")
# environment variables that change the arithmetic, or may
SWITCHES: tuple[str, ...] = (
    "TF_ENABLE_ONEDNN_OPTS",
    "ONEDNN_MAX_CPU_ISA",
    "ONEDNN_DEFAULT_FPMATH_MODE",
)
SWITCHES += ("TF_XLA_FLAGS", "XLA_FLAGS", "TF_DETERMINISTIC_OPS", "NVIDIA_TF32_OVERRIDE")
SWITCHES += ("OMP_NUM_THREADS", "OPENBLAS_CORETYPE", "CUDA_VISIBLE_DEVICES")
ACCURACY = 1e-5  # of float32 in sums of some hundred terms, relative to the largest result
SIZE, CHANNELS, FILTERS = 16, 16, 32


def machine() -> dict:
    """Return system, processor, GPUs, SWITCHES that are set, and `rounding`; all JSON values.

    Where TF_ENABLE_ONEDNN_OPTS is not set, TensorFlow decides by the processor. Call it before any
    operation of TensorFlow.
    """
    gpus = tf.config.list_physical_devices("GPU")
    details = map(tf.config.experimental.get_device_details, gpus)
    return {
        "system": platform.platform(),
        "python": platform.python_version(),
        "processor": processor(),
        "gpus": sorted({str(each.get("device_name")) for each in details}),
        "switches": {each: os.environ[each] for each in SWITCHES if each in os.environ},
        "rounding": rounding(),
    }


def processor(cpuinfo: Path = CPUINFO) -> dict:
    """Return the processor's `model`, `family`, `instruction_sets` of INSTRUCTION_SETS, `cores`.

    The family, of x86, is as "family 26, model 2". It and the sets are empty where the system has
    no file like `cpuinfo`.
    """
    told: dict[str, str] = {}
    if cpuinfo.is_file():
        for line in cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines():
            name, _, value = line.partition(":")
            told.setdefault(name.strip(), value.strip())
    numbers = {"family": told.get("cpu family"), "model": told.get("model")}
    flags = (told.get("flags") or told.get("Features") or "").split()
    return {
        "model": told.get("model name") or platform.processor() or platform.machine(),
        "family": ", ".join(f"{name} {number}" for name, number in numbers.items() if number),
        "architecture": platform.machine(),
        "instruction_sets": [each for each in INSTRUCTION_SETS if each in flags],
        "cores": os.cpu_count(),
    }


def rounding() -> dict:
    """Return the `sha256` of a small computation on the processor, its `error`, if it is `right`.

    It is a 3 x 3 convolution in float32, a softmax over its channels and the gradient by its
    weights, of fixed numbers; `error` is the largest deviation from the same in float64, relative
    to the largest result, and `right` whether it is within ACCURACY. One thread computes it: more
    would add in another order.
    """
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    if tf.config.list_physical_devices("GPU"):
        tf.config.set_visible_devices([], "GPU")  # which would be claimed whole
    images = _numbers(2, SIZE, SIZE, CHANNELS)
    weights = _numbers(3, 3, CHANNELS, FILTERS)
    slopes = _numbers(2, SIZE - 2, SIZE - 2, FILTERS)
    kernel = tf.Variable(weights)
    with tf.GradientTape() as tape:
        layer = tf.nn.conv2d(images, kernel, 1, "VALID")
        shares = tf.nn.softmax(layer)
        total = tf.reduce_sum(shares * slopes)
    gradient = tape.gradient(total, kernel)
    found = [each.numpy() for each in (layer, shares, gradient)]
    errors = [
        float(np.abs(each - exact).max() / np.abs(exact).max())
        for each, exact in zip(found, _exactly(images, weights, slopes), strict=True)
    ]
    digest = hashlib.sha256(b"".join(each.tobytes() for each in found))
    error = float(f"{max(errors):.1e}")
    return {"sha256": digest.hexdigest(), "error": error, "right": error <= ACCURACY}


def _numbers(*shape: int) -> np.ndarray:
    """Return numbers from -0.5 to 0.5, float32, the same anywhere."""
    count = np.arange(np.prod(shape), dtype=np.int64)
    return ((count * 7919 % 1009) / 1009 - 0.5).astype(np.float32).reshape(shape)


def _exactly(images: np.ndarray, weights: np.ndarray, slopes: np.ndarray) -> list[np.ndarray]:
    """Return the layer, its softmax and the gradient by the weights, computed in float64."""
    windows = np.lib.stride_tricks.sliding_window_view(images.astype(np.float64), (3, 3), (1, 2))
    layer = np.einsum("nyxcij,ijcf->nyxf", windows, weights.astype(np.float64))
    powers = np.exp(layer - layer.max(-1, keepdims=True))
    shares = powers / powers.sum(-1, keepdims=True)
    of_layer = shares * (slopes - (shares * slopes).sum(-1, keepdims=True))
    return [layer, shares, np.einsum("nyxcij,nyxf->ijcf", windows, of_layer)]
