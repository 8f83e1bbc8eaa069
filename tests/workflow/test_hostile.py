"""Names, paths and configurations that a shell or a parser might take for commands."""

import re
import shlex
import shutil
from pathlib import Path

import pandas as pd
import pytest

from project import ROOT, SMALL, copy_project, jobs, snakemake

ODD = 'o\'dd "$(touch pwned)" `touch pwned`; touch pwned & | * ? [é] ! \\ # ~ % , =Ω'


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    return copy_project(tmp_path_factory.mktemp("project"))


def rule_commands() -> dict[str, str]:
    """The shell command of every rule as it is written."""
    text = "\n".join(path.read_text() for path in sorted(ROOT.glob("workflow/rules/*.smk")))
    parts = re.split(r"^rule (\w+):$", text, flags=re.M)[1:]
    return {
        rule: "".join(re.findall(r'"(.*)"$', body.partition("    shell:\n")[2], re.M))
        for rule, body in zip(parts[::2], parts[1::2], strict=True)
    }


@pytest.mark.parametrize("rule", rule_commands())
def test_every_path_in_a_rules_command_is_quoted(rule):
    command = rule_commands()[rule]
    paths = re.findall(r"{((?:input|output|log)\b[^{}]*)}", command)
    assert len(paths) >= 3
    assert all(path.endswith(":q") for path in paths), paths


def test_whatever_the_configuration_says_reaches_a_script_as_one_word(project):
    """The oracle: the shell's own rules of what is a word, and what has a meaning of its own."""
    (project / f"{ODD}.weights.h5").touch()
    (project / f"{ODD}.png").touch()
    config = {
        **SMALL,
        "pathvars": {"results": f"results/{ODD}"},
        "dataset": {"source": "ddsm", "path": f"data/{ODD}"},
        "selection": {"lesion_types": [ODD], "pathologies": ["a b"], "volumes": ["'"]},
        "models": [{"name": "MobileNetV2", "weights": f"{ODD}.weights.h5"}],
        "figure1": {"image": f"{ODD}.png"},
    }
    shutil.copytree(project / "docs", project / "data" / ODD)
    figure1 = f"results/{ODD}/figures/figure1.svg"
    planned = snakemake(project, "-n", "-p", "all", figure1, config=config)
    assert planned.returncode == 0, planned.stderr
    commands = re.findall(r"^Shell command: (python .*? 2>&1)$", planned.stdout, re.M | re.S)
    assert len(commands) == sum(jobs(planned).values()) - 1  # `all` has none
    words = set()
    for command in commands:
        split = shlex.shlex(command, posix=True, punctuation_chars=True)
        split.whitespace_split, split.commenters = True, ""
        *command, to, log, number, both, one = list(split)
        assert (to, number, both, one) == (">", "2", ">&", "1")
        assert re.fullmatch(rf"results/{re.escape(ODD)}/logs/[\w./-]+\.log", log)
        assert not [word for word in command if set(word) <= set("();<>|&")], command
        words |= set(command)
    assert {f"data/{ODD}", f"{ODD}.weights.h5", f"{ODD}.png", ODD, "a b", "'"} <= words


@pytest.mark.slow
def test_cases_in_folders_of_any_name_are_read_and_nothing_in_them_is_obeyed(
    project, finished_study, tmp_path
):
    folder = tmp_path / ODD
    cases = finished_study / "results/phantom/cases"
    names = [ODD, "-rf", "two\nlines", "$HOME", "{shard}", "<results>", "..a", "\udcff"]
    moved = {}
    for place in sorted(path.parent for path in cases.rglob("*.ics")):
        name = names.pop(0) if names else place.name
        moved[place.name] = name
        shutil.copytree(place, folder / name)
    elsewhere = sorted(cases.rglob("*.ics"))[10]
    wrong = folder / elsewhere.parent.name / elsewhere.name
    text = wrong.read_text()
    case_id = re.search(r"^filename (\S+)", text, re.M)[1]
    wrong.write_text(text.replace(case_id, "../../../../etc/passwd", 1))
    config = {
        **SMALL,
        "pathvars": {"results": f"results/{ODD}"},
        "dataset": {"source": "ddsm", "path": str(folder)},
    }
    target = f"results/{ODD}/splits/split-0.tsv"
    result = snakemake(project, "--cores", "2", target, config=config)
    assert result.returncode == 0, result.stdout + result.stderr
    index = pd.read_csv(project / f"results/{ODD}/index.tsv", sep="\t", keep_default_na=False)
    reasons = index.loc[index["status"] == "rejected", ["ics", "reason"]].drop_duplicates()
    faults = "\n".join(reasons["reason"])
    assert len(reasons) == 3
    assert faults.count("has a control character or is no UTF-8") == 2
    assert "has no line 'filename <case>' with a plain case name" in faults
    used = {Path(ics).parts[0] for ics in index.loc[index["status"] == "usable", "ics"]}
    assert {ODD, "-rf", "$HOME", "{shard}", "<results>", "..a"} <= used
    assert (index["status"] == "usable").sum() == 2 * (24 - 3)
    assert not list(project.rglob("pwned")) + list(tmp_path.rglob("pwned"))


def test_a_configuration_runs_no_code(project):
    for text in (
        "seed: !!python/object/apply:os.system ['touch pwned']",
        "seed: !!python/object/new:subprocess.Popen [['touch', 'pwned']]",
        "!!python/name:os.system",
    ):
        (project / "hostile.yaml").write_text(text)
        result = snakemake(project, "-n", "--configfile=hostile.yaml", "all")
        assert result.returncode != 0
        assert re.match(
            r"error: hostile.yaml: is no YAML: line 1, ", result.stderr.splitlines()[-1]
        )
    assert not (project / "pwned").exists()
