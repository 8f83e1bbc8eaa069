import errno
import os
import random
import signal
import subprocess
import sys
import threading
import time

import h5py
import numpy as np
import pytest

from camseg.errors import CamsegError
from camseg.training.checkpoint import Checkpoint, State
from project import ROOT

SCRIPTS = ROOT / "scripts"


def state(epochs=2):
    return State(
        history=[{"epoch": epoch, "val_loss": 0.1 + 0.2} for epoch in range(1, epochs + 1)],
        variables=[
            np.arange(6, dtype=np.float32).reshape(2, 3) / 7,
            np.float32(0.9**3),
            np.array([3, 2**32 - 1], np.uint32),  # a random state
            np.zeros((0, 3), np.float32),
        ],
        best_weights=[np.full((1, 1, 4), np.nextafter(1, 2), np.float32)],
    )


def test_a_state_comes_back_bit_by_bit(tmp_path):
    saved = state()
    with Checkpoint(tmp_path / "resume", {"seed": 1}, 0).locked():
        pass
    Checkpoint(tmp_path / "resume", {"seed": 1}, 0).save(saved)
    loaded = Checkpoint(tmp_path / "resume", {"seed": 1}, 0).load()
    assert loaded.history == saved.history
    for group in ("variables", "best_weights"):
        for one, other in zip(getattr(loaded, group), getattr(saved, group), strict=True):
            assert (one.dtype, one.shape) == (other.dtype, other.shape)
            np.testing.assert_array_equal(one, other)


def test_nothing_saved_is_nothing_loaded(tmp_path):
    assert Checkpoint(tmp_path / "resume", {"seed": 1}, 0).load() is None


def test_a_state_of_other_settings_is_not_used_and_said_to_differ(tmp_path, capsys):
    Checkpoint(tmp_path, {"seed": 1, "settings": {"epochs": 3, "keep": "best"}}, 0).save(state())
    later = Checkpoint(tmp_path, {"seed": 2, "settings": {"epochs": 4, "keep": "best"}}, 0)
    assert later.load() is None
    said = capsys.readouterr().err
    assert "not used: is of a training with other seed, settings.epochs\n" in said


def test_a_state_under_anothers_name_is_refused(tmp_path):
    one, other = Checkpoint(tmp_path, {"code": "a"}, 0), Checkpoint(tmp_path, {"code": "b"}, 0)
    one.save(state())
    one.path.rename(other.path)
    with pytest.raises(CamsegError, match="is of a training with other code: remove it to start"):
        other.load()


