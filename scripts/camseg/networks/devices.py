"""Which GPU a job keeps to, on a machine that has no Slurm to tell it."""

import os
import sys
import tempfile
from pathlib import Path

from camseg.errors import CamsegError
from camseg.io.locks import NoLockError, lock
from camseg.networks.backend import tf


def devices() -> list[str]:
    """Return the kinds of the GPUs that TensorFlow sees; none if it computes on the CPU."""
    details = map(tf.config.experimental.get_device_details, tf.config.list_physical_devices("GPU"))
    return sorted({str(each.get("device_name")) for each in details})


def claim_gpu(folder: Path | None = None) -> None:
    """Keep this process to a GPU that no other has claimed; call it before any operation.

    TensorFlow by itself takes the memory of all GPUs and computes on the first. A claim is a lock
    on a file in `folder` (the system's for temporary files), and ends with the process. Without a
    GPU nothing is done, nor where CUDA_VISIBLE_DEVICES has chosen one already, as Slurm sets it.
    Where the folder's file system has no locks, it is the first GPU, and a warning.
    Raises CamsegError if every GPU is taken.
    """
    gpus = tf.config.list_physical_devices("GPU")
    if not gpus or "CUDA_VISIBLE_DEVICES" in os.environ:
        return
    for number, gpu in enumerate(gpus):
        path = (folder or Path(tempfile.gettempdir())) / f"camseg-gpu-{os.getuid()}-{number}.lock"
        claim = os.open(path, os.O_RDWR | os.O_CREAT)
        try:
            if not lock(claim, wait=False):
                os.close(claim)
                continue
        except NoLockError as error:
            print(
                f"warning: {path}: cannot be locked ({error.strerror}), so this GPU may be "
                "another job's, too: run one at a time, or choose by CUDA_VISIBLE_DEVICES",
                file=sys.stderr,
            )
        tf.config.set_visible_devices(gpu, "GPU")
        return
    raise CamsegError(
        f"no free GPU among {len(gpus)}: run fewer jobs on GPUs at a time (--workflow-profile"
        " profiles/gpu), or none (CUDA_VISIBLE_DEVICES=-1)"
    )
