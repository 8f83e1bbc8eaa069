"""What every rule must have, over the workflow as Snakemake has parsed it; and the profiles."""

import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
import yaml
from snakemake.api import SnakemakeApi
from snakemake.rules import Rule
from snakemake.settings.types import OutputSettings, Quietness, ResourceSettings

from camseg.code import code_of
from project import ROOT, snakemake


@pytest.fixture(scope="module")
def rules() -> Iterator[dict[str, Rule]]:
    """Every rule of the default study by its name, but for the target `all`."""
    with SnakemakeApi(OutputSettings(quiet={Quietness.ALL})) as api:
        workflow = api.workflow(
            resource_settings=ResourceSettings(cores=1), snakefile=ROOT / "Snakefile", workdir=ROOT
        )._workflow
        yield {rule.name: rule for rule in workflow.rules if rule.name != "all"}


READER = ["camseg.datasets.sources.ddsm"]
METHOD = ["camseg.explanations.methods.hires_cam"]
QUICK = [f"camseg.explanations.methods.{each}" for each in ("grad_cam", "layer_cam", "saliency")]
# what rules find by name: the study's reader, and what their wildcards name
CHOSEN = {
    **dict.fromkeys(("index_cases", "extract_rois", "render_figures4_5", "shrink_views"), READER),
    **dict.fromkeys(("compute_cams", "check_costly_cams", "measure_sensitivity"), METHOD),
    "check_cams": QUICK,
    "transplant_regions": METHOD,
    "score_untrained": METHOD,
    "render_figure1": ["camseg.explanations.methods.grad_cam"],
    "train_classifier": ["camseg.training.filters.blob"],
}
# whose name is not their rule's
SCRIPTS = {"check_costly_cams": "check_cams"}


def code_of_rule(rule: Rule) -> list[str]:
    code = rule.input.code
    return code(SimpleNamespace(regime="blob", explanation="hires_cam")) if callable(code) else code


def test_every_rule_has_its_code_log_environment_message_and_docstring(rules):
    assert len(rules) >= 17
    for name, rule in rules.items():
        script = SCRIPTS.get(name, name)
        files = code_of(ROOT / f"scripts/{script}.py", CHOSEN.get(name, ()))
        assert list(code_of_rule(rule)) == [str(path.relative_to(ROOT)) for path in files], name
        assert rule.docstring, name
        assert [Path(log).suffix for log in rule.log] == [".log"], name
        assert (ROOT / "workflow/rules" / rule.conda_env).resolve().parent == ROOT / "envs", name
        assert rule.message, name


def test_trainings_go_first_then_what_they_wait_for(rules):
    first = {"train_classifier": 2, "train_segmenter": 2, "compute_cams": 1}
    assert {name: rule.priority for name, rule in rules.items()} == dict.fromkeys(rules, 0) | first


@pytest.mark.parametrize("resource", ["mem_mb", "runtime"])
def test_every_rule_says_what_it_needs_and_gets_more_when_retried(rules, resource):
    for name, rule in rules.items():
        amounts = [
            rule.resources[resource].evaluate(None, attempt=attempt).value for attempt in (1, 2, 3)
        ]
        trains = name in ("train_classifier", "train_segmenter")
        growth = 0 if trains and resource == "runtime" else amounts[0]
        assert amounts[0] >= 1
        assert amounts == [amounts[0], amounts[0] + growth, amounts[0] + 2 * growth], name


def profile(name: str) -> str:
    return (ROOT / "profiles" / name / "config.yaml").read_text()


def test_profiles_name_rules_that_there_are(rules):
    slurm = yaml.safe_load(profile("slurm"))
    assert set(slurm["groups"]) <= set(rules)
    assert set(slurm["group-components"]) <= set(slurm["groups"].values())


def test_jobs_on_gpus_claim_theirs(rules):
    asking = yaml.safe_load(profile("gpu"))["set-resources"]
    offered = re.search(r"^# set-resources:\n(#  .*\n)+", profile("slurm"), re.M)[0]
    assert set(asking) == set(
        yaml.safe_load(re.sub("^# ", "", offered, flags=re.M))["set-resources"]
    )
    code = {name: set(map(str, code_of_rule(rule))) for name, rule in rules.items()}
    defined = "scripts/camseg/networks/devices.py"
    callers = {
        path
        for path in set().union(*code.values()) - {defined}
        if "claim_gpu()" in (ROOT / path).read_text(encoding="utf-8")
    }
    assert {name for name, paths in code.items() if paths & callers} == set(asking)
    computing = {
        name for name, paths in code.items() if "scripts/camseg/networks/backend.py" in paths
    }
    assert computing == {*asking, "record_provenance"}  # which computes on the processor alone


JOBS = """
rule all:
    input: expand("{kind}-{number}.txt", kind=config["kinds"].split("+"), number=[1, 2, 3])

rule train_classifier:
    output: "training-{number}.txt"
    shell: "date +%s.%N > {output}; sleep 0.7; date +%s.%N >> {output}"

rule compute_cams:
    output: "cams-{number}.txt"
    shell: "date +%s.%N > {output}; sleep 0.7; date +%s.%N >> {output}"

rule large:
    output: "large-{number}.txt"
    resources: mem_mb=int(config["memory"])
    shell: "date +%s.%N > {output}; sleep 0.7; date +%s.%N >> {output}"
"""


def most_together(folder: Path, kinds: str, *arguments: str, memory: int = 1) -> int:
    """Run jobs of the given kinds, three of each; return how many ran at the same time at most."""
    (folder / "Snakefile").write_text(JOBS)
    command = ["--cores", "6", *arguments, "--config", f"kinds={kinds}", f"memory={memory}"]
    result = snakemake(folder, *command)
    assert result.returncode == 0, result.stderr
    times = [tuple(map(float, path.read_text().split())) for path in folder.glob("*.txt")]
    assert len(times) == 3 * len(kinds.split("+"))
    return max(sum(begin <= moment < end for begin, end in times) for moment, _ in times)


def test_the_default_profile_respects_memory(tmp_path):
    half = int(0.6 * psutil.virtual_memory().available / 1e6)
    profile = ["--workflow-profile", str(ROOT / "profiles/default")]
    assert most_together(tmp_path, "large", *profile, memory=half) == 1


def test_the_profile_for_gpus_gives_one_job_at_a_time_the_gpu(tmp_path):
    profile = ["--workflow-profile", str(ROOT / "profiles/gpu")]
    assert most_together(tmp_path, "training+cams", *profile) == 1


def test_with_two_gpus_two_jobs_run(tmp_path):
    profile = ["--workflow-profile", str(ROOT / "profiles/gpu"), "--resources", "gpu=2"]
    assert most_together(tmp_path, "training+cams", *profile) == 2