@pytest.mark.parametrize("damage", ["truncated", "text", "bit"])
def test_a_damaged_state_is_refused(tmp_path, damage):
    checkpoint = Checkpoint(tmp_path, {"seed": 1}, 0)
    checkpoint.save(state())
    data = bytearray(checkpoint.path.read_bytes())
    if damage == "bit":
        with h5py.File(checkpoint.path) as file:
            chunk = file["variables-00000"].id.get_chunk_info_by_coord((0, 0, 0))
        data[chunk.byte_offset + 5] ^= 1
    damaged = {"truncated": data[: len(data) // 2], "text": b"no state", "bit": data}[damage]
    checkpoint.path.write_bytes(damaged)
    with pytest.raises(CamsegError, match=r"is no whole saved state: .*remove it to start afresh"):
        checkpoint.load()


def test_it_is_due_after_the_seconds_given(tmp_path):
    assert Checkpoint(tmp_path, {}, 0).is_due()
    checkpoint = Checkpoint(tmp_path, {}, 0.2)
    assert not checkpoint.is_due()
    time.sleep(0.25)
    assert checkpoint.is_due()
    checkpoint.save(state())
    assert not checkpoint.is_due()


def test_the_folder_is_removed_with_the_states_of_other_settings(tmp_path):
    Checkpoint(tmp_path / "resume", {"seed": 1}, 0).save(state())
    checkpoint = Checkpoint(tmp_path / "resume", {"seed": 2}, 0)
    with checkpoint.locked():
        checkpoint.save(state())
        checkpoint.remove()
    assert not list(tmp_path.iterdir())


def test_a_second_training_takes_over_at_the_end_of_an_epoch(tmp_path, capsys):
    """Two trainings of one target: the first saves its state and ends, the second goes on."""
    first = Checkpoint(tmp_path / "resume", {"seed": 1}, 9999)
    second = Checkpoint(tmp_path / "resume", {"seed": 1}, 9999)
    took = []

    def follow():
        with second.locked():
            took.append(second.load())

    with first.locked():
        assert not first.is_due()
        follower = threading.Thread(target=follow)
        follower.start()
        while not first.is_due():
            time.sleep(0.01)
        assert not took
        with pytest.raises(CamsegError, match="another run of this training has taken over"):
            first.save(state(5))
    follower.join(timeout=10)
    assert len(took[0].history) == 5
    assert "waiting for a training that is at work to give way" in capsys.readouterr().err


def test_one_that_waits_while_the_folder_is_removed_gets_a_new_one(tmp_path):
    first, second = (Checkpoint(tmp_path / "resume", {"seed": 1}, 0) for _ in range(2))
    seen = []

    def follow():
        with second.locked():
            seen.append(second.load())
            second.save(state())
            seen.append(sorted(path.name for path in second.folder.iterdir()))

    with first.locked():
        first.save(state())
        follower = threading.Thread(target=follow)
        follower.start()
        while not first.is_due() or not (tmp_path / "resume" / "waiting").exists():
            time.sleep(0.01)
        time.sleep(0.1)
        first.remove()
    follower.join(timeout=10)
    assert seen == [None, [second.path.name, "lock"]]


SAVE_TWICE = """
import sys
from pathlib import Path
import numpy as np
from camseg.training.checkpoint import Checkpoint, State

first, second = (Checkpoint(Path(sys.argv[1]), {"seed": 1}, 9999) for _ in range(2))
with first.locked(), second.locked():
    assert not first.is_due()
    first.save(State([{"epoch": 1}], [np.zeros(1)], []))
    (first.folder / ".half.tmp-1.h5").touch()
    with first.locked():
        print(len(second.load().history), sorted(path.name for path in first.folder.iterdir()))
    first.remove()
"""


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
def test_without_locks_a_warning_is_all(tmp_path, no_locks, number):
    """Nobody waits; nor is a half removed that another training may be writing."""
    environment = os.environ | {"PYTHONPATH": str(SCRIPTS)} | no_locks(number)
    command = [sys.executable, "-c", SAVE_TWICE, tmp_path / "resume"]
    done = subprocess.run(command, env=environment, text=True, capture_output=True, check=True)
    name = Checkpoint(tmp_path, {"seed": 1}, 0).path.name
    assert done.stdout == f"1 {sorted(['.half.tmp-1.h5', name, 'waiting'])}\n"
    warning = f"warning: {tmp_path}/resume: cannot be locked ({os.strerror(number)}), so"
    lines = [line for line in done.stderr.splitlines() if not line.startswith("resuming")]
    assert len(lines) == 3
    assert all(line.startswith(warning) for line in lines)
    assert not (tmp_path / "resume").exists()


def run(folder, *dying, kill_after=None, **places):
    """Train the tiny network in a process of its own; kill it some time after two epochs."""
    folder.mkdir(exist_ok=True)
    paths = os.pathsep.join([str(SCRIPTS), str(ROOT / "tests")])
    environment = os.environ | {"PYTHONPATH": paths} | places
    command = [sys.executable, ROOT / "tests/train_tiny.py", folder, *map(str, dying)]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    log = []
    for line in process.stderr:
        log.append(line)
        epochs = [line for line in log if line.startswith("epoch")]
        if kill_after is not None and len(epochs) == 2:
            time.sleep(kill_after)
            process.kill()
    return process.wait(timeout=60), "".join(log)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed")
    code, log = run(folder)
    assert code == 0, log
    assert not (folder / "resume").exists()
    return dict(np.load(folder / "final.npz"))


@pytest.mark.slow
@pytest.mark.parametrize(
    "deaths",
    [
        [("rename", 1), ("rename", 2), ("rename", 6)],  # whole states not yet named
        [("write", 5), ("write", 60), ("write", 100)],  # halves of states
        [None, None],  # any moment
    ],
    ids=["before-rename", "while-writing", "any-moment"],
)
def test_killed_at_any_moment_it_ends_with_the_same_bits(tmp_path, undisturbed, deaths):
    for death in deaths:
        if death:
            code, log = run(tmp_path, *death)
        else:
            code, log = run(tmp_path, kill_after=random.uniform(0, 0.05))
        assert code == -signal.SIGKILL, log
    code, log = run(tmp_path)
    assert code == 0, log
    if any(death != ("rename", 1) for death in deaths):
        assert "resuming after epoch" in log
    final = dict(np.load(tmp_path / "final.npz"))
    assert final.keys() == undisturbed.keys()
    for name, value in undisturbed.items():
        np.testing.assert_array_equal(final[name], value, err_msg=name)
    assert not (tmp_path / "resume").exists()


@pytest.mark.slow
def test_killed_where_there_are_no_locks_it_goes_on_to_the_same_bits(
    tmp_path, undisturbed, no_locks
):
    code, log = run(tmp_path, "rename", 3, **no_locks(errno.EOPNOTSUPP))
    assert code == -signal.SIGKILL, log
    code, log = run(tmp_path, **no_locks(errno.EOPNOTSUPP))
    assert code == 0, log
    assert "resuming after epoch 2" in log
    final = dict(np.load(tmp_path / "final.npz"))
    for name, value in undisturbed.items():
        np.testing.assert_array_equal(final[name], value, err_msg=name)
