"""Lossless JPEG of one component: the images of DDSM, bit for bit.

The stream is ITU-T T.81's lossless Huffman process (Annex H, SOF3). DDSM was written by the
Stanford PVRG codec, which departs from the standard in one place, so the dialect is a parameter:

- both predict as if a row of 2^(P-Pt-1) lay above the image, and a row's first sample as the
  sample above it;
- for the rest of the first row "t81" predicts the left neighbour, "pvrg" uses the scan's own
  predictor there too, on that imaginary row.

P is the precision; Pt is the point transform, the number of low bits that the encoder drops and the
decoder returns as 0. Differences are modulo 2^16. In "t81" everything starts afresh behind a
restart marker, the first-row rule included.

An image is returned only if each of its samples was decoded from the stream's own bits. (Flipped
bits may still decode to another whole image: the format has no checksum.)
"""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from camseg.errors import CamsegError
from camseg.formats import ljpeg_kernels as kernels

DIALECTS = ("pvrg", "t81")
MAX_PIXELS = 2**28

SOI, SOF3, DHT, RST0, EOI, SOS, DRI = 0xD8, 0xC3, 0xC4, 0xD0, 0xD9, 0xDA, 0xDD
OTHER_FRAMES = {*range(0xC0, 0xD0)} - {SOF3, DHT, 0xC8, 0xCC}
SKIPPED = {0xDB, 0xFE, *range(0xE0, 0xF0)}  # DQT, COM, APPn

FAULTS = {
    kernels.DATA_END: "the entropy-coded data end",
    kernels.INVALID_CODE: "invalid Huffman code",
    kernels.OUT_OF_RANGE: "sample too large for the precision",
}


class LJPEGError(CamsegError):
    """A stream or an argument is refused; `offset` is the byte of the stream, or None."""

    def __init__(self, reason: str, offset: int | None = None):
        super().__init__(reason if offset is None else f"lossless JPEG, byte {offset}: {reason}")
        self.offset = offset


@dataclass(frozen=True)
class Header:
    """What stands before the entropy-coded data of a one-component lossless JPEG."""

    height: int
    width: int
    precision: int  # bits, 2..16
    predictor: int  # 1..7 (T.81 table H.1)
    point_transform: int  # low bits dropped, below the precision
    restart_interval: int  # samples, a multiple of the width; 0: no restarts
    code_counts: bytes  # number of Huffman codes of length 1..16
    categories: bytes  # the codes' difference categories 0..16, in code order
    data_offset: int  # first byte of the entropy-coded data


def read_header(data: bytes) -> Header:
    """Parse a stream up to its entropy-coded data, which need not be there.

    Raises LJPEGError for anything but a one-component lossless Huffman JPEG.
    """
    if data[:2] != bytes([0xFF, SOI]):
        raise LJPEGError("not a JPEG, the SOI marker is missing", 0)
    frame = None
    restart_interval = 0
    tables: dict[int, tuple[bytes, bytes, int]] = {}
    end = 2
    while True:
        marker, start = _marker(data, end)
        body, end = _segment(data, start)
        if marker == SOF3 and frame is None:
            frame = _frame(body, start)
        elif marker == DHT:
            tables |= _tables(body, start + 2)
        elif marker == DRI and len(body) == 2:
            restart_interval = int.from_bytes(body)
        elif marker == SOS and frame is not None:
            break
        elif marker in OTHER_FRAMES:
            raise LJPEGError(f"SOF{marker - 0xC0} is not lossless Huffman JPEG (SOF3)", start)
        elif marker not in SKIPPED:
            raise LJPEGError(f"unexpected marker FF{marker:02X}", start)

    height, width, precision, component = frame
    if len(body) != 6 or body[0] != 1 or body[1] != component:
        raise LJPEGError("the scan header does not name the frame's one component", start)
    table, predictor, point_transform = body[2] >> 4, body[3], body[5] & 15
    if not 1 <= predictor <= 7:
        raise LJPEGError(f"predictor {predictor} is not in 1..7", start)
    if point_transform >= precision:
        raise LJPEGError(f"point transform {point_transform} of {precision}-bit samples", start)
    if restart_interval % width:
        raise LJPEGError(f"restart interval {restart_interval} is not a multiple of {width}", start)
    if table not in tables:
        raise LJPEGError(f"Huffman table {table} is not defined", start)
    counts, categories, offset = tables[table]
    if not 0 < sum(n << (16 - length) for length, n in enumerate(counts, 1)) <= 1 << 16:
        raise LJPEGError("the Huffman table has no codes, or more than fit", offset)
    if max(categories) > 16:
        raise LJPEGError(f"the Huffman table has category {max(categories)}, over 16", offset)
    scan = (predictor, point_transform, restart_interval, counts, categories, end)
    return Header(height, width, precision, *scan)


