"""Runs through profiles/slurm on a real Slurm: whole, timed out, without a node, with GPUs."""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import pytest

from cluster import Cluster, configured, free_port
from project import copy_project, snakemake

RUN = Path("training/original/MobileNetV2/split-0")
FILES = ("history.csv", "metrics.json", "predictions.tsv")
# what this cluster needs and the profile cannot know; and no waiting for slow queues and disks
SITE = {
    "# slurm_account: your_account": "slurm_account: trial",
    "# slurm_partition: your_partition": "slurm_partition: short",
    "# slurm-status-command: squeue": "slurm-status-command: squeue",
    "latency-wait: 60": "latency-wait: 10\nslurm-init-seconds-before-status-checks: 1",
}


@pytest.fixture(scope="session")
def cluster(tmp_path_factory) -> Iterator[Cluster]:
    if os.getuid() != 0:
        pytest.skip("only root can start a Slurm cluster")
    path = f"{os.environ['PATH']}:/usr/sbin:/sbin"
    daemons = ("slurmctld", "slurmd", "munged")
    if missing := [name for name in daemons if not shutil.which(name, path=path)]:
        pytest.skip(f"{', '.join(missing)} not installed: apt-get install slurm-wlm munge")
    project = copy_project(tmp_path_factory.mktemp("project"))
    profile = project / "profiles/slurm/config.yaml"
    text = profile.read_text()
    for before, after in SITE.items():
        assert before in text, f"{before} is not in profiles/slurm"
        text = text.replace(before, after)
    profile.write_text(text)
    study = snakemake(project, "--cores", "2", "all", config=configured("local"))
    assert study.returncode == 0, study.stdout + study.stderr

    with TemporaryDirectory(prefix="camseg-slurm-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # munge wants a socket that everybody reaches
        environment = os.environ | {
            "PATH": f"{folder}/bin:{path}",
            "SLURM_CONF": f"{folder}/etc/slurm.conf",
            "SLURM_BASE_PORT": str(free_port()),
        }
        cluster = Cluster(folder, environment, project)
        try:
            cluster.start()
            yield cluster
        finally:
            cluster.stop()


def end(cluster: Cluster, running: subprocess.Popen, name: str) -> str:
    """Wait for the good end of a run and return its messages."""
    code = running.wait(timeout=900)
    assert code == 0, cluster.messages(name)
    return cluster.messages(name)


def model(name: str, regime: str = "original") -> str:
    """The file of a trained network, in the results of a run."""
    return f"results/{name}/training/{regime}/MobileNetV2/split-0/model.keras"


def compare(cluster: Cluster, name: str, paths: list[Path]) -> None:
    """Compare files of a run, given relative to its results, with those of the local one."""
    for path in paths:
        one, other = (cluster.project / f"results/{which}" / path for which in (name, "local"))
        assert one.read_bytes() == other.read_bytes(), path


def suspended_training(running: subprocess.Popen, name: str, results: Path) -> None:
    """Halt the training in `results` in its course, once it has saved a state."""
    saved = results / RUN / "resume"
    deadline = time.monotonic() + 300
    while not list(saved.glob("[!.]*.h5")):
        assert running.poll() is None, "the run ended before a state was saved"
        assert time.monotonic() < deadline
        time.sleep(0.05)
    (training,) = [
        process
        for process in psutil.process_iter(["cmdline"])
        if (words := process.info["cmdline"] or [])
        and any(word.endswith("train_classifier.py") for word in words[1:2])
        and any(f"results/{name}/" in word for word in words)
    ]
    training.suspend()


def check_resumed(cluster: Cluster, name: str) -> None:
    log = cluster.project / f"results/{name}/logs/train_classifier/original/MobileNetV2/split-0.log"
    assert "resuming after epoch" in log.read_text(errors="replace")
    compare(cluster, name, [RUN / file for file in FILES])
    assert not (cluster.project / f"results/{name}" / RUN / "resume").exists()


def submissions(messages: str) -> list[str]:
    """The Slurm job ids in the messages of a run, in the order of submission."""
    return re.findall(r"submitted with SLURM jobid (\d+)", messages)


def about(cluster: Cluster, job: str) -> dict[str, str]:
    """What Slurm knows of a job."""
    return dict(re.findall(r"(\S+?)=(\S*)", cluster.slurm("scontrol", "show", "job", job)))


def test_a_study_through_slurm_gives_the_local_tables(cluster):
    with cluster.run("slurm", "all") as running:
        messages = end(cluster, running, "slurm")
    local = cluster.project / "results/local"
    paths = [
        path.relative_to(local)
        for folder in ("tables", "figures", "dice", "splits", "training")
        for path in sorted((local / folder).rglob("*.*"))
        if path.is_file() and path.suffix != ".keras"  # zip archives, which hold the time
    ]
    assert {path.parts[0] for path in paths} == {"tables", "figures", "dice", "splits", "training"}
    compare(cluster, "slurm", paths)
    groups = re.findall(r"\bGroup job (\w+) \(", messages)
    assert sorted(groups) == ["report", "rois", "split"]


def test_a_training_over_its_time_limit_resumes_when_retried(cluster):
    results = cluster.prepared("timeout")
    limit = "train_classifier:runtime=attempt"  # minutes
    with cluster.run("timeout", model("timeout"), "--set-resources", limit) as running:
        suspended_training(running, "timeout", results)  # it will not end in time
        messages = end(cluster, running, "timeout")
    jobs = [about(cluster, job) for job in submissions(messages)]
    assert [job["JobState"] for job in jobs] == ["TIMEOUT"] * (len(jobs) - 1) + ["COMPLETED"]
    assert len(jobs) > 1
    megabytes = [int(job["MinMemoryNode"].removesuffix("M")) for job in jobs]
    for attempt, (job, amount) in enumerate(zip(jobs, megabytes, strict=True), start=1):
        assert job["TimeLimit"] == f"00:0{attempt}:00"
        assert amount == attempt * megabytes[0]
    check_resumed(cluster, "timeout")


def test_a_training_whose_node_dies_goes_on_at_another(cluster):
    results = cluster.prepared("crash")
    with cluster.run("crash", model("crash")) as running:
        suspended_training(running, "crash", results)
        (job,) = submissions(cluster.messages("crash"))
        node = about(cluster, job)["NodeList"]
        cluster.crash(node)
        try:
            while about(cluster, job)["JobState"] != "PENDING":
                assert running.poll() is None
                time.sleep(0.5)
            # Slurm leaves two minutes between the attempts
            cluster.slurm("scontrol", "update", f"jobid={job}", "starttime=now")
            messages = end(cluster, running, "crash")
        finally:
            cluster.revive(node)
    assert submissions(messages) == [job]
    after = about(cluster, job)
    assert (after["JobState"], after["Restarts"]) == ("COMPLETED", "1")
    assert after["NodeList"] != node
    check_resumed(cluster, "crash")


@pytest.fixture
def gpu_profile(cluster) -> str:
    """The profile for Slurm with its part for GPUs, asked for by --gpus here and --gres there."""
    text = (cluster.project / "profiles/slurm/config.yaml").read_text()
    part = re.search(r"^# set-resources:\n(#  .*\n)+", text, re.M)[0]
    filled = re.sub("^# ", "", part, flags=re.M)
    filled = filled.replace("your_gpu_partition", "gpu").replace("8000", "3000")
    train, cams = filled.split("compute_cams:")
    filled = "compute_cams:".join([train, cams.replace("gpu: 1", 'gres: "gpu:1"')])
    path = cluster.project / "profiles/slurm-gpu/config.yaml"
    path.parent.mkdir()
    path.write_text(text.replace(part, filled))
    return "profiles/slurm-gpu"


def test_two_jobs_on_gpus_never_share_one(cluster, gpu_profile):
    cluster.prepared("gpu")
    targets = [model("gpu", regime) for regime in ("original", "mask", "inverse")]
    targets.append("results/gpu/cams/grad_cam/MobileNetV2/split-0.h5")
    with cluster.run("gpu", *targets, profile=gpu_profile) as running:
        jobs = submissions(end(cluster, running, "gpu"))
    assert len(jobs) == 4
    steps = {job: {} for job in jobs}
    for line in (cluster.folder / "log/tasks.txt").read_text().splitlines():
        moment, job, step, node, gpus, seconds = line.split()
        if job in steps and step == "0":
            steps[job] |= {moment: float(seconds), "gpu": (node, gpus)}
    assert {step["gpu"] for step in steps.values()} == {("n2", "0"), ("n2", "1")}
    together = [
        (one, other)
        for one, other in combinations(steps.values(), 2)
        if one["begin"] < other["end"] and other["begin"] < one["end"]
    ]
    assert together, "no two of the jobs ran at the same time: nothing was tested"
    for one, other in together:
        assert one["gpu"] != other["gpu"]
