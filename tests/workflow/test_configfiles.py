"""Configuration files that Snakemake cannot read: named, each in one line."""

import runpy
from pathlib import Path

import pytest

from project import ROOT, copy_project, snakemake

PROGRAM = runpy.run_path(str(ROOT / "profiles/configfiles.py"))
SETS_NO_KEY = "sets no key; write one, say `seed: 2`, or leave --configfile out"


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    return copy_project(tmp_path_factory.mktemp("project"))


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", SETS_NO_KEY),
        (b"# seed: 2\r\n\n---\n", SETS_NO_KEY),
        (b"null", SETS_NO_KEY),
        (b"- seed: 2", 'holds no keys with values, say `seed: 2`, but [{"seed": 2}]'),
        (b"7", "holds no keys with values, say `seed: 2`, but 7"),
        (b"seed 2", 'holds no keys with values, say `seed: 2`, but "seed 2"'),
        (b"seed: 2\nrois: [1\n", "is no YAML: line 3, column 1: expected ',' or ']'"),
        (b"\tseed: 2", "is no YAML: line 1, column 1: found character '\\t' that cannot start"),
        (b"seed: \x01", "is no YAML: special characters are not allowed"),
        (b"a: !!python/name:os.system", "is no YAML: line 1, column 4: could not determine a"),
        ("seed: 2".encode("utf-16"), "is no text in UTF-8"),
        (b"{}", ""),
        (b"seed: 2\r\n", ""),
        (b"\xef\xbb\xbfseed: 2", ""),
        (b'{\n\t"seed": 2}', ""),
    ],
)
def test_what_is_wrong_with_a_file(tmp_path, content, fault):
    path = tmp_path / "my.yaml"
    path.write_bytes(content)
    found = PROGRAM["fault_of"](path)
    assert found.startswith(fault) if fault else not found
    assert "\n" not in found


def test_a_word_that_is_no_file_may_be_a_target(tmp_path):
    for path in (tmp_path, tmp_path / "all"):
        fault = PROGRAM["fault_of"](path)
        assert fault.startswith("there is no such configuration file; a target stands before")


@pytest.mark.parametrize(
    ("arguments", "files"),
    [
        ("-n all", ""),
        ("-n --configfile a.yaml", "a.yaml"),
        ("--configfile a.yaml b.yaml -n all", "a.yaml b.yaml"),
        ("--configfile a.yaml all", "a.yaml all"),
        ("--configfiles a.yaml -- all", "a.yaml"),
        ("--configfile=a.yaml all", "a.yaml"),
        ("all --config seed=2 --configfile a.yaml --cores 2 x", "a.yaml"),
        ("all -- --configfile a.yaml", ""),
    ],
)
def test_the_words_that_are_taken_for_files(arguments, files):
    assert list(map(str, PROGRAM["named"](arguments.split()))) == files.split()


@pytest.mark.parametrize("profile", ["default", "gpu", "slurm"])
def test_every_profile_names_the_file(project, profile):
    (project / "empty.yaml").touch()
    arguments = ["-n", "--workflow-profile", f"profiles/{profile}", "--configfile", "empty.yaml"]
    result = snakemake(project, *arguments)
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1] == f"error: empty.yaml: {SETS_NO_KEY}"


def test_a_target_after_the_file_is_told_from_it_anywhere(project, tmp_path):
    (tmp_path / "my.yaml").write_text("seed: 2")
    result = snakemake(tmp_path, "-s", str(project / "Snakefile"), "--configfile", "my.yaml", "all")
    assert result.returncode == 1
    last = result.stderr.splitlines()[-1]
    assert last.startswith("error: all: there is no such configuration file; a target stands")
    assert last.endswith("snakemake --configfile FILE -- TARGET")
