"""Pictures, masks, heat maps and Dice curves as short texts, which a browser unpacks by itself.

Texts are base64. What is inside is zlib's format (RFC 1950), which browsers undo with
`DecompressionStream("deflate")` (unpack.js); images are JPEG, which they show.
"""

import base64
import zlib

import cv2
import numpy as np

from camseg.errors import CamsegError

LARGEST = 3250  # bytes of a packed map; one that takes more is stored with half as many pixels
QUALITY = 92  # of the images' JPEG, 0 to 100
STEPS = 65535  # of Dice, from 0 to 1


def pack_map(grey: np.ndarray) -> list:
    """Return a heat map (S, S) uint8 as [its side as stored, whether as differences, the text].

    Without loss if it takes LARGEST bytes or less, else the mean of 2 x 2 pixels, of 4 x 4, and so
    on. Enlarged maps are smooth: of those the differences are stored, of a pixel to what its left,
    upper and upper left neighbours foretell, modulo 256; of others, if shorter, the pixels.
    """
    side = len(grey)
    while True:
        packed = {differ: _zip(_differences(grey) if differ else grey) for differ in (0, 1)}
        differ = min(packed, key=lambda kind: len(packed[kind]))
        if len(packed[differ]) <= LARGEST or side < 16:
            return [side, differ, _text(packed[differ])]
        side //= 2
        grey = cv2.resize(grey, (side, side), interpolation=cv2.INTER_AREA)


def _differences(grey: np.ndarray) -> np.ndarray:
    """Return x[i, j] - x[i-1, j] - x[i, j-1] + x[i-1, j-1], modulo 256; beyond the edge is 0."""
    wide = np.pad(grey.astype(int), ((1, 0), (1, 0)))
    return np.diff(np.diff(wide, axis=0), axis=1).astype(np.uint8)


def pack_mask(mask: np.ndarray) -> str:
    """Return a mask (S, S) of {0, 1} as a text: row by row, 8 pixels a byte, the first highest."""
    return _text(_zip(np.packbits(mask)))


def pack_curves(curves: np.ndarray) -> str:
    """Return Dice curves (n, 256), 0 to 1, as a text: in steps of 1 / STEPS.

    Of each curve the differences from one threshold to the next, modulo 65536: first all their
    lower bytes, then the higher ones. Raises CamsegError if a Dice is missing.
    """
    if not np.isfinite(curves).all():
        raise CamsegError("a Dice curve of an abnormal ROI has gaps: score its maps again")
    whole = np.rint(curves * STEPS).astype(int)
    steps = np.diff(whole, axis=1, prepend=0).astype(np.uint16).ravel()
    return _text(_zip(np.stack([steps & 255, steps >> 8]).astype(np.uint8)))


def pack_image(image: np.ndarray, quality: int = QUALITY) -> str:
    """Return an image, uint8, (H, W) grey or (H, W, 3) BGR, as a JPEG."""
    done, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert done
    return _text(data.tobytes())


def _zip(values: np.ndarray) -> bytes:
    return zlib.compress(values.tobytes(), 9)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
