"""Heat maps, masks and images in files of anybody's: which belong together, and how they are read.

A folder, with all folders in it, holds a file for each name: NPY, PNG, TIFF or another of SUFFIXES.
The name is the file's without its suffix. The mask of `a` is `a_mask.png`, together with
`a_mask_1.png` and so on, or, where there is none of these, `a.png`. Of a NIfTI file with several
slices each is an image of its own, `a[0]`, `a[1]` and so on. One NPZ or HDF5 file holds an
array for each name, or all in one array, `maps`, `masks` or `images`, with their `names`.
"""

import re
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any
from unicodedata import normalize

import cv2
import h5py
import numpy as np

from camseg.datasets.map_folder import (
    HDF5,
    IMAGES,
    IN_ONE,
    MAPS,
    MASKS,
    NIFTI,
    SUFFIXES,
    files_in,
    suffix_of,
)
from camseg.datasets.masks import read_mask
from camseg.errors import CamsegError
from camseg.explanations.scaling import to_grey
from camseg.formats import nifti
from camseg.formats.image_files import read_numbers, read_picture
from camseg.formats.pictures import PIXELS_LIMIT, Picture, eight_bit
from camseg.io import hdf5

NAMES = "names"
NOT_BINARY = (
    "is no mask: its values must be 0 and, in the lesion, one other; of lesions that are numbered, "
    "save mask > 0"
)
TOGETHER = 16  # NIfTI files that are open at once, say the masks of one name
OF_MASK = re.compile(r"(.+)_mask(_\d+)?")
PARSERS = (OSError, KeyError, ValueError, RuntimeError, zipfile.BadZipFile, zlib.error)


@dataclass(frozen=True)
class Entry:
    """An array: where it is, and the function that reads it.

    Of NIfTI, `frame` says where it lies, and a slice is of the `volume` of that name.
    """

    place: str
    read: Callable[[], np.ndarray]
    volume: str | None = None
    frame: nifti.Frame | None = None


class Source(Mapping[str, np.ndarray]):
    """Arrays (H, W) by name, each read when it is asked for; CamsegError names what is wrong.

    `origin` says where they are from, and `entry(name)` what is known of each.
    """

    def __init__(self, origin: str, entries: Mapping[str, Entry]) -> None:
        self.origin = origin
        self._entries = entries

    def __getitem__(self, name: str) -> np.ndarray:
        return self._entries[name].read()

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def entry(self, name: str) -> Entry:
        """Return what is known of an array besides its values."""
        return self._entries[name]

    def place(self, name: str) -> str:
        """Return where an array is: its file, or its name in one."""
        return self._entries[name].place


def source_of(values: Any, kind: str) -> Source:
    """Return arrays of Python's as a source: a mapping by name, or (n, H, W) named "0", "1", ...

    `kind` is MAPS, MASKS or IMAGES.
    """
    if isinstance(values, Source):
        return values
    if isinstance(values, Mapping):
        places = {plain(str(name)): (f"{kind}[{name!r}]", name) for name in values}
    else:
        places = {str(row): (f"{kind}[{row}]", row) for row in range(len(values))}

    def read(place: str, key: Any) -> np.ndarray:
        return _checked(np.asarray(values[key]), kind, place)

    return Source(
        kind,
        {name: Entry(place, partial(read, place, key)) for name, (place, key) in places.items()},
    )


def open_source(path: str | Path, kind: str) -> Source:
    """Return what a folder, or an NPZ or HDF5 file, holds of a `kind`: MAPS, MASKS or IMAGES.

    Maps come as they are, masks as uint8 {0, 1}, images as uint8. Raises CamsegError if it cannot
    be read, or holds nothing of that kind.
    """
    path = Path(path)
    if path.is_dir():
        entries = _in_folder(path, kind)
    elif not path.exists():
        raise CamsegError(f"{path} is missing: name the folder or file of the {kind}")
    elif path.suffix.lower() == ".npz":
        entries = _in_npz(path, kind)
    elif path.suffix.lower() in HDF5:
        entries = _in_hdf5(path, kind)
    elif suffix_of(path) in SUFFIXES:
        raise CamsegError(f"{path}: is the file of one name: give the folder that it is in")
    else:
        known = ", ".join(IN_ONE)
        raise CamsegError(f"{path}: is neither a folder nor a file that ends in {known}")
    if not entries:
        raise CamsegError(f"{path}: holds no {kind}; files of these end in {', '.join(SUFFIXES)}")
    return Source(str(path), entries)


