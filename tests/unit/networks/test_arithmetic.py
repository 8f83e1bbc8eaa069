import os
import subprocess
import sys

import pytest

from camseg.networks.machine import processor
from project import ROOT

GRADIENT = """
import hashlib, sys
import numpy as np
from camseg.networks import arithmetic
from camseg.networks.backend import tf
arithmetic.repeat(1, *sys.argv[1:])
values = np.random.default_rng(0).normal(size=(2, 4, 16, 16, 32)).astype(np.float32)
gradient = tf.raw_ops.Conv2DBackpropFilter(
    input=values[0], filter_sizes=(3, 3, 32, 32), out_backprop=values[1],
    strides=[1, 1, 1, 1], padding="SAME",
)
print(hashlib.sha256(gradient.numpy().tobytes()).hexdigest())
"""


@pytest.mark.slow
@pytest.mark.skipif(
    "avx512f" not in processor()["instruction_sets"], reason="the processor has no AVX-512"
)
def test_instructions_beyond_those_named_are_not_used(monkeypatch):
    """Oracle: oneDNN's own variable, by which it refrains from them, set before it is loaded."""

    def digest(*words, **environment):
        command = [sys.executable, "-c", GRADIENT, *words]
        known = os.environ | {"PYTHONPATH": str(ROOT / "scripts")} | environment
        return subprocess.run(command, env=known, text=True, capture_output=True).stdout

    monkeypatch.delenv("ONEDNN_MAX_CPU_ISA", raising=False)
    narrow = digest("avx2")
    assert len(narrow) == 65
    assert narrow == digest("any", ONEDNN_MAX_CPU_ISA="AVX2") == digest("avx2")
    assert digest() == digest("any") != narrow
