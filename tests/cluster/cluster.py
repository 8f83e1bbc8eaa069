"""A Slurm cluster on this machine, and a project whose Snakemake submits to it."""

import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import yaml

from project import SMALL

TOOL = Path(__file__).with_name("slurm-cluster")


def configured(name: str) -> dict:
    """The small study without the regimes of masks, with its results in a folder of its own."""
    return {
        **SMALL,
        "pathvars": {"results": f"results/{name}"},
        "regimes": {"cam": "all", "mask": [], "inverse": []},
        "training": {"epochs": 4},
        "execution": {"save_every_minutes": 0},
    }


@dataclass(frozen=True)
class Cluster:
    """The cluster in `folder`; `project` has run the small study without it, in results/local."""

    folder: Path
    environment: dict[str, str]
    project: Path

    def start(self) -> None:
        subprocess.run([TOOL, "start", self.folder], env=self.environment, check=True)

    def stop(self) -> None:
        subprocess.run([TOOL, "stop", self.folder], env=self.environment, check=True)

    def crash(self, node: str) -> None:
        """End all processes of a node, as if its power had failed: none hears of another's end."""
        lost = {psutil.Process(int((self.folder / f"run/slurmd-{node}.pid").read_text()))}
        for process in psutil.process_iter(["environ"]):
            environment = process.info["environ"] or {}
            ours = environment.get("SLURM_CONF") == self.environment["SLURM_CONF"]
            if ours and environment.get("SLURMD_NODENAME") == node:
                lost |= {process, *process.parents()}  # the parents: Slurm's own, and process 1
        lost -= {psutil.Process(1)}
        for process in lost:
            process.suspend()
        for process in lost:
            process.kill()

    def revive(self, node: str) -> None:
        """Start a node again."""
        subprocess.run(["slurmd", "-N", node], env=self.environment, check=True)

    def slurm(self, *command: str) -> str:
        """The output of one of Slurm's commands."""
        return subprocess.run(
            command, env=self.environment, text=True, stdout=subprocess.PIPE, check=True
        ).stdout

    @contextmanager
    def run(
        self, name: str, *arguments: str, profile: str = "profiles/slurm"
    ) -> Iterator[subprocess.Popen]:
        """Snakemake at work with the profile for Slurm; its messages go to the file NAME.txt."""
        config = self.project / f"{name}.yaml"
        config.write_text(yaml.safe_dump(configured(name), sort_keys=False))
        command = [Path(sys.executable).with_name("snakemake"), "--configfile", config]
        command += ["--workflow-profile", profile, "--cores", "2", *arguments]
        with self._file(name).open("w") as messages:
            running = subprocess.Popen(
                command, cwd=self.project, env=self.environment, stdout=messages, stderr=messages
            )
        try:
            yield running
        finally:
            running.send_signal(signal.SIGINT)
            running.wait(timeout=60)

    def messages(self, name: str) -> str:
        """What the run of this name has said so far."""
        return self._file(name).read_text()

    def _file(self, name: str) -> Path:
        return self.project / f"{name}.txt"

    def prepared(self, name: str) -> Path:
        """A folder of results that has come as far as the split of the ROIs."""
        local, results = (self.project / f"results/{which}" for which in ("local", name))
        results.mkdir()
        shutil.copy2(local / "index.tsv", results)
        for part in ("cases", "rois", "splits"):
            shutil.copytree(local / part, results / part)
        return results


def free_port() -> int:
    """A port to which, as to those that Slurm takes after it, nothing listens."""
    for port in range(16817, 30000, 200):
        try:
            for offset in (0, 4, 5):
                with socket.socket() as one:
                    one.bind(("127.0.0.1", port + offset))
        except OSError:
            continue
        return port
    raise RuntimeError("no free ports")
