"""The workflow from anywhere: another folder, another workflow, a git repository."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from project import SMALL, copy_project, jobs, snakemake

RESULTS = "results/phantom"
TABLE = f"{RESULTS}/tables/candidates.csv"
MODULE = """
configfile: "study.yaml"

module camseg:
    snakefile: {snakefile}
    config: config

use rule * from camseg{names}
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    """A copy of the project in a folder with a blank in its name."""
    return copy_project(tmp_path_factory.mktemp("a project") / "cam seg")


@pytest.fixture
def elsewhere(tmp_path) -> Path:
    """An empty folder with a blank in its name."""
    folder = tmp_path / "my study"
    folder.mkdir()
    return folder


def write_module(folder: Path, snakefile: str, names: str = "", further: str = "") -> None:
    """Write a workflow that uses this one as a module."""
    (folder / "study.yaml").write_text(yaml.safe_dump(SMALL))
    (folder / "Snakefile").write_text(MODULE.format(snakefile=snakefile, names=names) + further)


def check_ran(result: subprocess.CompletedProcess, folder: Path, project: Path) -> None:
    """The table of candidates is there, and nothing was written beside the workflow."""
    assert result.returncode == 0, result.stdout + result.stderr
    assert (folder / TABLE).read_text().startswith("what,status,count,reason,example")
    assert not (project / "results").exists()


@pytest.mark.slow
@pytest.mark.parametrize("snakefile", ["Snakefile", "workflow/Snakefile"])
def test_by_the_path_of_its_snakefile(project, elsewhere, snakefile):
    path = str(project / snakefile)
    assert jobs(snakemake(elsewhere, "-s", path, "-n"))["train_classifier"] == 19  # no target
    result = snakemake(elsewhere, "-s", path, "--cores", "2", TABLE, config=SMALL)
    check_ran(result, elsewhere, project)
    again = snakemake(elsewhere, "-s", path, "--cores", "2", TABLE, config=SMALL)
    assert "Nothing to be done" in again.stdout + again.stderr


@pytest.mark.slow
def test_with_another_working_directory(project, elsewhere):
    there = ["--directory", str(elsewhere)]
    assert jobs(snakemake(project, *there, "-n"))["train_classifier"] == 19
    result = snakemake(project, *there, "--cores", "2", TABLE, config=SMALL)
    check_ran(result, elsewhere, project)


@pytest.mark.slow
def test_as_a_module_of_another_workflow(project, elsewhere):
    write_module(elsewhere, repr(str(project / "workflow/Snakefile")))
    counts = jobs(snakemake(elsewhere, "-n"))
    assert counts["train_classifier"] == 4  # of SMALL, by the default target
    check_ran(snakemake(elsewhere, "--cores", "2", TABLE), elsewhere, project)


def test_as_a_module_beside_rules_of_ones_own(project, elsewhere):
    own = 'rule mine:\n    default_target: True\n    input: "results/phantom/tables/table1.csv"\n'
    path = repr(str(project / "workflow/Snakefile"))
    write_module(elsewhere, path, " as camseg_*", f"\n{own}")
    counts = jobs(snakemake(elsewhere, "-n"))
    assert counts["mine"] == counts["camseg_render_tables"] == 1
    assert counts["camseg_train_classifier"] == 4


def test_a_module_without_a_configuration_is_the_default_study(project, elsewhere):
    write_module(elsewhere, repr(str(project / "workflow/Snakefile")))
    (elsewhere / "study.yaml").write_text("seed: 2\n")
    counts = jobs(snakemake(elsewhere, "-n", f"{RESULTS}/tables/table2.csv"))
    assert counts["train_classifier"] == 19  # as many as the default study has


@pytest.fixture
def repository(project, tmp_path, monkeypatch) -> Path:
    """The project as a git repository that stands for one on GitHub; nothing leaves the machine."""
    folder = tmp_path / "hosted/owner/camseg"
    shutil.copytree(project, folder, ignore=shutil.ignore_patterns(".snakemake", "results"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))  # of Snakemake's clone
    settings = {
        f"url.file://{tmp_path}/hosted/.insteadOf": "https://github.com/",
        "user.name": "nobody",
        "user.email": "nobody@localhost",
    }
    monkeypatch.setenv("GIT_CONFIG_COUNT", str(len(settings)))
    for number, (key, value) in enumerate(settings.items()):
        monkeypatch.setenv(f"GIT_CONFIG_KEY_{number}", key)
        monkeypatch.setenv(f"GIT_CONFIG_VALUE_{number}", value)
    git(folder, "init", "--quiet", "--initial-branch", "main")
    commit(folder)
    return folder


def git(folder: Path, *words: str) -> str:
    command = ["git", "-C", str(folder), *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def commit(folder: Path) -> str:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "a state")
    return git(folder, "rev-parse", "HEAD")


@pytest.mark.slow
def test_from_a_repository_and_its_next_commit(repository, elsewhere):
    source = 'github("owner/camseg", path="workflow/Snakefile", branch="main")'
    write_module(elsewhere, source)
    check_ran(snakemake(elsewhere, "--cores", "2", TABLE), elsewhere, repository)
    scripts = elsewhere / ".snakemake/camseg/scripts"
    assert (scripts / "extract_rois.py").is_file()
    assert (scripts.parent / ".commit").read_text() == git(repository, "rev-parse", "HEAD")
    module = repository / "scripts/camseg/report/rejections.py"
    module.write_text(module.read_text() + "\n# edited\n")
    commit(repository)
    assert set(jobs(snakemake(elsewhere, "-n", TABLE))) == {"render_candidates"}


@pytest.mark.slow
def test_deployed_by_snakedeploy(repository, elsewhere):
    tool = Path(sys.executable).with_name("snakedeploy")
    command = [tool, "deploy-workflow", "https://github.com/owner/camseg", elsewhere / "deployed"]
    subprocess.run([*command, "--branch", "main"], check=True, capture_output=True, env=os.environ)
    deployed = elsewhere / "deployed"
    assert jobs(snakemake(deployed, "-n"))["train_classifier"] == 19
    config = yaml.safe_load((deployed / "config/config.yaml").read_text())
    for section, values in SMALL.items():
        config[section] = {**config[section], **values} if isinstance(values, dict) else values
    (deployed / "config/config.yaml").write_text(yaml.safe_dump(config))
    check_ran(snakemake(deployed, "--cores", "2", TABLE), deployed, repository)


def test_the_list_of_rules_says_what_each_makes(project):
    listed = snakemake(project, "--list-rules").stdout.splitlines()
    rules = [line for line in listed if line and not line.startswith("Using")]
    assert len(rules) > 25
    for line in rules:
        name, _, text = line.partition(" (")
        assert name.isidentifier()
        assert text.endswith(".)"), line
