"""Grey images in PNG, JPEG, PGM and the like, and in TIFF files.

Pillow reads all but TIFF; but it cuts colours of 16 bits to 8, so that imagecodecs decodes the
colour PNGs. TIFF is tifffile's, which keeps every depth and says what Pillow hides or gets wrong:
photometric interpretation and orientation at any depth.
"""

import logging
import struct
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import imagecodecs
import numpy as np
import tifffile
from PIL import Image, UnidentifiedImageError

from camseg.errors import CamsegError
from camseg.formats.pictures import Picture, check_size, inverted, turned, turned_shape

# Pillow's names: of formats; of those whose colours it reads in 8 bits where the file has no more
# (of PNG its palettes alone, see `read_picture`); and of kinds of pixels
FORMATS = ("PNG", "JPEG", "PPM", "BMP", "GIF", "WEBP", "JPEG2000")
EIGHT_BIT_COLOUR = ("PNG", "JPEG", "BMP", "GIF", "WEBP")
GREY = ("1", "L", "I", "I;16", "I;16B", "I;16L")
COLOUR = ("P", "PA", "LA", "RGB", "RGBA")  # which may hold grey images, too
ORIENTATION = 274  # tag of EXIF and TIFF
LUMA = (0.299, 0.587, 0.114)  # of red, green, blue: ITU-R BT.601
FLOATING = 3  # TIFF's format of samples
KNOWN = ("MINISWHITE", "MINISBLACK", "RGB", "PALETTE", "YCBCR")  # of TIFF's interpretations
logging.getLogger("tifffile").setLevel(logging.CRITICAL)  # its warnings do not name the file
TIFF_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def read_size(path: Path) -> tuple[int, int]:
    """Return the rows and columns of an image as shown, from its header."""
    with _opened(path) as image:
        return turned_shape((image.height, image.width), _orientation(image, path))


def read_picture(path: Path, *, colours: bool = False) -> Picture:
    """Return an image as shown, in full depth; transparency hides nothing.

    `colours` are refused, or become their luma.
    """
    with _opened(path) as image:
        orientation = _orientation(image, path)
        if image.mode in GREY:
            return Picture(turned(np.asarray(image), orientation))
        if image.format == "PNG" and image.mode not in ("P", "PA"):
            pixels = imagecodecs.png_decode(path.read_bytes())
        elif image.format in EIGHT_BIT_COLOUR:
            pixels = np.asarray(image.convert("RGBA" if image.has_transparency_data else "RGB"))
        else:
            raise CamsegError(f"is a colour {image.format}: save it as a grey or a PNG image")
    return _grey_of_colours(turned(pixels, orientation), colours=colours)


def read_tiff_size(path: Path) -> tuple[int, int]:
    """Return the rows and columns of a TIFF's image as shown, from its header."""
    with tifffile.TiffFile(path) as file:
        page, orientation = _page(file)
        return turned_shape((page.imagelength, page.imagewidth), orientation)


