"""What the explorer's page makes of packed maps, masks and curves (unpack.js), in NumPy."""

import base64
import zlib

import numpy as np

from camseg.explorer.packing import STEPS


def unpack_map(packed: list) -> np.ndarray:
    """Return the map (side, side) uint8 of `pack_map`, as the page unpacks it."""
    side, differ, text = packed
    grey = np.frombuffer(_unzip(text), np.uint8).reshape(side, side)
    return grey.cumsum(axis=0).cumsum(axis=1).astype(np.uint8) if differ else grey


def unpack_mask(text: str, side: int) -> np.ndarray:
    """Return the mask (side, side) uint8 of `pack_mask`."""
    bits = np.frombuffer(_unzip(text), np.uint8)
    return np.unpackbits(bits, count=side * side).reshape(side, side)


def unpack_curves(text: str) -> np.ndarray:
    """Return the Dice curves (n, 256) of `pack_curves`, each at most 0.5 / STEPS off."""
    low, high = np.frombuffer(_unzip(text), np.uint8).reshape(2, -1, 256).astype(np.uint16)
    return (low + 256 * high).cumsum(axis=1).astype(np.uint16) / STEPS


def _unzip(text: str) -> bytes:
    return zlib.decompress(base64.b64decode(text))
