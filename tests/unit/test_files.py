import subprocess
import sys
from pathlib import Path

import pytest

from camseg.files import whole_file

SCRIPTS = Path(__file__).parents[2] / "scripts"


def test_a_file_appears_whole_or_not_at_all(tmp_path):
    target = tmp_path / "new" / "model.keras"
    with whole_file(target) as temporary:
        assert temporary.suffix == ".keras"
        temporary.write_text("half")
        assert not target.exists()
        temporary.write_text("whole")
    assert target.read_text() == "whole"
    with pytest.raises(ZeroDivisionError), whole_file(target) as temporary:
        temporary.write_text("half")
        raise ZeroDivisionError
    assert target.read_text() == "whole"
    assert list(target.parent.iterdir()) == [target]


PROGRAM = """
import os, signal, sys
from camseg.cli import run
from camseg.errors import CamsegError
from camseg.files import whole_file

def main():
    with whole_file(sys.argv[1]) as temporary:
        temporary.write_text("half")
        {does}

run(main)
"""


@pytest.mark.parametrize(
    ("does", "code", "message"),
    [
        ("os.kill(os.getpid(), signal.SIGTERM)", 143, ""),
        ("raise CamsegError('x.ics:3: is odd')", 1, "error: x.ics:3: is odd\n"),
        ("open('no/such/file')", 1, "error: [Errno 2] No such file or directory: 'no/such/file'\n"),
    ],
)
def test_a_program_that_ends_early_leaves_nothing_half_written(tmp_path, does, code, message):
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(does=does), tmp_path / "out.tsv"],
        cwd=SCRIPTS,
        text=True,
        capture_output=True,
        check=False,
    )
    assert (result.returncode, result.stderr) == (code, message)
    assert list(tmp_path.iterdir()) == []
