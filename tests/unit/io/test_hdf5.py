import errno
import os
import resource
import subprocess
import sys
import zlib
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np
import pytest

from camseg.errors import CamsegError
from camseg.io import hdf5, store
from camseg.training.checkpoint import Checkpoint, State
from made import make_rois as rois
from project import ROOT


@contextmanager
def room_for(size: int):
    """No file can grow beyond `size` bytes: what a full disk looks like to the one who writes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def write_shard(folder):
    store.write_shard(folder / "file.h5", rois(["a", "b", "c"], size=32), source="here")


def write_cams(folder):
    names = np.array([f"roi {number}" for number in range(6)], object)
    with store.cam_writer(folder / "file.h5", roi_id=names, options={"resize": "x"}) as write:
        for start in range(0, 6, 2):
            cam = np.random.default_rng(start).integers(0, 256, (2, 32, 32), np.uint8)
            write(cam, cam[:, :4, :4].astype(np.float32))


def write_state(folder):
    weights = [np.random.default_rng(number).random((9, 30), np.float32) for number in range(9)]
    Checkpoint(folder, {"seed": 1}, 0).save(State([{"epoch": 1}], weights, weights[:2]))


@pytest.mark.parametrize("write", [write_shard, write_cams, write_state])
def test_on_a_full_disk_a_file_is_whole_or_not_there_and_nothing_else_is_said(
    tmp_path, capfd, write
):
    write(tmp_path)
    (path,) = tmp_path.iterdir()
    whole = path.read_bytes()
    path.unlink()
    for size in range(0, len(whole) + 200, 199):
        with room_for(size):
            try:
                write(tmp_path)
            except CamsegError as error:
                assert str(error) == f"{path}: File too large; make room and run the workflow again"
                assert size < len(whole)
                assert list(tmp_path.iterdir()) == []
            else:
                assert path.read_bytes() == whole
                path.unlink()
    assert capfd.readouterr() == ("", "")  # HDF5 itself prints what goes wrong as it closes files


def test_any_flipped_bit_of_a_shard_is_found_or_harmless(tmp_path):
    path = tmp_path / "s.h5"
    whole = rois([f"case {number}" for number in range(3)], size=16)
    store.write_shard(path, whole, source="here")
    data = path.read_bytes()
    refused = 0
    for place in range(0, len(data), 7):
        damaged = bytearray(data)
        damaged[place] ^= 1 << place % 8
        path.write_bytes(damaged)
        try:
            read = store.read_rois([path])
        except CamsegError as error:
            assert str(path) in str(error)
            assert "\n" not in str(error)
            assert str(error).endswith("; remove the file and run the workflow again")
            refused += 1
        else:
            for name in store.Rois.__dataclass_fields__:
                np.testing.assert_array_equal(getattr(read, name), getattr(whole, name))
    assert refused > len(data) / 7 / 2


HUGE = 1 << 40


def spoil_image(file, other):
    """A million times a million pixels, packed into one chunk that is not even there."""
    del file["image"]
    file.create_dataset("image", (2, 1 << 20, 1 << 20), "u1", chunks=(1, 1 << 15, 1 << 15))


def spoil_packed_image(file, other):
    """Images of 1 GB, packed into 1 kB (and not even whole)."""
    del file["image"]
    options = {"chunks": (1, 1 << 15, 1 << 15), "compression": "gzip"}
    file.create_dataset("image", (2, 1 << 15, 1 << 15), "u1", **options)
    for row in range(2):
        file["image"].id.write_direct_chunk((row, 0, 0), zlib.compress(bytes(1 << 20)))


def spoil_number(file, other):
    """As many images as a file of any size could not hold."""
    for name in ("image", "mask"):
        del file[name]
        file.create_dataset(name, (HUGE, 8, 8), "u1", chunks=(1, 8, 8), compression="gzip")


def spoil_label(file, other):
    """Labels that were never written and all are the same by default."""
    del file["label"]
    file.create_dataset("label", (HUGE,), "u1")


def spoil_packed_label(file, other):
    del file["label"]
    file.create_dataset("label", data=np.zeros(1 << 24, "u1"), chunks=(1 << 24,), compression=9)


def spoil_twice_packed_image(file, other):
    """Images of 4 MB each that are packed, and packed again, into some bytes."""
    made = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    made.set_chunk((1, 2048, 2048))
    made.set_deflate(9)
    made.set_deflate(9)
    del file["image"]
    space = h5py.h5s.create_simple((2, 2048, 2048))
    h5py.h5d.create(file.id, b"image", h5py.h5t.NATIVE_UINT8, space, made)
    for row in range(2):
        file["image"][row] = 7


def spoil_text(file, other):
    """Texts of any length, many of which may be one and the same in the file."""
    del file["pathology"]
    file.create_dataset("pathology", data=["MALIGNANT"] * 2, dtype=h5py.string_dtype())


def spoil_link(file, other):
    del file["image"]
    file["image"] = h5py.ExternalLink(str(other), "image")


def spoil_external(file, other):
    del file["label"]
    file.create_dataset("label", (2,), "u1", external=[(str(other), 0, 2)])


def spoil_virtual(file, other):
    layout = h5py.VirtualLayout((2, 8, 8), "u1")
    layout[:] = h5py.VirtualSource(str(other), "image", (2, 8, 8))
    del file["image"]
    file.create_virtual_dataset("image", layout)


def spoil_group(file, other):
    del file["mask"]
    file.create_group("mask")


def spoil_kind(file, other):
    del file.attrs["kind"]
    file.attrs["kind"] = "shard"  # of any length: HDF5 does not end on some such that are damaged


SPOILERS = [value for name, value in globals().items() if name.startswith("spoil_")]


@pytest.mark.parametrize("spoil", SPOILERS, ids=lambda spoil: spoil.__name__)
def test_a_shard_that_claims_what_it_does_not_hold_is_refused_at_no_cost(tmp_path, spoil):
    path, other = tmp_path / "s.h5", tmp_path / "other.h5"
    store.write_shard(path, rois(["a", "b"]), source="")
    store.write_shard(other, rois(["a", "b"]), source="")
    store.read_rois([path])
    with h5py.File(path, "a") as file:
        spoil(file, other)
    assert path.stat().st_size < 1 << 18
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + (1 << 26), hard))
    try:
        with pytest.raises(CamsegError, match=r"s\.h5: .*; remove the file and run the workflow"):
            store.read_rois([path])
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def test_attributes_come_back(tmp_path):
    with hdf5.new_file(tmp_path / "a.h5") as file:
        hdf5.put_attributes(file, {"text": "ü", "number": 2, "yes": True})
    with h5py.File(tmp_path / "a.h5") as file:
        values = [hdf5.attribute(file, name) for name in ("text", "number", "yes")]
        with pytest.raises(KeyError):
            hdf5.attribute(file, "none")
    assert values == ["ü", 2, True]


def test_equal_contents_are_equal_bytes(tmp_path):
    for name in ("a.h5", "b.h5"):
        store.write_shard(tmp_path / name, rois(["a", "b"]), source="")
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()


def test_raw_maps_that_are_packed_are_refused(tmp_path):
    """They are read as a whole: 10 kB could become any number of bytes."""
    names = np.array(["a", "b"], object)
    cams = {"cam": np.ones((2, 8, 8), np.uint8), "raw": np.ones((2, 4, 4), np.float32)}
    store.write_cams(tmp_path / "c.h5", **cams, roi_id=names, options={})
    with h5py.File(tmp_path / "c.h5", "a") as file:
        del file["raw"]
        maps = np.zeros((2, 1024, 1024), np.float32)
        file.create_dataset("raw", data=maps, chunks=(1, 1024, 1024), compression=9)
    with pytest.raises(CamsegError, match=r"c\.h5: raw of shape .* is not kept as camseg does"):
        store.read_cams(tmp_path / "c.h5", load=False)


def test_cams_that_do_not_say_how_they_were_made_are_refused(tmp_path):
    names = np.array(["a"], object)
    cams = {"cam": np.ones((1, 8, 8), np.uint8), "raw": np.ones((1, 4, 4), np.float32)}
    store.write_cams(tmp_path / "c.h5", **cams, roi_id=names, options={})
    for options in (None, b"{"):
        with h5py.File(tmp_path / "c.h5", "a") as file:
            del file.attrs["options"]
            if options:
                file.attrs["options"] = np.bytes_(options)
        with pytest.raises(CamsegError, match=r"c\.h5: says not how it was made"):
            store.read_cams(tmp_path / "c.h5")
        with h5py.File(tmp_path / "c.h5", "a") as file:
            file.attrs["options"] = np.bytes_(b"{}")


READ = """
import sys
from camseg.cli import run
from camseg.io import store

