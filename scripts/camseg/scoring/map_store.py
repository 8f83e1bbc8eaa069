"""Heat maps made elsewhere, as they are scored, in one file with what they are scored against.

HDF5: `roi_id` (n,) and `method` (m,), texts; of the ROI in row 7, whose size is its own,
`maps-000007` (m, H, W) uint8 as scored, `mask-000007` (H, W) uint8 {0, 1} and, where images are
given, `image-000007` (H, W) uint8.
"""

from collections.abc import Iterable
from pathlib import Path

import h5py
import numpy as np
from tqdm import tqdm

from camseg.explanations.scaling import to_grey
from camseg.io import hdf5
from camseg.scoring.map_checks import SCORED, Examined

SCHEMA = 1  # raised when a dataset changes its meaning


def write_maps(path: str | Path, examined: Examined) -> None:
    """Write what is scored, ROI by ROI; CamsegError if a file cannot be read any more."""
    scored = examined.rois.loc[examined.rois["status"] == SCORED, "roi_id"]
    with hdf5.new_file(path) as file:
        hdf5.put_attributes(file, {"kind": "maps", "schema_version": SCHEMA})
        hdf5.put(file, "roi_id", _texts(scored))
        hdf5.put(file, "method", _texts(examined.methods))
        named = tqdm(scored, desc="writing maps", unit="ROI", delay=2, mininterval=5)
        for row, name in enumerate(named):
            mask = examined.masks[name]
            raw = (source[name][np.newaxis] for source in examined.methods.values())
            maps = np.concatenate([to_grey(each, mask.shape) for each in raw])
            _put(file, f"maps-{row:06}", maps)
            _put(file, f"mask-{row:06}", mask)
            if examined.images is not None:
                _put(file, f"image-{row:06}", examined.images[name])


def _texts(values: Iterable[str]) -> np.ndarray:
    encoded = np.char.encode(np.array(list(values), str), "utf-8")
    return encoded.astype(h5py.string_dtype("utf-8", encoded.dtype.itemsize))


def _put(file: h5py.File, name: str, values: np.ndarray) -> None:
    """Write pixels, packed image by image and with checksums."""
    chunks = (1,) * (values.ndim - 2) + values.shape[-2:]
    packed = {"compression": "gzip", "shuffle": True, "fletcher32": True}
    file.create_dataset(name, data=values, chunks=chunks, **packed)