def _in_folder(folder: Path, kind: str) -> dict[str, Entry]:
    found: dict[str, list[Path]] = defaultdict(list)
    for path in files_in(folder):
        found[plain(path.name[: -len(suffix_of(path))])].append(path)
    of_mask = {stem: match[1] for stem in found if (match := OF_MASK.fullmatch(stem))}
    if kind == MASKS:
        marked = set(of_mask.values())
        stems = {stem: of_mask.get(stem, stem) for stem in found if stem not in marked}
    else:  # images and their masks may lie side by side
        stems = {stem: stem for stem in found if of_mask.get(stem) not in found}
    parts: dict[str, list[list[Path]]] = defaultdict(list)
    for stem, name in stems.items():
        parts[name].append(found[stem])
    entries: dict[str, Entry] = {}
    opened = lru_cache(TOGETHER)(nifti.Volume)  # slices are asked for in order
    for name, of_name in sorted(parts.items()):
        place = ", ".join(str(path) for paths in of_name for path in paths)
        read = partial(_read_files, of_name, kind, opened)
        if suffix_of(of_name[0][0]) not in NIFTI:
            entries[name] = Entry(place, read)
            continue
        try:
            frame = opened(of_name[0][0]).frame
        except CamsegError:  # which is told where it is read
            entries[name] = Entry(place, read)
            continue
        slices = frame.shape[2]
        if slices == 1:
            entries[name] = Entry(place, read, frame=frame)
        for number in range(slices) if slices > 1 else ():
            at = f"{place}, slice {number}"
            entries[f"{name}[{number}]"] = Entry(at, partial(read, number), name, frame)
    return entries


def _read_files(
    parts: list[list[Path]], kind: str, opened: Callable, number: int = 0
) -> np.ndarray:
    """Return what the files of one name hold; `parts` lists, for each stem, the files that have it.

    Of NIfTI, which `opened` opens, the slice of that number. Several masks of a name are united, in
    the size of the first.
    """
    for paths in parts:
        if len(paths) > 1:
            both = " and ".join(map(str, paths))
            raise CamsegError(f"{both} have one name: keep one of them, or rename")
    first, *others = [paths[0] for paths in parts]
    mask = _read_file(first, kind, opened, number)
    for path in others:
        _check_beside(path, first, opened)
        other = _read_file(path, kind, opened, number)
        if other.shape != mask.shape:
            size = mask.shape[::-1]
            other = cv2.resize(other, size, interpolation=cv2.INTER_NEAREST_EXACT)
        mask = mask | other
    return mask


def _check_beside(path: Path, first: Path, opened: Callable) -> None:
    """Raise CamsegError if a mask cannot be united with the first of its name."""
    frame, of_first = (
        opened(each).frame if suffix_of(each) in NIFTI else None for each in (path, first)
    )
    if frame and of_first:
        reason = nifti.apart(frame, of_first)
    else:  # a picture goes with a single slice
        several = any(each and each.shape[2] > 1 for each in (frame, of_first))
        reason = "is no volume, or the other is one: make them alike" if several else ""
    if reason:
        raise CamsegError(f"{path}: beside {first}, of the same name: {reason}")


def _read_file(path: Path, kind: str, opened: Callable, number: int) -> np.ndarray:
    if suffix_of(path) in NIFTI:
        volume = opened(path)
        if kind == MASKS and not volume.is_binary:  # which one slice may hide
            raise CamsegError(f"{path}: {NOT_BINARY}")
        return _checked(volume[number], kind, str(path))
    if path.suffix.lower() == ".npy":
        return _checked(_read_npy(path), kind, str(path))
    try:
        if kind == MAPS:
            return read_numbers(path)
        picture = read_picture(path)
    except CamsegError as error:
        if str(error).endswith("is a colour image"):
            raise CamsegError(_coloured(path, kind)) from error
        raise
    if kind == IMAGES:
        return eight_bit(picture)
    opaque = picture.alpha is None or picture.alpha.min() == picture.alpha.max()
    if opaque and not picture.grey.any():  # of a normal image
        return np.zeros(picture.grey.shape, np.uint8)
    return read_mask(path, picture.grey.shape)[0]


def _read_npy(path: Path) -> np.ndarray:
    try:
        values = np.load(path, mmap_mode="r", allow_pickle=False)
    except (EOFError, *PARSERS) as error:
        raise CamsegError(f"{path}: cannot be read: {error}; write it by numpy.save") from error
    if not isinstance(values, np.ndarray):
        raise CamsegError(f"{path}: is no NPY file; write it by numpy.save")
    return _bounded(values, str(path))


