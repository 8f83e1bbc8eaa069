"""Which GPU a job keeps to, on a machine that has no Slurm to tell it."""

import fcntl
import os
import tempfile
from pathlib import Path

import tensorflow as tf

from camseg.errors import CamsegError


def devices() -> list[str]:
    """Return the kinds of the GPUs that TensorFlow sees; none if it computes on the CPU."""
    details = map(tf.config.experimental.get_device_details, tf.config.list_physical_devices("GPU"))
    return sorted({str(each.get("device_name")) for each in details})


def claim_gpu(folder: Path | None = None) -> None:
    """Keep this process to a GPU that no other has claimed; call it before any operation.

    TensorFlow by itself takes the memory of all GPUs and computes on the first. A claim is a lock
    on a file in `folder` (the system's for temporary files), and ends with the process. Without a
    GPU nothing is done, nor where CUDA_VISIBLE_DEVICES has chosen one already, as Slurm sets it.
    Raises CamsegError if every GPU is taken.
    """
    gpus = tf.config.list_physical_devices("GPU")
    if not gpus or "CUDA_VISIBLE_DEVICES" in os.environ:
        return
    for number, gpu in enumerate(gpus):
        path = (folder or Path(tempfile.gettempdir())) / f"camseg-gpu-{os.getuid()}-{number}.lock"
        lock = os.open(path, os.O_RDWR | os.O_CREAT)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            continue
        tf.config.set_visible_devices(gpu, "GPU")
        return
    raise CamsegError(
        f"no free GPU among {len(gpus)}: run fewer jobs on GPUs at a time (--workflow-profile"
        " profiles/gpu), or none (CUDA_VISIBLE_DEVICES=-1)"
    )
