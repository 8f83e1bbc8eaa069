import errno
import os
import subprocess
import sys

import pytest

from camseg.io.locks import lock
from project import ROOT

TRY = """
import sys
from camseg.io.locks import NoLockError, lock
with open(sys.argv[1], "a") as file:
    for wait in (False, True):
        try:
            print(lock(file, wait=wait))
        except NoLockError as error:
            print(error.errno, error.strerror, sep=", ")
"""


def test_a_lock_is_of_one_process_and_ends_with_its_file(tmp_path):
    path = tmp_path / "lock"
    with path.open("a") as file:
        assert lock(file, wait=False)
        with path.open("a") as other:
            assert not lock(other, wait=False)
    with path.open("a") as file:
        assert lock(file.fileno(), wait=True)


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
def test_where_there_are_no_locks_the_systems_reason_is_told(tmp_path, no_locks, number):
    environment = os.environ | {"PYTHONPATH": str(ROOT / "scripts")} | no_locks(number)
    command = [sys.executable, "-c", TRY, tmp_path / "lock"]
    said = subprocess.run(command, env=environment, text=True, capture_output=True, check=True)
    assert said.stdout.splitlines() == 2 * [f"{number}, {os.strerror(number)}"]
