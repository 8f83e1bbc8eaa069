"""How much faster mean-Dice by histograms is than 256 NumPy comparisons per ROI.

    python benchmarks/bench_dice.py [--rois 64] [--size 224]

Both run in one process, one thread, on the same maps; the fastest of several rounds counts.
Below them, the time that finding the limit of a grid takes.
"""

import argparse
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

import cv2

from camseg.scoring.dice import mean_dice
from camseg.scoring.grid_limit import grid_limits
from camseg.seeds import generator
from finding import span, tell


def brute_force(cams: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """Equation 9 to the letter, with NumPy's fastest count of true pixels."""
    result = np.empty(len(cams))
    for roi, (cam, mask) in enumerate(zip(cams, masks, strict=True)):
        in_mask = np.count_nonzero(mask)
        total = 0.0
        for t in range(256):
            above = cam > t
            total += 2 * np.count_nonzero(above & mask) / (in_mask + np.count_nonzero(above))
        result[roi] = total / 256
    return result


def study(rois: int, size: int) -> dict[str, np.ndarray]:
    """Return three kinds of maps (ROIs, size, size) uint8: as CAMs are, noise, constant."""
    random = generator(0, "bench_dice")
    grids = random.random((rois, 7, 7), dtype=np.float32)
    cams = np.stack([cv2.resize(grid, (size, size)) for grid in grids])
    return {
        "bilinear from 7 x 7": np.rint(255 * cams).astype(np.uint8),
        "white noise": random.integers(0, 256, (rois, size, size), dtype=np.uint8),
        "constant": np.full((rois, size, size), 128, np.uint8),
    }


def seconds(function: Callable[[], object], rounds: int) -> float:
    """Return the CPU time of the fastest of several rounds."""
    times = []
    for _ in range(rounds):
        start = time.process_time()
        function()
        times.append(time.process_time() - start)
    return min(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rois", type=int, default=64)
    parser.add_argument("--size", type=int, default=224, help="pixels per side")
    args = parser.parse_args()

    rows, columns = np.mgrid[: args.size, : args.size] - (args.size - 1) / 2
    disc = rows**2 + columns**2 < 0.4 * args.size**2 / np.pi
    shifts = generator(0, "bench_dice", "masks").integers(-args.size // 12, 1, (args.rois, 2))
    masks = np.stack([np.roll(disc, shift, axis=(0, 1)) for shift in shifts])
    ratios, differences = [], []
    for name, cams in study(args.rois, args.size).items():
        difference = np.abs(mean_dice(cams, masks) - brute_force(cams, masks)).max()
        slow = seconds(partial(brute_force, cams, masks), 3)
        fast = seconds(partial(mean_dice, cams, masks), 10)
        ratios.append(slow / fast)
        differences.append(difference)
        print(
            f"{name:20s} brute force {1e3 * slow / args.rois:7.3f} ms/ROI, histograms "
            f"{1e3 * fast / args.rois:7.4f} ms/ROI, ratio {slow / fast:6.1f}, "
            f"largest difference {difference:.1e}"
        )
    for cells in (4, 7, 10):
        grid_limits(masks[:1], (cells, cells))  # compiles it
        found = seconds(partial(grid_limits, masks, (cells, cells)), 2)
        print(f"limit of {cells:2d} x {cells:2d} cells {1e3 * found / args.rois:6.1f} ms/ROI")
    tell(
        f"{span(ratios, '.0f')} times as fast as equation 9 threshold by threshold, at most "
        f"{max(differences):.1e} apart ({args.size} px)",
        ratio=1 / min(ratios),
    )


if __name__ == "__main__":
    main()