def main():
    both = [store.read_rois([sys.argv[1]], load=load) for load in (False, True)]
    print(*[each.image[:].sum() for each in both])

run(main)
"""


def read_elsewhere(folder, **environment):
    """Read a shard twice in a process of its own; what it prints, or ends with."""
    write_shard(folder)
    known = os.environ | {"PYTHONPATH": str(ROOT / "scripts")} | environment
    command = [sys.executable, "-c", READ, folder / "file.h5"]
    return subprocess.run(command, env=known, text=True, capture_output=True, check=False)


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
def test_files_are_written_and_read_without_locks(tmp_path, no_locks, monkeypatch, number):
    monkeypatch.delenv("HDF5_USE_FILE_LOCKING", raising=False)
    total = rois(["a", "b", "c"], size=32).image.sum()
    read = read_elsewhere(tmp_path, **no_locks(number))
    assert (read.stdout, read.stderr) == (f"{total} {total}\n", "")


def test_a_lock_that_is_insisted_on_is_no_damage(tmp_path, no_locks):
    read = read_elsewhere(tmp_path, HDF5_USE_FILE_LOCKING="TRUE", **no_locks(errno.ENOLCK))
    assert read.stderr.startswith(f"error: {tmp_path / 'file.h5'}: ")
    assert read.stderr.count("\n") == 1
    assert "No locks available" in read.stderr
    assert read.stderr.endswith("; set HDF5_USE_FILE_LOCKING=FALSE in the environment\n")


def test_a_file_is_read_beside_whoever_reads_it(tmp_path):
    """HDF5 refuses to open a file twice in a process with and without locks."""
    write_shard(tmp_path)
    for locking in (None, False):
        with h5py.File(tmp_path / "file.h5", locking=locking) as file:
            read = store.read_rois([tmp_path / "file.h5"])
            np.testing.assert_array_equal(read.image, file["image"])


WRITE = """
import os, sys
import h5py

