"""NIfTI files, .nii and .nii.gz, read slice by slice with nibabel.

An array in NIfTI is (x, y, z). A slice along its last axis is an image whose columns are x and
whose rows are y, in the order that they are stored in: nothing is turned or mirrored. Where the
array is one slice along another axis, that axis is left out instead.
"""

import gzip
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import cast

import nibabel
import numpy as np
from nibabel.arrayproxy import ArrayProxy

from camseg.errors import CamsegError
from camseg.formats.pictures import check_size

SLICES_LIMIT = 32767  # the most that a header of NIfTI-1 can count
INFLATED = 1032  # bytes that one byte of a gzip file becomes, at most
MICROMETRES = {"meter": 1e6, "mm": 1e3, "micron": 1.0}  # by the units that a header may state
SQUARE = 0.01  # by how much of itself a pixel's width may differ from its height
SHORT = "is cut short: its header says more than it holds; write it again"
NEAR = 0.1  # voxels that the same corner may lie apart


@dataclass(frozen=True)
class Frame:
    """Where an array (x, y, z) of `shape` lies: its `affine` (4, 4), None if the header has none.

    `micrometres` per pixel of a slice: NaN if the header states no unit, or pixels are not square.
    """

    shape: tuple[int, int, int]
    affine: np.ndarray | None
    micrometres: float

    def corners(self) -> np.ndarray:
        """Return the outer corners of the array, (8, 3), in the space of the affine."""
        ends = itertools.product(*((-0.5, size - 0.5) for size in self.shape))
        return nibabel.affines.apply_affine(self.affine, np.array(list(ends)))


def apart(frame: Frame, of_mask: Frame) -> str:
    """Return in what an array's place differs from its mask's, or "".

    They have as many slices, and the same affine, or, of another size, the same corners. An array
    whose header has no affine may lie anywhere.
    """
    if frame.shape[2] != of_mask.shape[2]:
        return f"has {frame.shape[2]} slices, its mask {of_mask.shape[2]}: make them of one volume"
    if frame.affine is None or of_mask.affine is None:
        return ""
    near = NEAR * np.linalg.norm(of_mask.affine[:3, :3], axis=0).min()
    same = Frame(of_mask.shape, frame.affine, np.nan)
    for one in (frame, same):
        if np.linalg.norm(one.corners() - of_mask.corners(), axis=1).max() <= near:
            return ""
    return (
        "lies elsewhere than its mask, or turned or mirrored, by the affines of their headers: "
        "resample it to the mask's grid"
    )


class Volume:
    """The slices of a NIfTI file, (H, W) numbers each; opening it reads no more than the header.

    `frame` says where it lies, as an array of (columns, rows, slices). Raises CamsegError if it is
    not whole, of several volumes, or of values that are no numbers. Slices read in order cost one
    pass through the file, and the memory of one.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with _told(path):
            image = nibabel.load(path, keep_file_open=True)
            if not isinstance(image, nibabel.Nifti1Pair):
                raise CamsegError("is no image of NIfTI-1 or NIfTI-2")
            self._proxy = cast(ArrayProxy, image.dataobj)
            kind = image.header.get_data_dtype()
            if kind.kind not in "biuf":
                raise CamsegError(f"holds {_plain(kind)} values: must be one number a voxel")
            shape = (*image.shape, 1, 1)[: max(3, image.ndim)]
            if image.ndim < 2 or any(size > 1 for size in shape[3:]):
                raise CamsegError(
                    f"is of shape {image.shape}: must be one image or volume; save each of several "
                    "in a file of its own, as by nibabel.four_to_three"
                )
            self._axis = shape.index(1) if 1 in shape[:2] else 2
            rest = [axis for axis in range(3) if axis != self._axis]
            order = [*rest, self._axis]
            columns, rows, slices = (int(shape[axis]) for axis in order)
            check_size(rows, columns)
            if not 0 < slices <= SLICES_LIMIT:
                raise CamsegError(f"its header says {slices} slices")
            self._bytes = int(self._proxy.offset) + columns * rows * slices * kind.itemsize
            self._packed = path.suffix.lower() == ".gz"
            if path.stat().st_size * (INFLATED if self._packed else 1) < self._bytes:
                raise CamsegError(SHORT)
            self.frame = _frame(image, (columns, rows, slices), order)

    def __len__(self) -> int:
        """Return the number of slices."""
        return self.frame.shape[2]

    def __getitem__(self, number: int) -> np.ndarray:
        """Return a slice, (H, W), as scaled by the header; CamsegError if it cannot be read."""
        with _told(self.path):
            place: list[int | slice] = [slice(None)] * self._data.ndim
            if self._axis < len(place):
                place[self._axis] = number
            columns, rows, _ = self.frame.shape
            return np.asarray(self._data[tuple(place)]).reshape(columns, rows).T

    @cached_property
    def _data(self) -> ArrayProxy:
        """The array, still in its file; CamsegError if a packed one is cut short."""
        if self._packed:  # the checksum is at its end
            total = 0
            with gzip.open(self.path) as file:
                while block := file.read(1 << 20):
                    total += len(block)
            if total < self._bytes:
                raise CamsegError(SHORT)
        return self._proxy

    @cached_property
    def is_binary(self) -> bool:
        """Whether all slices together hold no more than one value besides 0."""
        found: set[float] = set()
        for number in range(len(self)):
            values = self[number]
            marked = values[values != 0]
            if marked.size:
                found |= {marked.min(), marked.max()}
        return len(found) < 2


def _frame(image: nibabel.Nifti1Pair, shape: tuple[int, int, int], order: list[int]) -> Frame:
    header = image.header
    placed = int(header["sform_code"]) > 0 or int(header["qform_code"]) > 0
    affine = np.array(image.affine)[:, [*order, 3]] if placed else None
    zooms = (*header.get_zooms(), 0, 0)
    width, height = (float(zooms[axis]) for axis in order[:2])
    square = width > 0 and abs(width - height) <= SQUARE * width
    try:
        unit = MICROMETRES.get(header.get_xyzt_units()[0], np.nan)
    except KeyError:  # of a number that stands for none
        unit = np.nan
    return Frame(shape, affine, width * unit if square else np.nan)


def _plain(kind: np.dtype) -> str:
    return "RGB" if kind.kind == "V" else str(kind)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Turn an error of any kind into one line that names the file."""
    try:
        yield
    except CamsegError as error:
        raise CamsegError(f"{path}: {error}") from error
    except Exception as error:  # nibabel raises whatever broken bytes lead it to
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise CamsegError(f"{path}: cannot be read: {reason}; write it again") from error
