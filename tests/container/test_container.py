"""The image of container/Dockerfile, built by Podman, and a small study in it.

Where no registry can be reached, a bare Debian made by mmdebstrap takes the place of the base
image that the Dockerfile names. `make test-container` installs what is needed, and runs this.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from project import SMALL, copy_project, snakemake

CONFIG = {**SMALL, "training": {"epochs": 1}}
RESULTS = "results/phantom"
DICE = f"{RESULTS}/dice/grad_cam/MobileNetV2/split-0.tsv"
CANDIDATES = f"{RESULTS}/tables/candidates.csv"
USER = 4321  # who has no account, neither here nor in the image
LIMITS = ["--ulimit", "nofile=1024:1024", "--ulimit", "nproc=4096:4096"]


def done(*words: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess:
    """A command that has succeeded."""
    result = subprocess.run(words, cwd=cwd, text=True, capture_output=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return result


def podman(*words: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess:
    runtime = ["--runtime=runc"] if shutil.which("runc") else []  # crun knows one kind of cgroups
    return done("podman", *runtime, *words, cwd=cwd)


@pytest.fixture(scope="module")
def clone(tmp_path_factory) -> Path:
    """A clone of the project, with a file that no commit has."""
    folder = copy_project(tmp_path_factory.mktemp("clone"))
    identity = ["-c", "user.name=test", "-c", "user.email=test@localhost"]
    done("git", "init", "--quiet", cwd=folder)
    done("git", "add", "--all", cwd=folder)
    done("git", *identity, "commit", "--quiet", "--message=all", cwd=folder)
    (folder / "resources/ddsm/secret.ics").write_text("not to be published")
    return folder


@pytest.fixture(scope="module")
def base(clone, tmp_path_factory) -> Iterator[str]:
    """The base image that the Dockerfile names, or a bare Debian in its place."""
    if os.geteuid() != 0 or not shutil.which("podman"):
        pytest.skip("Podman is not installed, or this is not root: no image is built")
    name = re.search(r"^FROM (\S+)$", (clone / "container/Dockerfile").read_text(), re.M)[1]
    pull = ["podman", "pull", f"docker.io/library/{name}"]
    if subprocess.run(pull, capture_output=True, check=False).returncode == 0:
        yield pull[-1]
        return
    if not shutil.which("mmdebstrap"):
        pytest.skip("no registry of images can be reached, and mmdebstrap is not installed")
    bare = tmp_path_factory.mktemp("base") / "bare.tar"
    done("mmdebstrap", "--variant=minbase", "bookworm", bare)
    podman("import", bare, "localhost/camseg-test-base")
    yield "localhost/camseg-test-base"
    podman("rmi", "--force", "localhost/camseg-test-base")


def pip_configuration(folder: Path) -> list[str]:
    """Options of a build that give its pip the configuration that pip has here."""
    listed = done(sys.executable, "-m", "pip", "config", "list").stdout
    given = dict(re.findall(r"^(?:global|:env:)\.([\w-]+)='(.*)'$", listed, re.M))
    # but what lies in files, which the build does not see
    kept = {name: value for name, value in given.items() if not re.match(r"(/|file:)", value)}
    if "cert" in given:
        shutil.copy(given["cert"], folder / "ca.crt")
        kept["cert"] = "/host/ca.crt"
    text = "\n".join(["[global]", *(f"{name} = {value}" for name, value in kept.items())])
    (folder / "pip.conf").write_text(text + "\n")
    return [f"--volume={folder}:/host:ro", f"--volume={folder}/pip.conf:/etc/pip.conf:ro"]


@pytest.fixture(scope="module")
def image(clone, base, tmp_path_factory) -> Iterator[str]:
    """The image, built of the clone; removed afterwards."""
    podman(
        "build", "--isolation=chroot", "--network=host", "--from", base,
        *pip_configuration(tmp_path_factory.mktemp("pip")),
        "--file=container/Dockerfile", "--tag=localhost/camseg-test", ".", cwd=clone,
    )  # fmt: skip
    yield "localhost/camseg-test"
    podman("rmi", "--force", "localhost/camseg-test")


def run(image: str, study: Path, *words: str, options: tuple[str, ...] = ()) -> str:
    """What the image prints, run by another user, without a network and with itself read-only."""
    result = podman(
        "run", "--rm", "--network=none", *LIMITS, f"--user={USER}:{USER}", "--read-only",
        f"--volume={study}:/study", *options, image, *words,
    )  # fmt: skip
    return result.stdout + result.stderr


def folder_of_the_user(folder: Path, config: dict) -> Path:
    """Make an empty folder, with a configuration, of the user who runs the image."""
    folder.mkdir()
    (folder / "my.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    os.chown(folder, USER, USER)
    return folder


@pytest.fixture(scope="module")
def study(image, tmp_path_factory) -> Path:
    """A folder in which the image has run a study to its Dice, and its table of candidates."""
    folder = folder_of_the_user(tmp_path_factory.mktemp("studies") / "study", CONFIG)
    run(image, folder, "--cores", "2", "--configfile", "my.yaml", "--", DICE, CANDIDATES)
    return folder


def test_the_image_holds_the_files_of_the_commit_and_knows_it(clone, image):
    shell = ("run", "--rm", *LIMITS, "--workdir=/opt/camseg", "--entrypoint=sh", image, "-c")
    found = podman(*shell, "find . -name .venv -prune -o -type f ! -name '*.pyc' -print").stdout
    listed = done("git", "ls-files", cwd=clone).stdout.splitlines()
    assert sorted(found.splitlines()) == sorted(f"./{name}" for name in [".commit", *listed])
    commit = done("git", "rev-parse", "HEAD", cwd=clone).stdout
    assert podman(*shell, "cat .commit").stdout == commit


def test_the_default_study_is_planned(image, tmp_path):
    planned = run(image, folder_of_the_user(tmp_path / "study", {}), "--dry-run")
    assert re.search(r"^train_classifier +19$", planned, re.M)


def test_nothing_is_written_as_root_if_no_user_is_named(image):
    identity = podman("run", "--rm", *LIMITS, "--entrypoint=id", image, "--user", "--name")
    assert identity.stdout == "nobody\n"


def test_a_study_in_the_image_is_that_of_the_clone_and_its_files_the_users(study, clone):
    made = snakemake(clone, "--cores", "2", "--", CANDIDATES, config=CONFIG)
    assert made.returncode == 0, made.stderr
    assert (study / CANDIDATES).read_bytes() == (clone / CANDIDATES).read_bytes()
    assert "\nabnormal ROI,used," in (study / CANDIDATES).read_text()
    assert len((study / DICE).read_text().splitlines()) > 10
    assert {path.stat().st_uid for path in study.rglob("*") if path.name != "my.yaml"} == {USER}


def test_a_second_container_goes_on_where_the_first_ended(study, image):
    again = ("--cores", "2", "--configfile", "my.yaml", "--", DICE, CANDIDATES)
    assert "Nothing to be done" in run(image, study, *again)


def test_data_from_a_folder_that_is_mounted_read_only(study, image, tmp_path):
    config = {**CONFIG, "dataset": {"source": "ddsm", "path": "/data"}}
    folder = folder_of_the_user(tmp_path / "own", config)
    data = ("--volume", f"{study / RESULTS / 'cases'}:/data:ro")
    run(image, folder, "--configfile", "my.yaml", "--", CANDIDATES, options=data)
    assert (folder / CANDIDATES).read_bytes() == (study / CANDIDATES).read_bytes()


def test_the_program_camseg(study, image):
    arguments = ("score", "--help")
    assert "--maps" in run(image, study, *arguments, options=("--entrypoint=camseg",))
