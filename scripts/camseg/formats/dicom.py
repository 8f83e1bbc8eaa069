"""Grey images in DICOM files: read by pydicom, shown by the rules of PS3.3 (C.7.6.3, C.11)."""

from pathlib import Path

import numpy as np
import pydicom
from pydicom.pixels.processing import apply_modality_lut, apply_voi

from camseg.errors import CamsegError
from camseg.formats.pictures import Picture, check_size, inverted

MAGIC = slice(128, 132), b"DICM"  # where a DICOM file says that it is one


def read_size(path: Path) -> tuple[int, int]:
    """Return an image's rows and columns from its header."""
    dataset = _dataset(path, pixels=False)
    return int(dataset.Rows), int(dataset.Columns)


def read_picture(path: Path) -> Picture:
    """Return an image in full depth: bright where a viewer shows it bright.

    Dark and bright change places by MONOCHROME1, by a rescale slope below 0 and by a table for
    display (VOI LUT Sequence) that falls; a Modality LUT Sequence is looked up. A window is not
    applied: it would cut the range. Padding is the Pixel Padding Value, up to its Range Limit.
    """
    dataset = _dataset(path, pixels=True)
    stored = dataset.pixel_array
    grey, bits = stored, int(dataset.BitsStored)
    falls = dataset.PhotometricInterpretation == "MONOCHROME1"
    if dataset.get("ModalityLUTSequence"):
        grey = apply_modality_lut(stored, dataset)
        bits = 8 * grey.itemsize
    elif float(dataset.get("RescaleSlope") or 1) < 0:
        falls = not falls
    if tables := dataset.get("VOILUTSequence"):
        count, start, _ = tables[0].LUTDescriptor
        ends = apply_voi(np.array([start, start + (count or 1 << 16) - 1], np.int64), dataset)
        falls = falls != bool(ends[0] > ends[1])
    if grey.dtype.kind not in "iu":
        raise CamsegError(f"its pixels are {grey.dtype}, not whole numbers")
    if grey.dtype == np.uint8 and bits < 8:  # not the 8 bits that are taken as they stand
        grey = grey.astype(np.uint16)
    return Picture(inverted(grey, bits) if falls else grey, _padding(dataset, stored))


def _dataset(path: Path, *, pixels: bool) -> pydicom.Dataset:
    dataset = pydicom.dcmread(path, stop_before_pixels=not pixels)
    if int(dataset.get("NumberOfFrames") or 1) != 1:
        raise CamsegError(f"holds {dataset.NumberOfFrames} frames, not one image")
    if int(dataset.get("SamplesPerPixel") or 1) != 1:
        raise CamsegError("is a colour image")
    if not str(dataset.PhotometricInterpretation).startswith("MONOCHROME"):
        raise CamsegError(f"its pixels are {dataset.PhotometricInterpretation}, not grey levels")
    check_size(int(dataset.Rows), int(dataset.Columns))
    return dataset


def _padding(dataset: pydicom.Dataset, stored: np.ndarray) -> np.ndarray | None:
    """Return which stored pixels are padding; None if none is."""
    value = dataset.get("PixelPaddingValue")
    if value is None:
        return None
    # values may be written as if unsigned, whatever the pixels are
    wrap = 1 << 8 * stored.itemsize
    first, last = (
        int(np.array(int(each) % wrap).astype(stored.dtype))
        for each in (value, dataset.get("PixelPaddingRangeLimit", value))
    )
    padding = (stored >= min(first, last)) & (stored <= max(first, last))
    if padding.all():
        raise CamsegError("all of it is padding")
    return padding if padding.any() else None
