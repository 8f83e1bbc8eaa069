"""Small pictures of the images that ROIs were cut from, to show where in them a ROI lies."""

import json
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from camseg.datasets.readers import reader
from camseg.datasets.views import Row
from camseg.explorer.packing import pack_image
from camseg.io.checked import read_json
from camseg.io.files import whole_file

SIDE = 160  # pixels of the longer side
QUALITY = 75  # of their JPEG
TAIL = 0.5  # percent of the pixels, shown as black and as white


def name_of(row: Row) -> str:
    """Return what a view is called among the pictures: its case and its view."""
    return f"{row['case_id']} {row['view']}"


def shrink(image: np.ndarray) -> np.ndarray:
    """Return an image (H, W) uint8 with SIDE pixels on its longer side, its grey levels spread.

    An image that is smaller keeps its size.
    """
    scale = min(1, SIDE / max(image.shape))
    size = [max(1, round(length * scale)) for length in image.shape[::-1]]
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    low, high = np.percentile(small, (TAIL, 100 - TAIL))
    spread = (small - low) * (255 / max(high - low, 1))
    return spread.clip(0, 255).astype(np.uint8)


def pictures(rows: list[Row], folder: Path) -> dict[str, str]:
    """Return the small picture, a JPEG in base64, of each view of `rows`, by `name_of`.

    Each is decoded once. `folder` is the one that the rows' paths start from. Raises CamsegError,
    naming the file, if a view cannot be read.
    """
    views = {name_of(row): row for row in rows}
    return {
        name: pack_image(shrink(reader(row["source"]).read_view(row, folder)[0]), QUALITY)
        for name, row in tqdm(sorted(views.items()), unit="view", mininterval=5)
    }


def write_pictures(path: str | Path, found: dict[str, str]) -> None:
    """Write pictures as one JSON object."""
    with whole_file(path) as temporary:
        temporary.write_text(json.dumps(found, indent=0, sort_keys=True) + "\n", encoding="utf-8")


def read_pictures(path: str | Path, names: set[str]) -> dict[str, str]:
    """Return the pictures of a file, which must have those of `names`; CamsegError if not."""
    return read_json(path, dict.fromkeys(names))
