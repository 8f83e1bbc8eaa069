"""What is told of the machine. Its computation runs in processes of their own: one thread each."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from camseg.networks.machine import INSTRUCTION_SETS, _exactly, _numbers, processor
from project import ROOT

CPUINFO = """processor\t: 0
cpu family\t: 26
model\t\t: 2
model name\t: Some Processor 3 GHz
flags\t\t: fpu sse4_2 avx avx2 fma

processor\t: 1
model name\t: Another
flags\t\t: fpu avx512f
"""


def test_the_processor_is_told_by_its_first_core(tmp_path):
    (tmp_path / "cpuinfo").write_text(CPUINFO)
    found = processor(tmp_path / "cpuinfo")
    assert found["model"] == "Some Processor 3 GHz"
    assert found["family"] == "family 26, model 2"
    assert found["instruction_sets"] == ["sse4_2", "avx", "avx2", "fma"]
    assert found["cores"] == os.cpu_count()


def test_of_arm_the_features_are_told_and_of_other_systems_none(tmp_path):
    (tmp_path / "cpuinfo").write_text("processor\t: 0\nFeatures\t: fp asimd sve\n")
    assert processor(tmp_path / "cpuinfo")["instruction_sets"] == ["asimd", "sve"]
    assert processor(tmp_path / "cpuinfo")["family"] == ""
    assert processor(tmp_path / "none")["instruction_sets"] == []
    assert len(set(INSTRUCTION_SETS)) == len(INSTRUCTION_SETS)


def test_the_exact_numbers_are_those_of_the_sums_written_out():
    images, weights, slopes = _numbers(1, 4, 4, 2), _numbers(3, 3, 2, 3), _numbers(1, 2, 2, 3)

    def computed(kernel):
        layer = np.zeros((1, 2, 2, 3))
        for y, x, f in np.ndindex(2, 2, 3):
            layer[0, y, x, f] = (images[0, y : y + 3, x : x + 3] * kernel[..., f]).sum()
        powers = np.exp(layer)
        return layer, powers / powers.sum(-1, keepdims=True)

    layer, shares, gradient = _exactly(images, weights, slopes)
    expected = computed(weights.astype(float))
    assert layer == pytest.approx(expected[0], abs=1e-12)
    assert shares == pytest.approx(expected[1], abs=1e-12)
    place, step = (1, 2, 0, 1), 1e-5
    ends = []
    for sign in (1, -1):
        kernel = weights.astype(float)
        kernel[place] += sign * step
        ends.append((computed(kernel)[1] * slopes).sum())
    assert gradient[place] == pytest.approx((ends[0] - ends[1]) / (2 * step), abs=1e-8)


@pytest.mark.slow
def test_the_computation_is_right_and_shows_other_kernels():
    code = "import json; from camseg.networks.machine import machine; print(json.dumps(machine()))"
    found = []
    for switch in ("0", "0", "1"):
        environment = os.environ | {"TF_ENABLE_ONEDNN_OPTS": switch}
        command = [sys.executable, "-c", code]
        told = subprocess.run(
            command, cwd=ROOT / "scripts", env=environment, text=True, capture_output=True
        )
        assert told.returncode == 0, told.stderr
        found.append(json.loads(told.stdout))
    digests = [each["rounding"]["sha256"] for each in found]
    assert digests[0] == digests[1]
    assert all(each["rounding"]["right"] for each in found)
    assert [each["switches"]["TF_ENABLE_ONEDNN_OPTS"] for each in found] == ["0", "0", "1"]
    assert found[0]["processor"] == found[2]["processor"]
    if "avx512f" in found[0]["processor"]["instruction_sets"]:  # of which oneDNN makes use
        assert digests[0] != digests[2]
