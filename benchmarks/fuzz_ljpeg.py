"""Feed mutated streams to the lossless JPEG decoder.

Each must be refused with LJPEGError or give an image of exactly the shape its header states, a
truncated one the rows asked for, as they were; any other outcome ends the run with an
AssertionError or the foreign exception. With the environment
variable NUMBA_BOUNDSCHECK=1 an access outside an array is such an exception, too.

    python benchmarks/fuzz_ljpeg.py --streams 20000
"""

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "scripts"))
sys.path.insert(0, str(Path(__file__).parent))
from camseg.formats import ljpeg
from finding import tell

FIELDS = {"precision": 6, "height": 7, "width": 9}  # offsets in a stream of our encoder


def whole_streams(rng: np.random.Generator) -> list[tuple[bytes, str]]:
    """Return small valid streams and their dialects."""
    streams = []
    for dialect in ljpeg.DIALECTS:
        for precision, predictor, point_transform in [(2, 1, 0), (8, 4, 0), (12, 7, 2), (16, 5, 0)]:
            for height, width in [(1, 9), (9, 1), (17, 23)]:
                steps = rng.normal(0, 2 ** (precision / 3), (height, width)).cumsum(1)
                pixels = (steps + 2 ** (precision - 1)).clip(0, 2**precision - 1).astype(np.uint16)
                restart = width * int(rng.integers(0, 4)) if dialect == "t81" else 0
                stream = ljpeg.encode(
                    pixels,
                    precision=precision,
                    predictor=predictor,
                    dialect=dialect,
                    point_transform=point_transform,
                    restart_interval=restart,
                )
                streams.append((stream, dialect))
    return streams


def flip_bits(data: bytearray, rng: np.random.Generator) -> None:
    """Flip one to eight bits anywhere."""
    for at in rng.integers(0, 8 * len(data), rng.integers(1, 9)):
        data[at // 8] ^= 1 << at % 8


def truncate(data: bytearray, rng: np.random.Generator) -> None:
    """Cut the stream off."""
    del data[rng.integers(0, len(data)) :]


def lie_in_header(data: bytearray, rng: np.random.Generator) -> None:
    """Change precision, height, width, predictor or point transform."""
    scan_header = data.index(b"\xff\xda")
    fields = [*FIELDS.values(), FIELDS["height"] + 1, FIELDS["width"] + 1]
    at = rng.choice([*fields, scan_header + 7, scan_header + 9])
    data[at] = rng.integers(0, 256) if rng.random() < 0.5 else data[at] + rng.choice([-1, 1]) & 255


def overwrite(data: bytearray, rng: np.random.Generator) -> None:
    """Write up to eight random bytes, one in four of them FF, over the stream."""
    at = rng.integers(0, len(data))
    junk = rng.integers(0, 256, rng.integers(1, 9)).astype(np.uint8)
    junk[rng.random(junk.size) < 0.25] = 0xFF
    data[at : at + junk.size] = junk.tobytes()


def move(data: bytearray, rng: np.random.Generator) -> None:
    """Delete a piece of the stream, or repeat it elsewhere."""
    start, end = np.sort(rng.integers(0, len(data), 2))
    piece = data[start:end]
    if rng.random() < 0.5:
        del data[start:end]
    else:
        at = rng.integers(0, len(data))
        data[at:at] = piece


def replace_data(data: bytearray, rng: np.random.Generator) -> None:
    """Put garbage behind the header."""
    start = ljpeg.read_header(bytes(data)).data_offset
    data[start:] = rng.bytes(int(rng.integers(0, 2 * len(data))))


def overrun(data: bytearray, rng: np.random.Generator) -> None:
    """Replace the stream by one whose row needs 31 times as many bits as it has.

    Its one Huffman code is 16 zeros with 15 extra bits; its data are one bit a sample.
    """
    width = int(rng.integers(1, 256))
    frame = b"\xff\xd8\xff\xc3\x00\x0b\x10\x00\x01\x00" + bytes([width, 1, 1, 0x11, 0])
    table = b"\xff\xc4\x00\x14\x00" + bytes(15) + b"\x01\x0f"
    scan = b"\xff\xda\x00\x08\x01\x01\x00\x01\x00\x00"
    data[:] = frame + table + scan + bytes(-(-width // 8))


MUTATIONS = [flip_bits, truncate, lie_in_header, overwrite, move, replace_data, overrun]


def fuzz(streams: int, seed: int) -> tuple[Counter[str], float]:
    """Decode so many mutated streams; return the outcomes' counts and the slowest one's seconds."""
    rng = np.random.default_rng(seed)
    originals = whole_streams(rng)
    images = [ljpeg.decode(stream, dialect=dialect) for stream, dialect in originals]
    outcomes: Counter[str] = Counter()
    slowest = 0.0
    for i in range(streams):
        stream, dialect = originals[i % len(originals)]
        mutation = MUTATIONS[int(rng.integers(len(MUTATIONS)))]
        mutated = bytearray(stream)
        mutation(mutated, rng)
        data = bytes(mutated)
        rows = int(rng.integers(1, 20)) if rng.random() < 0.25 else None
        begin = time.perf_counter()
        try:
            pixels = ljpeg.decode(data, rows=rows, dialect=dialect)
        except ljpeg.LJPEGError:
            outcome = "refused"
        else:
            header = ljpeg.read_header(data)
            assert pixels.shape == (rows or header.height, header.width), (i, pixels.shape)
            assert pixels.dtype == np.uint16
            assert int(pixels.max()) >> header.precision == 0, i
            if mutation is truncate:  # only rows that it still holds
                assert rows and (pixels == images[i % len(images)][:rows]).all(), i
            outcome = "unchanged stream" if data == stream else "another whole image"
        slowest = max(slowest, time.perf_counter() - begin)
        outcomes[f"{mutation.__name__}: {outcome}"] += 1
    return outcomes, slowest


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--streams", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    begin = time.perf_counter()
    outcomes, slowest = fuzz(arguments.streams, arguments.seed)
    print("| mutation: outcome | streams |\n|---|---|")
    for outcome, count in sorted(outcomes.items()):
        print(f"| {outcome} | {count} |")
    seconds = time.perf_counter() - begin
    print(f"\n{arguments.streams} streams in {seconds:.1f} s, slowest {1e3 * slowest:.1f} ms")
    counts = Counter[str]()
    for outcome, count in outcomes.items():
        counts[outcome.partition(": ")[2]] += count
    told = ", ".join(f"{count} {outcome}" for outcome, count in counts.most_common())
    tell(f"none of {arguments.streams} gets through: {told}; slowest {1e3 * slowest:.1f} ms")


if __name__ == "__main__":
    main()