def _in_npz(path: Path, kind: str) -> dict[str, Entry]:
    try:
        archive = np.load(path, allow_pickle=False)
        if not isinstance(archive, np.lib.npyio.NpzFile):
            raise ValueError("is no NPZ file")
        # an array in a ZIP is unpacked as a whole: here, once
        stacked = {name: archive[name] for name in {kind, NAMES} & set(archive.files)}
    except (EOFError, *PARSERS) as error:
        raise _unreadable(path, error) from error
    return _in_one_file(path, kind, archive, list(archive.files), stacked)


def _in_hdf5(path: Path, kind: str) -> dict[str, Entry]:
    try:
        file = hdf5.open_file(path)
        stacked = {name: file[name] for name in {kind, NAMES} & set(file)}
        for name in file:
            if not isinstance(file[name], h5py.Dataset):
                raise CamsegError(f"{path}: {name} is a group: put the arrays side by side")
        if NAMES in stacked:
            stacked[NAMES] = stacked[NAMES][:]
    except PARSERS as error:
        if isinstance(error, CamsegError):
            raise
        raise _unreadable(path, error) from error
    return _in_one_file(path, kind, file, list(file), stacked)


def _in_one_file(
    path: Path, kind: str, file: Any, arrays: list[str], stacked: dict[str, Any]
) -> dict[str, Entry]:
    if kind in stacked:
        if NAMES not in stacked:
            raise CamsegError(f"{path}: has {kind}, but no {NAMES}; add them, a text for each")
        names = [_text(name) for name in stacked[NAMES]]
        if len(names) != len(stacked[kind]):
            raise CamsegError(f"{path}: has {len(names)} {NAMES} for {len(stacked[kind])} {kind}")
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise CamsegError(f"{path}: has the name {twice} twice; remove or rename one")
        values = stacked[kind]
        keys: dict[str, Any] = dict(zip(names, range(len(names)), strict=True))
    else:
        values, keys = file, {plain(name): name for name in arrays}

    def read(name: str) -> np.ndarray:
        place = f"{path}: {name}"
        try:
            found = values[keys[name]]
            found = _bounded(found, place)
        except CamsegError:
            raise
        except PARSERS as error:
            raise _unreadable(path, error) from error
        return _checked(found, kind, place)

    return {name: Entry(f"{path}: {name}", partial(read, name)) for name in keys}


def plain(name: str) -> str:
    """Return a name with its accents composed, however a system or program writes them."""
    return normalize("NFC", name)


def _text(name: Any) -> str:
    return plain(name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name))


def _unreadable(path: Path, error: Exception) -> CamsegError:
    reason = str(error).partition("\n")[0] or type(error).__name__
    remedy = "save texts as names.astype(str)" if "allow_pickle" in reason else "write it again"
    return CamsegError(f"{path}: cannot be read: {reason}; {remedy}")


def _bounded(values: Any, place: str) -> np.ndarray:
    """Return an array, which may still be on the disk, in memory if it is as small as an image."""
    size = int(np.prod(values.shape))
    if not 0 < size <= PIXELS_LIMIT:
        raise CamsegError(f"{place}: is of shape {values.shape}: no image has so many pixels")
    return np.array(values)


def _checked(values: np.ndarray, kind: str, place: str) -> np.ndarray:
    """Return an array (H, W) of numbers as its kind is; CamsegError if it is none."""
    if values.ndim == 3 and values.shape[-1] in (3, 4) and min(values.shape[:2]) > 1:
        raise CamsegError(_coloured(place, kind))
    if values.ndim != 2 or 0 in values.shape or values.dtype.kind not in "biuf":
        hint = "; take array[0]" if values.ndim == 3 and len(values) == 1 else ""
        raise CamsegError(
            f"{place}: is {values.dtype} of shape {values.shape}: must be numbers in rows and "
            f"columns{hint}"
        )
    if kind == MASKS:
        return _binary(values, place)
    if kind == IMAGES and values.dtype != np.uint8:
        if values.dtype.kind in "iu":
            return eight_bit(Picture(values))
        if not np.isfinite(values).all():
            raise CamsegError(f"{place}: holds values that are not finite; mend the image")
        return to_grey(values[np.newaxis], values.shape)[0]
    return values


def _coloured(place: str | Path, kind: str) -> str:
    remedy = "save it in grey"
    if kind == MAPS:
        remedy = "a map drawn in colours is no map any more; save its numbers, as by numpy.save"
    return f"{place}: is a colour picture: {remedy}"


def _binary(values: np.ndarray, place: str) -> np.ndarray:
    """Return a mask in numbers as uint8 {0, 1}: 0, and one other value for the lesion."""
    lesion = values != 0
    marked = values[lesion]
    if marked.size and (marked != marked[0]).any():
        raise CamsegError(f"{place}: {NOT_BINARY}")
    return lesion.astype(np.uint8)
