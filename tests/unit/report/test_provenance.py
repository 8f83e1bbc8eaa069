import os
import platform
import subprocess
from importlib.metadata import version

from camseg.report import provenance

WHO = ("AUTHOR_NAME", "AUTHOR_EMAIL", "COMMITTER_NAME", "COMMITTER_EMAIL")
IDENTITY = {f"GIT_{name}": "somebody" for name in WHO}


def git(folder, *arguments):
    subprocess.run(
        ["git", *arguments], cwd=folder, check=True, capture_output=True, env=os.environ | IDENTITY
    )


def test_code_version_is_the_commit_and_whether_it_was_edited(tmp_path):
    assert provenance.code_version(tmp_path) == "not in a repository"
    git(tmp_path, "init")
    assert provenance.code_version(tmp_path) == "unknown: git cannot tell"
    (tmp_path / "code.py").write_text("1")
    git(tmp_path, "add", "code.py")
    git(tmp_path, "commit", "-m", "code")
    git(tmp_path, "tag", "v1")
    assert provenance.code_version(tmp_path) == "v1"
    (tmp_path / "code.py").write_text("2")
    assert provenance.code_version(tmp_path) == "v1-dirty"
    below = tmp_path / "below"  # another project's repository says nothing of this code
    below.mkdir()
    assert provenance.code_version(below) == "not in a repository"


def test_versions_are_those_of_this_python(tmp_path):
    table = provenance.versions(tmp_path).set_index("name")["version"]
    assert list(table.index[:3]) == ["camseg", "python", "system"]
    assert table["python"] == platform.python_version()
    for name in ("numpy", "keras", "snakemake"):
        assert table[name] == version(name)
    assert table.index.is_unique
