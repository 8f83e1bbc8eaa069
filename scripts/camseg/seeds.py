"""Random numbers from one seed, derived per purpose: nothing depends on the order of jobs.

Seeds need Python alone: the workflow derives some, too.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


def derive_seed(seed: int, *purpose: str | int) -> int:
    """Return the 63-bit seed of `purpose` (say "padding", roi_id) under the study's `seed`."""
    text = "\x1f".join([str(int(seed)), *map(str, purpose)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def generator(seed: int, *purpose: str | int) -> np.random.Generator:
    """Return NumPy's generator for `purpose` under the study's `seed`."""
    import numpy as np

    return np.random.Generator(np.random.PCG64(derive_seed(seed, *purpose)))