file = h5py.File(sys.argv[1], "r+")
print("open", flush=True)
sys.stdin.read()
os._exit(1)
"""


def test_a_file_that_another_program_writes_in_is_no_damage(tmp_path):
    write_shard(tmp_path)
    path = tmp_path / "file.h5"
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITE, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert writer.stdout.readline() == b"open\n"
    written = "another program has it open to write: close it there"
    with pytest.raises(CamsegError) as error:
        store.read_rois([path])
    assert str(error.value) == f"{path}: {written}"
    writer.communicate()
    with pytest.raises(CamsegError) as error:  # it did not close it
        store.read_rois([path])
    remedy = "remove the file and run the workflow again"
    assert str(error.value) == f"{path}: {written}, or, if none has, {remedy}"


def test_what_the_system_refuses_is_no_damage(tmp_path):
    with pytest.raises(CamsegError) as error:
        store.read_rois([tmp_path / "missing.h5"])
    assert str(error.value) == f"{tmp_path / 'missing.h5'}: cannot be read: {os.strerror(2)}"
    (tmp_path / "folder.h5").mkdir()
    with pytest.raises(CamsegError, match=r"cannot be read: Is a directory$"):
        store.read_rois([tmp_path / "folder.h5"])
    for error in (OSError(errno.EIO, "I/O"), KeyError("(file read failed: errno = 5, error ...")):
        told = hdf5.fault("shard.h5", "is not whole", error)
        assert str(told) == "shard.h5: cannot be read: Input/output error"
