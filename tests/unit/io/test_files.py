import resource
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from camseg.errors import CamsegError
from camseg.io.files import whole_file
from project import ROOT

SCRIPTS = ROOT / "scripts"


def save_figure(path):
    figure = Figure()
    figure.subplots().plot(np.sin(np.arange(5000)))
    figure.savefig(path)


def save_model(path):
    import keras

    keras.Sequential([keras.Input((30,)), keras.layers.Dense(300)]).save(path)


WRITERS = {
    "text": lambda path: path.write_text("x" * 50_000),
    "table": lambda path: pd.DataFrame({"a": range(9999)}).to_csv(path, sep="\t"),
    "png": save_figure,
    "svg": save_figure,
    "keras": save_model,
}


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


def test_what_a_killed_program_left_is_removed(tmp_path):
    """Process 1 is alive on every machine; the other number is beyond all of them."""
    others = [".a.tmp-1.tsv", ".a.tmp-99999999.h5", ".b.tmp-99999999.tsv", "a.h5"]
    for name in [".a.tmp-99999999.tsv", *others]:
        (tmp_path / name).touch()
    with whole_file(tmp_path / "a.tsv") as temporary:
        temporary.touch()
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == [*others, "a.tsv"]


@pytest.mark.parametrize("how", ["text", "table", "png", "svg", "keras"])
def test_on_a_full_disk_a_file_is_whole_or_not_there(tmp_path, how):
    path = tmp_path / f"file.{how}"
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    write = WRITERS[how]
    with whole_file(path) as temporary:
        write(temporary)
    size = path.stat().st_size
    path.unlink()
    for room in (0, size // 2, size - 1):
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, limits[1]))
        try:
            with pytest.raises(CamsegError) as error, whole_file(path) as temporary:
                write(temporary)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert str(error.value) == f"{path}: File too large; make room and run the workflow again"
        assert list(tmp_path.iterdir()) == []


PROGRAM = """
import os, signal, sys
from camseg.cli import run
from camseg.errors import CamsegError
from camseg.io.files import whole_file

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
