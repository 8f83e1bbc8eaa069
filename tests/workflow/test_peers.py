"""The benchmark of peers: what it tells follows from what was measured, and from equals alone."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from project import ROOT

sys.path.insert(0, str(ROOT / "benchmarks"))
import peers

BARE = dict.fromkeys(peers.PARTS, 1.0)


def test_parts_of_steps_that_ended_when_they_did():
    """Three epochs of three steps: the first step takes 10 s, others 1 s, what lies between 5."""
    told = {"ends": [10, 11, 12, 30, 31, 32, 38, 39, 40], "first_map": 4.0, "map": 0.5}
    taken = peers.parts(told | {"score": 0.25, "read": 0.125}, epochs=3)
    assert taken["start to the end of the first step"] == 10
    assert taken["training step"] == 1
    assert taken["epoch, validated"] == 8  # 40 - 32: the first validation, 30 - 12, is left out
    assert taken["further map"] == 0.5


def test_table_has_medians_of_times_and_of_ratios_in_each_round():
    """Ratios are of the same round: 2/4, 3/2 and 8/8, not of the medians, 3/4."""
    key, other = ("camseg", "1"), ("Keras", "1")
    rounds = [
        {key: BARE | {"training step": ours}, other: BARE | {"training step": theirs}}
        | {("study", "1"): BARE}
        for ours, theirs in ((2.0, 4.0), (3.0, 2.0), (8.0, 8.0))
    ]
    lines = peers.table(rounds, "1", "no --torch").splitlines()
    (line,) = (line for line in lines if line.startswith("| training step, s"))
    assert line == "| training step, s | 3 | 4 | 1 (0.5 to 1.5) | no --torch |  | no --torch |  |"
    assert len(lines) == 2 + len(peers.PARTS)
    assert len({line.count("|") for line in lines}) == 1


@pytest.mark.parametrize("apart", [0.02, float("nan")])
def test_what_differs_is_not_compared(apart):
    peers.agree("loss", 1.0, 1.0 + 0.005, 0.01)
    with pytest.raises(SystemExit, match="loss: camseg and the peer are"):
        peers.agree("loss", 1.0, 1.0 + apart, 0.01)


@pytest.mark.slow
def test_a_small_run_without_torch(tmp_path):
    command = [sys.executable, ROOT / "benchmarks/peers.py", "--networks", "MobileNet"]
    command += ["--size", "64", "--cases", "12", "--batch-size", "4", "--rounds", "1"]
    done = subprocess.run(
        [*command, "--onednn", "0"],
        cwd=tmp_path, env=os.environ | {"TMPDIR": str(tmp_path)}, text=True, capture_output=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr + done.stdout
    assert "MobileNet, oneDNN off" in done.stdout
    (step,) = re.findall(r"^\| training step, s \| ([\d.]+) \| ([\d.]+) \|", done.stdout, re.M)
    assert all(0 < float(seconds) < 60 for seconds in step)
    assert done.stdout.count("not in torchvision") == 2 * len(peers.PARTS)
    assert not list(Path(tmp_path).iterdir())
