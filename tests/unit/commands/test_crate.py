"""The command `crate`: what it refuses before it packs."""

from pathlib import Path

import pytest

from camseg.commands import crate
from camseg.errors import CamsegError


def test_a_name_that_is_no_zip_is_refused(tmp_path):
    with pytest.raises(CamsegError, match=r"--out run: a crate is a ZIP: name it run\.zip"):
        crate.main([str(tmp_path), "--out", "run"])


def test_an_installed_library_has_no_workflow_to_pack(tmp_path, monkeypatch):
    monkeypatch.setattr(crate, "ROOT", Path("elsewhere"))
    with pytest.raises(CamsegError, match="packs the workflow, too, and elsewhere has none"):
        crate.main([str(tmp_path), "--out", "run.zip"])