def _marker(data: bytes, offset: int) -> tuple[int, int]:
    """Return the marker at `offset`, which fill bytes FF may precede, and the offset behind it."""
    end = offset
    while end < len(data) and data[end] == 0xFF:
        end += 1
    if end == len(data):
        raise LJPEGError("the data end where a marker should be", end)
    if end == offset or data[end] == 0:
        raise LJPEGError("a marker should be here", offset)
    return data[end], end + 1


def _segment(data: bytes, start: int) -> tuple[bytes, int]:
    """Return the body of the marker segment whose length field is at `start`, and its end."""
    end = start + int.from_bytes(data[start : start + 2])
    if end < start + 2 or end > len(data):
        raise LJPEGError("a marker segment has a wrong length, or the data end in it", start)
    return data[start + 2 : end], end


def _frame(body: bytes, start: int) -> tuple[int, int, int, int]:
    """Return height, width, precision and the component's id."""
    if len(body) < 6 or len(body) != 6 + 3 * body[5]:
        raise LJPEGError("the frame header has a wrong length", start)
    if body[5] != 1:
        raise LJPEGError(f"{body[5]} components, only one is supported", start)
    precision, height, width = body[0], int.from_bytes(body[1:3]), int.from_bytes(body[3:5])
    if not 2 <= precision <= 16:
        raise LJPEGError(f"precision {precision} is not in 2..16", start)
    if height == 0 or width == 0:
        raise LJPEGError(f"{height} rows of {width} samples (DNL is not supported)", start)
    return height, width, precision, body[6]


def _tables(body: bytes, offset: int) -> dict[int, tuple[bytes, bytes, int]]:
    """Return {class and destination: (code counts, symbols, offset)} of a DHT segment."""
    tables = {}
    at = 0
    while at < len(body):
        counts = body[at + 1 : at + 17]
        end = at + 17 + sum(counts)
        if end > len(body):
            raise LJPEGError("a Huffman table is longer than its segment", offset + at)
        tables[body[at]] = counts, body[at + 17 : end], offset + at
        at = end
    return tables


def _check_dialect(dialect: str, restart_interval: int) -> None:
    if dialect not in DIALECTS:
        raise LJPEGError(f"dialect {dialect!r} is not one of {', '.join(DIALECTS)}")
    if dialect == "pvrg" and restart_interval:
        raise LJPEGError('restart markers are supported in dialect "t81" only')


