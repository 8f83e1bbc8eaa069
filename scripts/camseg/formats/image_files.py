"""Grey images in common files: DICOM (by the suffix .dcm), and PNG, PGM, TIFF by Pillow."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
import pydicom
from PIL import Image

from camseg.errors import CamsegError

PIXELS_LIMIT = 1 << 28  # the largest mammograms have some 30 million
GREY = ("1", "L", "I", "I;16", "I;16B", "I;16L")  # Pillow's modes
COLOUR = ("P", "PA", "LA", "RGB", "RGBA")  # which may hold grey images, too


T = TypeVar("T")


def read_size(path: Path) -> tuple[int, int]:
    """Return an image's rows and columns from its header; raises CamsegError as `read_grey`."""
    return _read(path, _dicom_size if _is_dicom(path) else _raster_size)


def read_grey(path: Path) -> np.ndarray:
    """Return an image's (H, W) grey levels in the file's own integer type, bright = large.

    Raises CamsegError, naming the file, if it is missing, not whole, coloured or of several frames.
    """
    return _read(path, _dicom_grey if _is_dicom(path) else _raster_grey)


def eight_bit(grey: np.ndarray) -> np.ndarray:
    """Return grey levels as uint8: 8-bit ones as they stand, others from their minimum to maximum.

    An image of one level becomes 0.
    """
    if grey.dtype == np.uint8:
        return grey
    low, high = int(grey.min()), int(grey.max())
    scaled = (grey.astype(np.float32) - low) * np.float32(255 / max(high - low, 1))
    return np.rint(scaled).astype(np.uint8)


def _is_dicom(path: Path) -> bool:
    return path.suffix.lower() == ".dcm"


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


def _check_size(rows: int, columns: int) -> tuple[int, int]:
    """Return the size that a header claims; refuse it before memory is taken if it is a lie."""
    if not 0 < rows * columns <= PIXELS_LIMIT:
        raise CamsegError(f"its header says {rows} x {columns} pixels")
    return rows, columns


def _dicom(path: Path, *, pixels: bool) -> pydicom.Dataset:
    dataset = pydicom.dcmread(path, stop_before_pixels=not pixels)
    if int(dataset.get("NumberOfFrames") or 1) != 1:
        raise CamsegError(f"holds {dataset.NumberOfFrames} frames, not one image")
    if int(dataset.get("SamplesPerPixel") or 1) != 1:
        raise CamsegError("is a colour image")
    _check_size(int(dataset.Rows), int(dataset.Columns))
    return dataset


def _dicom_size(path: Path) -> tuple[int, int]:
    dataset = _dicom(path, pixels=False)
    return int(dataset.Rows), int(dataset.Columns)


def _dicom_grey(path: Path) -> np.ndarray:
    dataset = _dicom(path, pixels=True)
    inverted = dataset.PhotometricInterpretation == "MONOCHROME1"
    return ~dataset.pixel_array if inverted else dataset.pixel_array


def _raster(path: Path) -> Image.Image:
    image = Image.open(path)
    _check_size(image.height, image.width)
    if (frames := getattr(image, "n_frames", 1)) != 1:
        raise CamsegError(f"holds {frames} frames, not one image")
    if image.mode not in GREY + COLOUR:
        raise CamsegError(f"its pixels are {image.mode}, not grey levels of 8 or 16 bits")
    return image


def _raster_size(path: Path) -> tuple[int, int]:
    with _raster(path) as image:
        return image.height, image.width


def _raster_grey(path: Path) -> np.ndarray:
    with _raster(path) as image:
        if image.mode in GREY:
            return np.asarray(image)
        pixels = np.asarray(image.convert("RGB"))
    if (pixels != pixels[..., :1]).any():
        raise CamsegError("is a colour image")
    return pixels[..., 0]
