"""Grey images in common files; what a file is, its content tells, not its name.

| | read by | because |
| --- | --- | --- |
| DICOM | pydicom | the reference in Python; polarity and padding by its rules are ours |
| TIFF | tifffile, imagecodecs | every depth and layout, and the tags that say how to show it |
| PNG in colour | imagecodecs | Pillow cuts 16 bits to 8 |
| PNG in grey, JPEG, PGM, BMP, GIF, WebP, JPEG 2000 in grey | Pillow | full depth, strict |

All are refused where they are not whole, and shown turned as EXIF's or TIFF's tag says.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np

from camseg.errors import CamsegError
from camseg.formats import dicom, rasters
from camseg.formats.pictures import Picture

DICOM_SUFFIXES = (".dcm", ".dicom", ".dic")

T = TypeVar("T")


def is_dicom(path: Path) -> bool:
    """Return whether a file says that it is DICOM; CamsegError if it cannot be opened."""
    place, magic = dicom.MAGIC
    return _read(path, _head)[place] == magic


def read_size(path: Path) -> tuple[int, int]:
    """Return the rows and columns of an image as shown, from its header; errors as `read_picture`.

    A header tells what is shown upright: an image that is stored turned has the size it is shown
    in.
    """
    return _read(path, _reader(path, dicom.read_size, rasters.read_tiff_size, rasters.read_size))


def read_picture(path: Path, *, colours: bool = False) -> Picture:
    """Return an image as a viewer shows it, in the file's own depth, bright = large.

    With `colours`, those of a file other than DICOM become their luma. Raises CamsegError, naming
    the file, if it is missing, not whole, else coloured, of several frames, or of a kind whose
    depth would be cut.
    """
    tiff, rest = (
        partial(read, colours=colours) for read in (rasters.read_tiff, rasters.read_picture)
    )
    return _read(path, _reader(path, dicom.read_picture, tiff, rest))


def read_numbers(path: Path) -> np.ndarray:
    """Return an image's numbers (H, W): floating point, as TIFF may hold, or `read_picture`'s grey.

    Errors as there.
    """
    if _read(path, _head)[:4] in rasters.TIFF_MAGIC:
        numbers = _read(path, rasters.read_float_tiff)
        if numbers is not None:
            return numbers
    return read_picture(path).grey


def _reader(
    path: Path, of_dicom: Callable[[Path], T], of_tiff: Callable[[Path], T], of_rest: Callable
) -> Callable[[Path], T]:
    """Return which of the three functions is for a file, by its first bytes."""
    head = _read(path, _head)
    place, magic = dicom.MAGIC
    if head[place] == magic:
        return of_dicom
    if head[:4] in rasters.TIFF_MAGIC:
        return of_tiff
    # one that calls itself DICOM, and is no image that we know, gets pydicom's reason
    known = head[:8] == b"\x89PNG\r\n\x1a\n" or head[:3] == b"\xff\xd8\xff"
    return of_dicom if path.suffix.lower() in DICOM_SUFFIXES and not known else of_rest


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(132)


def _read(path: Path, read: Callable[[Path], T]) -> T:
    """Return `read(path)`, whose errors of any kind become one line that names the file."""
    try:
        if not path.is_file():
            raise FileNotFoundError
        return read(path)
    except FileNotFoundError as error:
        raise CamsegError(f"{path} is missing") from error
    except CamsegError as error:
        raise CamsegError(f"{path}: {error}") from error
    except Exception as error:  # the libraries' parsers raise whatever broken bytes lead them to
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise CamsegError(f"{path}: cannot be read: {reason}") from error