def read_tiff(path: Path, *, colours: bool = False) -> Picture:
    """Return a TIFF's image as shown, in full depth; transparency hides nothing.

    `colours` are refused, or become their luma. Bright and dark change places by WhiteIsZero at any
    depth.
    """
    with tifffile.TiffFile(path) as file:
        page, orientation = _page(file)
        _check_whole(page, path.stat().st_size)
        pixels = page.asarray()
        if page.photometric == tifffile.PHOTOMETRIC.PALETTE and page.colormap is not None:
            pixels = np.moveaxis(page.colormap[:, pixels], 0, -1)
            if not (pixels % 257).any():  # 8 bits, written in 16
                pixels = (pixels // 257).astype(np.uint8)
        elif pixels.dtype == bool:
            pixels = pixels.astype(np.uint8) * 255
        elif pixels.dtype == np.uint8 and page.bitspersample < 8:
            pixels = pixels * np.uint8(255 // (2**page.bitspersample - 1))
        if page.samplesperpixel > 1 and page.planarconfig == tifffile.PLANARCONFIG.SEPARATE:
            pixels = np.moveaxis(pixels, 0, -1)
    picture = _grey_of_colours(turned(pixels, orientation), colours=colours)
    if page.photometric == tifffile.PHOTOMETRIC.MINISWHITE:
        grey = inverted(picture.grey, max(8, page.bitspersample))
        picture = replace(picture, grey=grey)
    return picture


def read_float_tiff(path: Path) -> np.ndarray | None:
    """Return the numbers (H, W) of a TIFF of floating point as shown; None if it is of integers."""
    with tifffile.TiffFile(path) as file:
        page = file.pages.first
        if page.sampleformat != FLOATING:
            return None
        check_size(page.imagelength, page.imagewidth)
        if len(file.pages) != 1 or page.samplesperpixel != 1:
            raise CamsegError("holds several frames or channels, not one image")
        _check_whole(page, path.stat().st_size)
        tag = page.tags.get(ORIENTATION)
        return turned(page.asarray(), tag.value if tag else 1)


def _opened(path: Path) -> Image.Image:
    try:
        image = Image.open(path, formats=FORMATS)
    except UnidentifiedImageError as error:
        known = ", ".join(("DICOM", "TIFF", *FORMATS))
        raise CamsegError(f"cannot be read: it is none of {known}") from error
    check_size(image.height, image.width)
    if (frames := getattr(image, "n_frames", 1)) != 1:
        raise CamsegError(f"holds {frames} frames, not one image")
    if image.mode not in GREY + COLOUR:
        raise CamsegError(f"its pixels are {image.mode}, not grey levels of 8 or 16 bits")
    return image


def _orientation(image: Image.Image, path: Path) -> int:
    """Return how the image is to be turned, without decoding it."""
    if image.format != "PNG":
        return image.getexif().get(ORIENTATION, 1)
    with path.open("rb") as file:
        exif = Image.Exif()
        exif.load(_png_exif(file))
        return exif.get(ORIENTATION, 1)


def _png_exif(file: BinaryIO) -> bytes:
    """Return the EXIF block of a PNG, which may follow the pixels; empty if there is none."""
    file.seek(8)
    while len(head := file.read(8)) == 8:
        length, kind = struct.unpack(">I4s", head)
        if kind == b"eXIf":
            return file.read(length)
        file.seek(length + 4, 1)
    return b""


def _page(file: tifffile.TiffFile) -> tuple[tifffile.TiffPage, int]:
    """Return the one page of a TIFF and its orientation, if it is an image that can be grey."""
    page = file.pages.first
    check_size(page.imagelength, page.imagewidth)
    if len(file.pages) != 1:
        raise CamsegError(f"holds {len(file.pages)} frames, not one image")
    if page.sampleformat not in (1, 2) or not 1 <= page.bitspersample <= 32:
        raise CamsegError(
            f"its pixels are {page.dtype or f'of {page.bitspersample} bits'}, "
            "not grey levels of 8 or 16 bits"
        )
    shown_as = tifffile.PHOTOMETRIC(page.photometric).name
    if shown_as not in KNOWN or page.imagedepth != 1 or page.samplesperpixel > 4:
        raise CamsegError(f"its pixels are {shown_as}, not grey levels")
    tag = page.tags.get(ORIENTATION)
    return page, tag.value if tag else 1


def _check_whole(page: tifffile.TiffPage, length: int) -> None:
    """Raise CamsegError if a file of `length` bytes lacks some: missing pixels would be black."""
    parts = list(zip(page.dataoffsets, page.databytecounts, strict=True))
    if any(not count or start + count > length for start, count in parts):
        raise CamsegError("cannot be read: it is cut short")
    if page.compression == tifffile.COMPRESSION.NONE:
        bits = page.imagewidth * page.samplesperpixel * page.bitspersample
        if sum(count for _, count in parts) < page.imagelength * (bits // 8):
            raise CamsegError("cannot be read: it holds fewer pixels than its header says")


def _grey_of_colours(pixels: np.ndarray, *, colours: bool) -> Picture:
    """Return the picture in pixels (H, W) or (H, W, 1 to 4): grey, colours, each with alpha or not.

    Colours that differ become their luma if `colours` is true, else they raise CamsegError.
    """
    if pixels.ndim == 2:
        return Picture(pixels)
    samples = pixels.shape[2]
    alpha = pixels[..., -1] if samples in (2, 4) else None
    if samples >= 3 and (pixels[..., :1] != pixels[..., 1:3]).any():
        if not colours:
            raise CamsegError("is a colour image")
        luma = np.rint(pixels[..., :3].astype(np.float64) @ LUMA)
        return Picture(luma.astype(pixels.dtype), alpha=alpha)
    return Picture(np.ascontiguousarray(pixels[..., 0]), alpha=alpha)
