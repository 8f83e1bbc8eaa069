"""What, besides code and data, determines what a network computes, to the bit."""

import os
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path
from platform import python_version

from camseg.io.files import digest
from camseg.networks.backend import tf
from camseg.networks.devices import devices

PACKAGES = ("tensorflow", "keras", "numpy", "opencv-python-headless")  # that do the arithmetic
# environment variables by which TensorFlow computes otherwise
SWITCHES: tuple[str, ...] = (
    "TF_ENABLE_ONEDNN_OPTS",
    "ONEDNN_MAX_CPU_ISA",
    "ONEDNN_DEFAULT_FPMATH_MODE",
)
SWITCHES += ("TF_XLA_FLAGS", "XLA_FLAGS", "NVIDIA_TF32_OVERRIDE")


def repeat(threads: int, instructions: str = "any") -> None:
    """Have TensorFlow repeat its results to the bit; call it before any other operation.

    They depend on `threads`, and with more than one thread between operations also on chance; and
    on the processor's `instructions` that oneDNN uses: "any", or none beyond a set that it knows,
    as "avx2".
    """
    if instructions != "any":
        os.environ["ONEDNN_MAX_CPU_ISA"] = instructions.upper()  # which it reads when first used
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.config.experimental.enable_op_determinism()


def arithmetic() -> dict:
    """Return the kind of device, TensorFlow's switches and the versions, as JSON values."""
    return {
        "devices": devices(),
        "switches": {each: os.environ.get(each) for each in SWITCHES},
        "versions": {"python": python_version()} | {each: version(each) for each in PACKAGES},
    }


def identity(what: dict, files: Iterable[Sequence[str]], code: Iterable[Path]) -> dict:
    """Return all that determines a result, as JSON values: saved states of other work are not used.

    `what` is all that is chosen, `files` what is read, by kind, `code` what is run.
    """
    data = [digest(paths) for paths in files]
    return {**what, "data": data, "code": digest(code), **arithmetic()}
