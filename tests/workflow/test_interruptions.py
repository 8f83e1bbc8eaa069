"""Trainings killed under Snakemake, and Snakemake killed over its trainings."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import keras
import numpy as np
import psutil
import pytest

from project import SMALL, copy_project, snakemake

RUN = "training/original/MobileNetV2/split-0"


def configured(name: str) -> dict:
    return {
        **SMALL,
        "pathvars": {"results": f"results/{name}"},
        "training": {"epochs": 4},
        "execution": {"save_every_minutes": 0},
    }


def weights(path: Path) -> list[np.ndarray]:
    return keras.models.load_model(path, compile=False).get_weights()


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    """A copy of the project with an undisturbed training in results/undisturbed."""
    folder = copy_project(tmp_path_factory.mktemp("project"))
    target = f"results/undisturbed/{RUN}/model.keras"
    result = snakemake(folder, "--cores", "2", target, config=configured("undisturbed"))
    assert result.returncode == 0, result.stdout + result.stderr
    return folder


def begin(folder: Path, name: str) -> subprocess.Popen:
    """Start Snakemake on a training and return when that has saved its first state."""
    planned = snakemake(folder, "-n", f"results/{name}/{RUN}/model.keras", config=configured(name))
    assert planned.returncode == 0, planned.stderr
    command = [Path(sys.executable).with_name("snakemake"), "--configfile=test-config.yaml"]
    command += ["--cores", "2", f"results/{name}/{RUN}/model.keras"]
    running = subprocess.Popen(command, cwd=folder, stderr=subprocess.DEVNULL)
    saved = folder / f"results/{name}/{RUN}/resume"
    deadline = time.monotonic() + 300
    while not list(saved.glob("[!.]*.h5")):
        assert running.poll() is None, "the run ended before a state was saved"
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return running


def training_under(running: subprocess.Popen) -> psutil.Process:
    """The training among a run's processes."""
    (found,) = [
        process
        for process in psutil.Process(running.pid).children(recursive=True)
        if any(word.endswith("train_classifier.py") for word in process.cmdline()[1:2])
    ]
    return found


def check(folder: Path, name: str) -> None:
    """Compare what a run has come to with the undisturbed training."""
    assert "resuming after epoch" in log(folder, name)
    one, other = (folder / f"results/{which}/{RUN}" for which in (name, "undisturbed"))
    pairs = zip(weights(one / "model.keras"), weights(other / "model.keras"), strict=True)
    for mine, theirs in pairs:
        np.testing.assert_array_equal(mine, theirs)
    for file in ("history.csv", "metrics.json", "predictions.tsv"):
        assert (one / file).read_bytes() == (other / file).read_bytes(), file
    assert not (one / "resume").exists()


def log(folder: Path, name: str) -> str:
    """Return a training's log; Snakemake takes a former one away before it starts the job."""
    path = folder / f"results/{name}/logs/train_classifier/original/MobileNetV2/split-0.log"
    try:
        return path.read_text(errors="replace")
    except FileNotFoundError:
        return ""


@pytest.mark.slow
def test_a_training_killed_under_snakemake_resumes(project):
    running = begin(project, "killed")
    training_under(running).kill()
    assert running.wait(timeout=120) == 1
    assert not (project / f"results/killed/{RUN}/model.keras").exists()
    running = begin(project, "killed")
    assert running.wait(timeout=300) == 0
    check(project, "killed")


@pytest.mark.slow
def test_after_snakemake_is_killed_the_next_run_takes_over_from_the_orphan(project):
    running = begin(project, "orphaned")
    orphan = training_under(running)
    orphan.suspend()  # so that it is still at work when the next run comes
    running.send_signal(signal.SIGKILL)
    running.wait(timeout=60)
    try:
        locked = snakemake(project, "--cores", "2", "all", config=configured("orphaned"))
        assert "--unlock" in locked.stdout + locked.stderr
        unlocked = snakemake(project, "--unlock", config=configured("orphaned"))
        assert unlocked.returncode == 0, unlocked.stderr
        running = begin(project, "orphaned")
        while "waiting for a training that is at work to give way" not in log(project, "orphaned"):
            assert running.poll() is None
            time.sleep(0.1)
        orphan.resume()
        orphan.wait(timeout=60)
        assert running.wait(timeout=300) == 0
    finally:
        if orphan.is_running():
            orphan.kill()
    check(project, "orphaned")
