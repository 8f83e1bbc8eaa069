"""Copies of the project that a test may run Snakemake in, and a study that is over in a minute."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
# one network and few epochs: what is tested is the path, not the numbers
SMALL = {
    "phantom": {"cases": 24},
    "rois": {"size": 64},
    "models": ["MobileNetV2"],
    "regimes": {"inverse": ["MobileNetV2"]},
    "training": {"epochs": 2},
    "cam": {"also": []},
}


def copy_project(folder: Path) -> Path:
    """A fresh copy of the project's files in `folder`, as a clone would have them."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, text=True, capture_output=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    for name in listed:
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


def snakemake(
    folder: Path, *arguments: str, config: dict | None = None
) -> subprocess.CompletedProcess:
    """Run Snakemake in `folder`, with the values of `config` over those of the default study."""
    command = [Path(sys.executable).with_name("snakemake")]
    if config:
        (folder / "test-config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
        command.append("--configfile=test-config.yaml")
    command += arguments
    return subprocess.run(command, cwd=folder, text=True, capture_output=True, check=False)


def jobs(result: subprocess.CompletedProcess) -> dict[str, int]:
    """The jobs of a dry run, by rule."""
    assert result.returncode == 0, result.stderr
    counts = re.findall(r"^(\w+) +(\d+)$", result.stdout + result.stderr, re.M)
    return {rule: int(count) for rule, count in counts if rule != "total"}
