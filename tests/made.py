"""Made-up ROIs, the rules that tests cut ROIs by, and the index of a folder of DDSM cases."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from camseg.datasets import index
from camseg.datasets.registry import SOURCES
from camseg.datasets.views import Row
from camseg.io.store import Rois
from camseg.rois.lesions import Rules

RULES = Rules(
    size=32,
    padding=(0.25, 0.25),
    outline="boundary",
    overlap="drop_normal",
    min_breast_share=0.5,
    seed=1,
)


def index_source(path: Path, source: str, **options) -> Iterator[list[Row]]:
    """The index rows of a source's data, case by case; `options` are those of `index_cases`."""
    known = SOURCES[source]
    return index.index_cases(path, known.reader, known.listing, **options)


def make_rois(names, size=8) -> Rois:
    """ROIs of these ids, at random."""
    rng = np.random.default_rng(len(names))
    shape = (len(names), size, size)
    text = np.array(names, dtype=object)
    return Rois(
        image=rng.integers(0, 256, shape).astype(np.uint8),
        mask=rng.integers(0, 2, shape).astype(np.uint8),
        label=rng.integers(0, 2, len(names)).astype(np.uint8),
        roi_id=text,
        patient_id=text,
        view=text,
        pathology=text,
        lesion_type=text,
        box=rng.integers(0, 99, (len(names), 4)).astype(np.int32),
    )