def decode(
    data: bytes, *, rows: int | None = None, dialect: str = "pvrg", max_pixels: int = MAX_PIXELS
) -> np.ndarray:
    """Decode a one-component lossless JPEG to its uint16 (height, width) samples.

    With `rows`, decode only so many from the top, return (rows, width), and do not look at what
    follows them. Without, the last sample must be followed by less than a byte of padding and the
    EOI marker; a stream that lacks them is truncated or has a false height. What follows EOI is not
    looked at.

    Raises LJPEGError, with the byte offset, for a stream that is truncated, corrupt or not
    supported; and, before it takes memory, for a header that claims more than `max_pixels` samples
    or more than the data could hold.
    """
    header = read_header(data)
    height, width, start = header.height, header.width, header.data_offset
    _check_dialect(dialect, header.restart_interval)
    if rows is not None and not 1 <= rows <= height:
        raise LJPEGError(f"{rows} rows are asked for, the image has {height}")
    n_rows = height if rows is None else rows
    if height * width > max_pixels:
        raise LJPEGError(f"{height} x {width} samples are more than {max_pixels}", start)
    if n_rows * width > 8 * (len(data) - start):
        raise LJPEGError(f"the data are too short for {n_rows} x {width} samples", len(data))

    raw = np.frombuffer(data, np.uint8)
    n_zeros = kernels.padding(width)
    packed = np.empty(raw.size - start + n_zeros, np.uint8)
    pixels = np.empty((n_rows, width), np.uint16)
    full, fast = kernels.decoding_tables(
        np.frombuffer(header.code_counts, np.uint8), np.frombuffer(header.categories, np.uint8)
    )
    rule = header.predictor, header.precision - header.point_transform, dialect == "pvrg"
    interval = header.restart_interval // width or height
    for index, first in enumerate(range(0, n_rows, interval)):
        last = min(first + interval, n_rows)
        n_bytes, end = kernels.unstuff(raw, start, packed, n_zeros)
        fault, row, position = kernels.decode_rows(
            packed, n_bytes, full, fast, *rule, pixels[first:last]
        )
        if fault != kernels.DONE:
            offset = start + _raw_index(raw[start:end], min(position // 8, n_bytes))
            raise LJPEGError(f"{FAULTS[fault]}, in row {first + row} of {height}", offset)
        if last == rows:
            break
        if 8 * n_bytes - position >= 8:
            offset = start + _raw_index(raw[start:end], -(-position // 8))
            raise LJPEGError(f"data are left over behind row {last - 1} of {height}", offset)
        expected = EOI if last == height else RST0 + index % 8
        marker, start = _marker(data, end)
        if marker != expected:
            raise LJPEGError(f"marker FF{marker:02X} instead of FF{expected:02X}", end)
    pixels <<= header.point_transform
    return pixels


def _raw_index(segment: np.ndarray, index: int) -> int:
    """Return where in `segment` the byte lies that has `index` without the stuffed zeros."""
    stuffed = np.flatnonzero((segment[:-1] == 0xFF) & (segment[1:] == 0))
    return index + int(np.searchsorted(stuffed - np.arange(stuffed.size), index))


def encode(
    pixels: np.ndarray,
    *,
    precision: int,
    predictor: int = 7,
    dialect: str = "pvrg",
    point_transform: int = 0,
    restart_interval: int = 0,
) -> bytes:
    """Encode uint8 or uint16 (height, width) samples below 2^precision as a lossless JPEG.

    `decode` in the same dialect returns the same samples, their `point_transform` low bits set
    to 0. `restart_interval` ("t81" only) is in samples, a multiple of the width. The Huffman table
    is the image's own; the same image always gives the same bytes.
    Raises LJPEGError for an argument out of range.
    """
    _check_image(pixels, precision)
    _check_dialect(dialect, restart_interval)
    height, width = pixels.shape
    if not 1 <= predictor <= 7:
        raise LJPEGError(f"predictor {predictor} is not in 1..7")
    if not 0 <= point_transform < precision:
        raise LJPEGError(f"point transform {point_transform} is not in 0..{precision - 1}")
    if not 0 <= restart_interval < 1 << 16 or restart_interval % width:
        raise LJPEGError(f"restart interval {restart_interval} is no multiple of {width} < 65536")

    interval = restart_interval // width or height
    samples = pixels.astype(np.uint16, order="C") >> point_transform
    differences, frequencies = kernels.differences(
        samples, predictor, precision - point_transform, dialect == "pvrg", interval
    )
    lengths = _code_lengths(frequencies.tolist())
    by_length = sorted((length, category) for category, length in enumerate(lengths) if length)
    codes = np.zeros(17, np.int64)
    code = 0
    for length, category in by_length:
        codes[category] = code >> (16 - length)
        code += 1 << (16 - length)

    n_intervals = -(-height // interval)
    n_bits = int(frequencies @ (np.array(lengths) + np.arange(17) % 16))
    stream = np.empty(2 * (n_bits // 8 + 2 * n_intervals), np.uint8)  # if every byte were FF
    n = 0
    for index, first in enumerate(range(0, height, interval)):
        if first:
            stream[n : n + 2] = 0xFF, RST0 + (index - 1) % 8
            n += 2
        part = differences[first : first + interval]
        n = kernels.pack(part, codes, np.array(lengths), stream, n)

    size = height.to_bytes(2) + width.to_bytes(2)
    counts = bytes(lengths.count(length) for length in range(1, 17))
    segments = {
        SOF3: bytes([precision]) + size + bytes([1, 1, 0x11, 0]),
        DHT: bytes([0]) + counts + bytes(category for _, category in by_length),
        DRI: restart_interval.to_bytes(2),
        SOS: bytes([1, 1, 0, predictor, 0, point_transform]),
    }
    if not restart_interval:
        del segments[DRI]
    head = bytes([0xFF, SOI])
    for marker, body in segments.items():
        head += bytes([0xFF, marker]) + (len(body) + 2).to_bytes(2) + body
    return head + stream[:n].tobytes() + bytes([0xFF, EOI])


def _check_image(pixels: np.ndarray, precision: int) -> None:
    if not 2 <= precision <= 16:
        raise LJPEGError(f"precision {precision} is not in 2..16")
    if pixels.dtype not in (np.uint8, np.uint16):
        raise LJPEGError(f"samples are {pixels.dtype}, should be uint8 or uint16")
    if pixels.ndim != 2 or not all(0 < side < 1 << 16 for side in pixels.shape):
        raise LJPEGError(f"shape {pixels.shape} is not two sides of 1..65535")
    if int(pixels.max()) >> precision:
        raise LJPEGError(f"sample {pixels.max()} does not fit into {precision} bits")


def _code_lengths(frequencies: Sequence[int]) -> list[int]:
    """Return the Huffman code lengths, at most 16; 0 for a symbol that never occurs.

    A reserved symbol of frequency 0 gets a longest code and so, last in code order, the one of all
    ones, which T.81 forbids (C.2). While a code is over 16, the frequencies are halved.
    """
    reserved = len(frequencies)
    lengths = [0] * (reserved + 1)
    nodes = [(f, symbol, [symbol]) for symbol, f in enumerate(frequencies) if f]
    nodes.append((0, reserved, [reserved]))
    heapq.heapify(nodes)
    while len(nodes) > 1:
        rare, _, symbols = heapq.heappop(nodes)
        common, order, others = heapq.heappop(nodes)
        for symbol in symbols + others:
            lengths[symbol] += 1
        heapq.heappush(nodes, (rare + common, order, symbols + others))
    if max(lengths) > 16:
        return _code_lengths([(f + 1) // 2 for f in frequencies])
    return lengths[:reserved]
