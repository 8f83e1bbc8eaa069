import errno
import fcntl
import os
from multiprocessing import get_context

import pytest
import tensorflow as tf

from camseg.errors import CamsegError
from camseg.networks.devices import claim_gpu, devices


@pytest.fixture
def chosen(monkeypatch) -> list[str]:
    """Two pretended GPUs; those that processes keep to, in the order of their claims."""
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: ["first", "second"])
    taken = []
    monkeypatch.setattr(tf.config, "set_visible_devices", lambda gpu, kind: taken.append(gpu))
    return taken


def test_gpus_of_one_kind_are_one_kind(chosen, monkeypatch):
    names = {"first": {"device_name": "H"}, "second": {"device_name": "H"}}
    monkeypatch.setattr(tf.config.experimental, "get_device_details", names.get)
    assert devices() == ["H"]
    names["second"] = {"device_name": "A"}
    assert devices() == ["A", "H"]


def test_no_two_claims_have_the_same_gpu(chosen, tmp_path):
    claim_gpu(tmp_path)
    claim_gpu(tmp_path)
    assert chosen == ["first", "second"]
    with pytest.raises(CamsegError, match="no free GPU among 2"):
        claim_gpu(tmp_path)


def test_a_claim_ends_with_its_process(chosen, tmp_path):
    child = get_context("fork").Process(target=claim_gpu, args=(tmp_path,))
    child.start()
    child.join()
    assert child.exitcode == 0
    claim_gpu(tmp_path)
    assert chosen == ["first"]


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
def test_without_locks_it_is_the_first_gpu_and_a_warning(
    chosen, tmp_path, monkeypatch, capsys, number
):
    def refuse(file, operation):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", refuse)
    claim_gpu(tmp_path)
    assert chosen == ["first"]
    (warning,) = capsys.readouterr().err.splitlines()
    assert f"-0.lock: cannot be locked ({os.strerror(number)})" in warning
    assert warning.endswith("choose by CUDA_VISIBLE_DEVICES")


def test_what_slurm_has_chosen_stands(chosen, tmp_path, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    claim_gpu(tmp_path)
    assert not chosen
    assert not list(tmp_path.iterdir())


def test_without_gpus_nothing_is_claimed(tmp_path, monkeypatch):
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [])
    claim_gpu(tmp_path)
    assert not list(tmp_path.iterdir())
