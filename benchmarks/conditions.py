"""Under what a benchmark runs: the networks, the processor, whether TensorFlow has oneDNN on.

    python benchmarks/conditions.py

As in the workflow: where TF_ENABLE_ONEDNN_OPTS is not set, camseg.networks.backend has it on.
`peers.py` alone sets it, to measure both.
"""

import subprocess
import sys
from pathlib import Path

# the paper's
NETWORKS = ("NASNetMobile", "MobileNetV2", "DenseNet121", "ResNet50V2", "Xception", "InceptionV3")
SWITCH = "TF_ENABLE_ONEDNN_OPTS"


def line() -> str:
    """Return the processor, and whether TensorFlow uses oneDNN in this process."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))
    from camseg.networks import backend, machine  # the first sets the switch

    backend.check_settings()
    found = machine.processor()
    wide = "with" if "avx512f" in found["instruction_sets"] else "without"
    family = found["family"] or found["architecture"]
    return (
        f"{found['model']} ({family}), {wide} AVX-512, {found['cores']} cores; "
        f"oneDNN {'on' if uses_onednn() else 'off'}"
    )


def uses_onednn() -> bool:
    """Return whether TensorFlow computes by oneDNN in this process."""
    from tensorflow.python.framework import test_util

    return bool(test_util.IsMklEnabled())


def line_of_child(environment: dict[str, str] | None = None) -> str:
    """Return the line of a fresh process, so that TensorFlow is not loaded in this one."""
    ask = [sys.executable, __file__]
    said = subprocess.run(ask, env=environment, check=True, capture_output=True, text=True)
    return said.stdout.strip()


if __name__ == "__main__":
    print(line())
