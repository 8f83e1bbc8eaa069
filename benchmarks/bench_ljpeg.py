"""Time the lossless JPEG decoder against imagecodecs on one 4736 x 2624 image.

imagecodecs.ljpeg_decode reads only the T.81 dialect: what it returns for a DDSM file is wrong, but
it does the same work. Times are CPU time. With the environment variable CAMSEG_FIXTURES the image
is the fixture's real mammogram, else a synthetic one.

    python benchmarks/bench_ljpeg.py --rounds 9
"""

import argparse
import os
import sys
import time
import tracemalloc
from pathlib import Path

import imagecodecs
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "scripts"))
from camseg.formats import ljpeg
from finding import tell

SHAPE = 4736, 2624
FIXTURE = "ddsm/cases/cancer_99/case0820/C_0820_1.LEFT_CC.LJPEG"


def synthetic_stream() -> bytes:
    """Return a noisy dome on black, 12-bit samples, of about a mammogram's bits per sample."""
    row, column = np.ogrid[-1 : 1 : SHAPE[0] * 1j, 0 : 1 : SHAPE[1] * 1j]
    dome = 3000 * np.sqrt((1 - row**2 - column**2).clip(0))
    noise = np.random.default_rng(1).normal(0, 4, SHAPE)
    pixels = np.where(dome > 0, dome + noise, 0).clip(0, 4095).astype(np.uint16)
    return ljpeg.encode(pixels, precision=12)


def extra_memory(stream: bytes) -> int:
    """Return the bytes that decoding holds at its peak, the image itself included."""
    tracemalloc.start()
    ljpeg.decode(stream)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    arguments = parser.parse_args()

    small = ljpeg.encode(np.zeros((2, 2), np.uint16), precision=12)
    begin = time.perf_counter()
    ljpeg.decode(small)
    first_call = time.perf_counter() - begin

    fixtures = os.environ.get("CAMSEG_FIXTURES")
    stream = Path(fixtures, FIXTURE).read_bytes() if fixtures else synthetic_stream()
    image = ljpeg.decode(stream).nbytes
    extra = extra_memory(stream)
    seconds: dict[str, list[float]] = {"camseg": [], "imagecodecs": []}
    for _ in range(arguments.rounds):
        for name, decode in (("camseg", ljpeg.decode), ("imagecodecs", imagecodecs.ljpeg_decode)):
            begin = time.process_time()
            decode(stream)
            seconds[name].append(time.process_time() - begin)

    ours, theirs = (np.median(seconds[name]) for name in ("camseg", "imagecodecs"))
    rounds = np.divide(seconds["imagecodecs"], seconds["camseg"])
    kind = "fixture" if fixtures else "synthetic"
    print(f"| decoding {SHAPE[0]} x {SHAPE[1]} ({kind}, {len(stream) / 1e6:.1f} MB) | value |")
    print("|---|---|")
    print(f"| camseg, median of {arguments.rounds} | {1e3 * ours:.1f} ms |")
    print(f"| imagecodecs.ljpeg_decode, same rounds | {1e3 * theirs:.1f} ms |")
    print(f"| times as fast, medians | {theirs / ours:.2f} |")
    print(f"| times as fast, single rounds | {rounds.min():.2f} to {rounds.max():.2f} |")
    print(f"| peak memory / image, the image included | {extra / image:.2f} |")
    print(f"| first call (compiles, or loads the compiled code) | {first_call:.2f} s |")
    tell(
        f"{1e3 * ours:.0f} ms against imagecodecs' {1e3 * theirs:.0f} ms, {theirs / ours:.2f} "
        f"times as fast ({rounds.min():.2f} to {rounds.max():.2f}); {kind} image",
        ratio=ours / theirs,
    )


if __name__ == "__main__":
    main()
