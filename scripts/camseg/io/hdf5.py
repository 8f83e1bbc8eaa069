"""HDF5 files written whole, and read without trusting them.

A full disk ends the writing with an error, which the HDF5 library alone may lose. What is read is
measured first: a small file that claims to be a large one costs no memory.
"""

import io
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from camseg.errors import CamsegError
from camseg.io.checked import REMEDY
from camseg.io.files import whole_file

CHECKED = [h5py.h5z.FILTER_FLETCHER32]  # what `put` has done to the bytes of a dataset
PACKED = [h5py.h5z.FILTER_SHUFFLE, h5py.h5z.FILTER_DEFLATE, h5py.h5z.FILTER_FLETCHER32]
WITHOUT_LOCKS = "set HDF5_USE_FILE_LOCKING=FALSE in the environment"
_WRITTEN = "another program has it open to write: close it there"
LARGEST = 2048  # pixels per side of an image, as in the configuration's schema


class _Sink(io.FileIO):
    """A file that keeps its first error and swallows what is written after it.

    HDF5 writes for the last time when it closes datasets and files, where no exception gets out.
    """

    error: OSError | None = None

    def write(self, data: Any) -> int:
        rest = memoryview(data)
        try:
            while self.error is None and len(rest):
                rest = rest[super().write(rest) :]
        except OSError as error:
            self.error = error
        return memoryview(data).nbytes

    def truncate(self, size: int | None = None) -> int:
        try:
            return super().truncate(size)
        except OSError as error:
            self.error = self.error or error
            return size or 0


@contextmanager
def new_file(path: str | Path) -> Iterator[h5py.File]:
    """Yield a new HDF5 file that appears as `path`, whole, if the block succeeds.

    Its structure carries checksums (format of HDF5 1.10) and no times: equal contents give equal
    bytes.
    """
    creation = h5py.h5p.create(h5py.h5p.FILE_CREATE)
    creation.set_obj_track_times(False)
    access = h5py.h5p.create(h5py.h5p.FILE_ACCESS)
    access.set_fclose_degree(h5py.h5f.CLOSE_STRONG)
    access.set_libver_bounds(h5py.h5f.LIBVER_V110, h5py.h5f.LIBVER_V110)
    with whole_file(path) as temporary, _Sink(temporary, "w+") as sink:
        access.set_fileobj_driver(h5py.h5fd.fileobj_driver, sink)
        try:
            made = h5py.h5f.create(b"new", h5py.h5f.ACC_TRUNC, creation, access)
            with h5py.File(made) as file:
                yield file
        finally:
            if sink.error:
                raise sink.error


def open_file(path: str | Path) -> h5py.File:
    """Open an HDF5 file to read.

    HDF5 locks it, so that nobody writes in it meanwhile. A file system without locks is no
    obstacle: camseg's files appear whole and are not written in. Raises CamsegError if another
    program is writing in the file; for what else is raised see `fault`.
    """
    try:
        return h5py.File(path)
    except BlockingIOError as error:
        raise CamsegError(f"{path}: {_WRITTEN}") from error
    except OSError as error:
        if not is_of_locks(error):
            raise
    try:
        return h5py.File(path, locking=False)
    except OSError as error:
        if is_of_locks(error):
            raise CamsegError(f"{path}: {error}; {WITHOUT_LOCKS}") from error
        raise


def is_of_locks(error: Exception) -> bool:
    """Return whether HDF5 failed to lock a file, or has it open, in this process, otherwise."""
    return "unable to lock file" in str(error) or "file locking flag" in str(error)


def fault(path: str | Path, what: str, error: Exception, remedy: str = REMEDY) -> CamsegError:
    """Return what to say of an HDF5 file that cannot be read: `what` is wrong, why, the `remedy`.

    Where the system refuses (no such file, no permission, a disk or server that fails), the file
    may be whole: nothing but the system's reason is told.
    """
    if number := re.search(r"errno[ =]+(\d+)", str(error), re.I):
        return CamsegError(f"{path}: cannot be read: {os.strerror(int(number[1]))}")
    if "already open for write" in str(error):  # a mark of HDF5's in the file
        return CamsegError(f"{path}: {_WRITTEN}, or, if none has, {remedy}")
    return CamsegError(f"{path}: {what}: {' '.join(str(error).split())}; {remedy}")


def put(file: h5py.File, name: str, values: np.ndarray) -> None:
    """Write an array as a dataset with a checksum."""
    checked = {"chunks": values.shape, "fletcher32": True} if values.size else {}
    file.create_dataset(name, data=values, **checked)


def put_attributes(file: h5py.File, values: Mapping[str, object]) -> None:
    """Write attributes; texts in full length, as only these are under the structure's checksums."""
    for name, value in values.items():
        file.attrs[name] = np.bytes_(value.encode()) if isinstance(value, str) else value


def attribute(file: h5py.File, name: str) -> Any:
    """Return an attribute of `put_attributes`; raise KeyError if there is none such."""
    if name not in file.attrs or file.attrs.get_id(name).dtype.kind not in "Sifub":
        raise KeyError(f"no attribute {name}")
    value = file.attrs[name]
    return value.decode() if isinstance(value, bytes) else value.item()


def measure(file: h5py.File, name: str) -> h5py.Dataset:
    """Return a dataset of an open file, without reading it.

    Raises CamsegError if it holds less than it says, so that reading it could cost any memory:
    images, (n, H, W) uint8, must be kept one by one, packed once, and be no larger than LARGEST;
    everything else be kept in full length, as by `put`; and nothing in another file.
    """
    stored = file[name]
    linked = not isinstance(file.get(name, getlink=True), h5py.HardLink)
    if not isinstance(stored, h5py.Dataset) or linked or stored.is_virtual or stored.external:
        raise CamsegError(f"{file.filename}: {name} is not kept in the file itself; {REMEDY}")
    kept = True
    if stored.size:
        several = stored.ndim == 3
        packed = several and stored.dtype == np.uint8
        kept = stored.chunks == ((1, *stored.shape[1:]) if several else stored.shape)
        kept = kept and _filters(stored) == (PACKED if packed else CHECKED)
        if packed:
            kept = kept and max(stored.shape[1:]) <= LARGEST
            kept = kept and stored.id.get_num_chunks() == len(stored)
        else:
            kept = kept and not h5py.check_vlen_dtype(stored.dtype)
            size = stored.id.get_storage_size()
            kept = kept and stored.nbytes <= size <= file.id.get_filesize()
    if not kept:
        raise CamsegError(
            f"{file.filename}: {name} of shape {stored.shape} is not kept as camseg does; {REMEDY}"
        )
    return stored


def _filters(stored: h5py.Dataset) -> list[int]:
    """Return the kinds of the filters that a dataset's bytes have gone through, in their order."""
    made = stored.id.get_create_plist()
    return [made.get_filter(number)[0] for number in range(made.get_nfilters())]
