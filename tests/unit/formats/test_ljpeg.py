"""The lossless JPEG codec against PVRG's own files, a second implementation and libjpeg-turbo."""

import hashlib
import itertools
import json
import os
import runpy
import subprocess
import sys
import tracemalloc
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from camseg.errors import CamsegError
from camseg.formats import ljpeg
from camseg.formats.ljpeg import LJPEGError
from project import ROOT

VECTORS = ROOT / "tests/data/ljpeg"
FIXTURES = os.environ.get("CAMSEG_FIXTURES")
needs_fixtures = pytest.mark.skipif(
    not FIXTURES, reason="CAMSEG_FIXTURES, the folder of test images, is not set"
)
SOI, EOI = b"\xff\xd8", b"\xff\xd9"


def sha256(pixels):
    return hashlib.sha256(pixels.astype("<u2").tobytes()).hexdigest()


# --- A second implementation: bit strings, and the rules as T.81 and PVRG state them --------------


def prediction(samples, row, column, *, bits, predictor, dialect, first_row):
    """`first_row`: of the image or restart interval that `row` is in."""
    middle = 2 ** (bits - 1)
    if (row, column) == (first_row, 0):
        return middle
    if column == 0:
        return int(samples[row - 1, 0])
    left = int(samples[row, column - 1])
    if row > first_row:
        above, above_left = int(samples[row - 1, column]), int(samples[row - 1, column - 1])
    elif dialect == "pvrg":
        above = above_left = middle
    else:
        return left
    return {
        1: left,
        2: above,
        3: above_left,
        4: left + above - above_left,
        5: left + (above - above_left) // 2,
        6: above + (left - above_left) // 2,
        7: (left + above) // 2,
    }[predictor]


def category_and_bits(difference):
    """`difference` in -32767..32768."""
    if difference == 32768:
        return 16, ""
    category = abs(difference).bit_length()
    value = difference if difference >= 0 else difference + 2**category - 1
    return category, f"{value:0{category}b}" if category else ""


def canonical_codes(lengths):
    """Code strings of symbols 0, 1, ... from their lengths, T.81 C.2."""
    codes, code, previous = {}, 0, 0
    for length, symbol in sorted((length, symbol) for symbol, length in enumerate(lengths)):
        code <<= length - previous
        codes[symbol] = f"{code:0{length}b}"
        code, previous = code + 1, length
    return codes


def stuffed(bits):
    bits += "1" * (-len(bits) % 8)
    data = bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8))
    return data.replace(b"\xff", b"\xff\x00")


def segment(marker, body):
    return bytes([0xFF, marker]) + (len(body) + 2).to_bytes(2) + body


def frame(height, width, precision):
    size = height.to_bytes(2) + width.to_bytes(2)
    return segment(0xC3, bytes([precision]) + size + bytes([1, 1, 0x11, 0]))


def huffman(lengths, destination=0):
    symbols = [symbol for _, symbol in sorted((n, symbol) for symbol, n in enumerate(lengths))]
    counts = [lengths.count(length) for length in range(1, 17)]
    return segment(0xC4, bytes([destination, *counts, *symbols]))


def scan(predictor, point_transform=0, table=0):
    return segment(0xDA, bytes([1, 1, table << 4, predictor, 0, point_transform]))


def slow_encode(pixels, lengths, *, precision, predictor, dialect, point_transform=0):
    samples = pixels >> point_transform
    codes = canonical_codes(lengths)
    bits = []
    for row, column in np.ndindex(samples.shape):
        expected = prediction(
            samples,
            row,
            column,
            bits=precision - point_transform,
            predictor=predictor,
            dialect=dialect,
            first_row=0,
        )
        difference = (int(samples[row, column]) - expected + 32767) % 65536 - 32767
        category, extra = category_and_bits(difference)
        bits.append(codes[category] + extra)
    head = SOI + frame(*pixels.shape, precision) + huffman(lengths)
    return head + scan(predictor, point_transform) + stuffed("".join(bits)) + EOI


# --- Strategies -----------------------------------------------------------------------------------


@st.composite
def coded_images(draw, max_side=12):
    """Pixels with codec parameters valid for them."""
    precision = draw(st.integers(2, 16))
    shape = draw(array_shapes(min_dims=2, max_dims=2, max_side=max_side))
    pixels = draw(arrays(np.uint16, shape, elements=st.integers(0, 2**precision - 1)))
    return pixels, {
        "precision": precision,
        "predictor": draw(st.integers(1, 7)),
        "dialect": draw(st.sampled_from(ljpeg.DIALECTS)),
        "point_transform": draw(st.integers(0, precision - 1)),
    }


# --- Files of the PVRG encoder --------------------------------------------------------------------


@pytest.mark.parametrize("name", ["precision12", "precision16", "transposed_header"])
def test_pvrg_vector(name):
    expected = json.loads((VECTORS / "expected.json").read_text())
    data = (VECTORS / f"{name}.LJPEG").read_bytes()
    pixels = ljpeg.decode(data)
    transposed = name == "transposed_header"
    assert list(pixels.shape) == expected["shape"][:: -1 if transposed else 1]
    assert pixels.dtype == np.uint16
    assert sha256(pixels) == expected["sha256_of_uint16_little_endian_pixels"]
    header = ljpeg.read_header(data)
    assert (header.height, header.width) == pixels.shape
    assert header.precision == (12 if name == "precision12" else 16)
    assert (header.predictor, header.point_transform, header.restart_interval) == (7, 0, 0)


@needs_fixtures
@pytest.mark.parametrize("case", ["case0173", "case0820"])
def test_whole_mammograms(case):
    paths = sorted(Path(FIXTURES, "ddsm/cases").glob(f"*/{case}/*.LJPEG"))
    assert len(paths) == 2
    for path in paths:
        expected = json.loads(path.with_name(f"{path.name}.expected.json").read_text())
        pixels = ljpeg.decode(path.read_bytes())
        assert list(pixels.shape) == expected["shape"]
        assert sha256(pixels) == expected["sha256_of_uint16_little_endian_pixels"]


@needs_fixtures
def test_head_of_a_ddsm_file():
    folder = Path(FIXTURES, "ddsm/ljpeg_head")
    data = (folder / "A_0002_1.RIGHT_CC.LJPEG").read_bytes()
    expected = np.load(folder / "first_160_rows.npz")["rows"]
    assert np.array_equal(ljpeg.decode(data, rows=160), expected)
    with pytest.raises(LJPEGError, match="too short for 4334 x 1874"):
        ljpeg.decode(data)
    with pytest.raises(LJPEGError, match="data end, in row"):
        ljpeg.decode(data, rows=400)


# --- The rules ------------------------------------------------------------------------------------


def test_first_row_by_hand():
    # Precision 4, predictor 7; categories 0..3 have the codes 00, 01, 10, 110.
    # Differences +1, -3, +6 / -2, 0, +3. PVRG's first row: 8+1 = 9, (9+8)>>1 - 3 = 5,
    # (5+8)>>1 + 6 = 12; T.81's: 8+1 = 9, 9-3 = 6, 6+6 = 12.
    bits = "01110001101101001001011"
    head = SOI + frame(2, 3, 4) + huffman([2, 2, 2, 3]) + scan(7)
    stream = head + stuffed(bits) + EOI
    assert ljpeg.decode(stream, dialect="pvrg").tolist() == [[9, 5, 12], [7, 6, 12]]
    assert ljpeg.decode(stream, dialect="t81").tolist() == [[9, 6, 12], [7, 6, 12]]


UNARY = [*range(1, 17), 16]  # the longest codes there are, the one of all ones among them
FLAT = [5] * 17
MIXED = [3, 3, 3, 4, 4, 4, 5, 5, 6, 7, 9, 12, 13, 14, 15, 16, 16]


@settings(deadline=None)
@given(
    coded_images(),
    st.sampled_from([UNARY, FLAT, MIXED]).flatmap(st.permutations),
)
def test_decodes_the_second_implementation_under_any_huffman_table(image, lengths):
    pixels, parameters = image
    stream = slow_encode(pixels, lengths, **parameters)
    dropped = parameters["point_transform"]
    assert np.array_equal(
        ljpeg.decode(stream, dialect=parameters["dialect"]), pixels >> dropped << dropped
    )


def test_longest_samples():
    # No change is a code of 1 bit; a change of category 15 is one of 16 and 15 extra bits.
    lengths = [*range(1, 16), 16, 16]
    changes = np.random.default_rng(3).choice([0, 20000], (9, 400))
    pixels = changes.cumsum(1).astype(np.uint16)
    stream = slow_encode(pixels, lengths, precision=16, predictor=1, dialect="t81")
    assert np.array_equal(ljpeg.decode(stream, dialect="t81"), pixels)


@settings(deadline=None)
@given(coded_images(max_side=40), st.integers(0, 3))
def test_identity(image, interval_rows):
    pixels, parameters = image
    dropped = parameters["point_transform"]
    if parameters["dialect"] == "t81":
        parameters["restart_interval"] = interval_rows * pixels.shape[1]
    stream = ljpeg.encode(pixels, **parameters)
    expected = pixels >> dropped << dropped
    assert np.array_equal(ljpeg.decode(stream, dialect=parameters["dialect"]), expected)
    rows = (pixels.shape[0] + 1) // 2
    top = ljpeg.decode(stream, rows=rows, dialect=parameters["dialect"])
    assert np.array_equal(top, expected[:rows])


@pytest.mark.parametrize("dialect", ljpeg.DIALECTS)
def test_difference_32768_has_no_extra_bits(dialect):
    pixels = np.array([[0, 32768, 0, 65535, 32767]], np.uint16)
    stream = ljpeg.encode(pixels, precision=16, predictor=1, dialect=dialect)
    assert 16 in ljpeg.read_header(stream).categories
    assert np.array_equal(ljpeg.decode(stream, dialect=dialect), pixels)


# --- T.81 against libjpeg-turbo (jpeg8) and two decoders ------------------------------------------


@pytest.mark.parametrize("precision", range(2, 17))
def test_t81_agrees_with_other_codecs(precision):
    rng = np.random.default_rng(precision)
    for predictor, shape in itertools.product(range(1, 8), [(13, 19), (1, 8), (8, 1)]):
        noise = rng.integers(0, 2**precision, shape).astype(np.uint16)
        smooth = (np.indices(shape).sum(0) % 2**precision).astype(np.uint16)
        for pixels in (noise, smooth):
            ours = ljpeg.encode(pixels, precision=precision, predictor=predictor, dialect="t81")
            assert np.array_equal(imagecodecs.jpeg8_decode(ours), pixels)
            assert np.array_equal(imagecodecs.jpegsof3_decode(ours), pixels)
            if predictor != 6 or 1 not in shape:  # imagecodecs' ljpeg fails on these
                assert np.array_equal(imagecodecs.ljpeg_decode(ours), pixels)
            theirs = imagecodecs.jpeg8_encode(
                pixels.astype(np.uint8) if precision <= 8 else pixels,
                lossless=True,
                predictor=predictor,
                bitspersample=precision,
            )
            assert np.array_equal(ljpeg.decode(theirs, dialect="t81"), pixels)


@pytest.mark.parametrize("interval_rows", [1, 2, 9, 20])
def test_restarts_and_point_transform_agree_with_libjpeg_turbo(interval_rows):
    rng = np.random.default_rng(1)
    pixels = rng.integers(0, 4096, (19, 11)).astype(np.uint16)
    for predictor, dropped in itertools.product(range(1, 8), (0, 1, 5, 11)):
        stream = ljpeg.encode(
            pixels,
            precision=12,
            predictor=predictor,
            dialect="t81",
            point_transform=dropped,
            restart_interval=11 * interval_rows,
        )
        expected = pixels >> dropped << dropped
        assert np.array_equal(imagecodecs.jpeg8_decode(stream), expected)
        assert np.array_equal(ljpeg.decode(stream, dialect="t81"), expected)
        assert np.array_equal(ljpeg.decode(stream, rows=10, dialect="t81"), expected[:10])


# --- Segments around the frame and scan -----------------------------------------------------------


PIXELS = np.random.default_rng(7).integers(0, 4096, (6, 5)).astype(np.uint16)
STREAM = ljpeg.encode(PIXELS, precision=12)


def test_other_segments_are_skipped():
    comment, app1 = segment(0xFE, b"a comment"), segment(0xE1, b"\xff\xd9 within")
    quantisation = segment(0xDB, bytes(65))
    stream = (
        SOI + comment + b"\xff\xff\xff" + app1 + quantisation + STREAM[2:-2] + b"\xff\xff" + EOI
    )
    assert np.array_equal(ljpeg.decode(stream), PIXELS)
    assert np.array_equal(ljpeg.decode(stream + b"behind the image"), PIXELS)


def test_the_scan_chooses_among_huffman_tables():
    parameters = {"precision": 12, "predictor": 7, "dialect": "pvrg"}
    stream = slow_encode(PIXELS, MIXED, **parameters)
    used = huffman(MIXED)
    other = huffman(FLAT, 1)
    ac = segment(0xC4, bytes([0x10, 0, 1, *[0] * 14, 0xF0]))  # no category, but not in use
    at = stream.index(used)
    rest = stream[at + len(used) :]
    both = segment(0xC4, other[4:] + used[4:])
    for tables in (other + ac + used, both, used + other, huffman(FLAT) + used):
        assert np.array_equal(ljpeg.decode(stream[:at] + tables + rest), PIXELS)
    moved = rest.replace(scan(7), scan(7, table=2))
    assert np.array_equal(ljpeg.decode(stream[:at] + other + huffman(MIXED, 2) + moved), PIXELS)


# --- What is refused ------------------------------------------------------------------------------


def replaced(old, new):
    assert STREAM.count(old) == 1
    return STREAM.replace(old, new)


FRAME, SCAN = frame(6, 5, 12), scan(7)
AT_TABLE = STREAM.index(b"\xff\xc4") + 4  # class and destination; 16 counts and the symbols follow
DATA = ljpeg.read_header(STREAM).data_offset
RESTARTS = ljpeg.encode(PIXELS, precision=12, dialect="t81", restart_interval=10)

REFUSED = {
    "the SOI marker is missing": b"",
    "byte 0: not a JPEG": b"P5 640 480",
    "SOF0 is not lossless": replaced(b"\xff\xc3", b"\xff\xc0"),
    "SOF11 is not lossless": replaced(b"\xff\xc3", b"\xff\xcb"),
    "unexpected marker FFC3": replaced(FRAME, FRAME + FRAME),
    "unexpected marker FFDA": replaced(FRAME, b""),
    "unexpected marker FFD9": replaced(SCAN, segment(0xD9, b"")),
    "unexpected marker FFDD": replaced(SCAN, segment(0xDD, b"") + SCAN),
    "a marker should be here": replaced(SCAN, b"\x00" + SCAN),
    "byte 2: a marker should be here": SOI + b"\xff\x00" + STREAM[2:],
    "a marker segment has a wrong length": replaced(FRAME, FRAME[:3] + b"\x01" + FRAME[4:]),
    "frame header has a wrong length": replaced(FRAME, segment(0xC3, FRAME[4:] + b"\x00")),
    "3 components": replaced(FRAME, segment(0xC3, FRAME[4:9] + b"\x03" + 3 * FRAME[10:])),
    "precision 1 is not": replaced(FRAME, frame(6, 5, 1)),
    "precision 17 is not": replaced(FRAME, frame(6, 5, 17)),
    "0 rows of 5 samples": replaced(FRAME, frame(0, 5, 12)),
    "6 rows of 0 samples": replaced(FRAME, frame(6, 0, 12)),
    "does not name the frame's one component": replaced(
        SCAN, SCAN.replace(b"\x01\x01", b"\x01\x02")
    ),
    "predictor 0 is not": replaced(SCAN, scan(0)),
    "predictor 8 is not": replaced(SCAN, scan(8)),
    "point transform 12 of 12-bit": replaced(SCAN, scan(7, 12)),
    "Huffman table 3 is not defined": replaced(SCAN, scan(7, table=3)),
    "Huffman table is longer": STREAM[:AT_TABLE] + bytes([0, 255]) + STREAM[AT_TABLE + 2 :],
    "Huffman table has no codes": replaced(SCAN, segment(0xC4, bytes(17)) + SCAN),
    "or more than fit": replaced(SCAN, segment(0xC4, bytes([0, 3, *[0] * 15, 0, 1, 2])) + SCAN),
    "has category 17": replaced(SCAN, segment(0xC4, bytes([0, 1, *[0] * 15, 17])) + SCAN),
    "interval 7 is not a multiple of 5": replaced(SCAN, segment(0xDD, bytes([0, 7])) + SCAN),
    'supported in dialect "t81" only': RESTARTS,
    "too short for 600 x 5": replaced(FRAME, frame(600, 5, 12)),
    "data end, in row 6 of 7": replaced(FRAME, frame(7, 5, 12)),
    "left over behind row 4 of 5": replaced(FRAME, frame(5, 5, 12)),
    "entropy-coded data end, in row": STREAM[: DATA + 30] + EOI + STREAM[DATA + 30 :],
    "sample too large for the precision, in row 0": SOI
    + frame(1, 2, 2)
    + huffman([2, 2, 2])
    + scan(7)
    + stuffed("101100")  # 2 + 3, beyond two bits
    + EOI,
    "invalid Huffman code, in row 1": SOI
    + frame(4, 3, 8)
    + huffman([1])
    + scan(7)
    + stuffed("0001" + 20 * "0")
    + EOI,
    "FFD8 instead of FFD9": STREAM[:-2] + SOI,
    "FFDC instead of FFD9": STREAM[:-2] + segment(0xDC, b"\x00\x06") + EOI,
}


@pytest.mark.parametrize("reason", REFUSED)
def test_refused(reason):
    with pytest.raises(LJPEGError) as caught:
        ljpeg.decode(REFUSED[reason])
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)
    if reason != 'supported in dialect "t81" only':
        assert f"byte {caught.value.offset}" in str(caught.value)
        assert 0 <= caught.value.offset <= len(REFUSED[reason])
    assert isinstance(caught.value, CamsegError)


@pytest.mark.parametrize("dialect", ljpeg.DIALECTS)
def test_every_truncation_is_refused(dialect):
    stream = STREAM if dialect == "pvrg" else RESTARTS
    rows = set()
    for size in range(len(stream)):
        with pytest.raises(LJPEGError) as caught:
            ljpeg.decode(stream[:size], dialect=dialect)
        assert caught.value.offset <= size
        for n_rows in range(1, 7):
            try:
                pixels = ljpeg.decode(stream[:size], rows=n_rows, dialect=dialect)
            except LJPEGError:
                continue
            rows.add(n_rows)
            assert np.array_equal(pixels, PIXELS[:n_rows])
    assert rows == {1, 2, 3, 4, 5, 6}


def test_padding_is_no_data():
    # Codes 0 and 10; the one byte holds seven samples and a 1 of padding. An eighth sample would
    # need bits from behind the end.
    head = huffman([1, 2]) + scan(1)
    one_bit_each = stuffed("0" * 7)  # 7 samples and one bit 1 of padding
    for height in range(1, 12):
        stream = SOI + frame(height, 1, 8) + head + one_bit_each + EOI
        if height <= 7:
            assert np.all(ljpeg.decode(stream) == 128)
        else:
            with pytest.raises(LJPEGError):
                ljpeg.decode(stream)


def test_fault_offset_counts_stuffed_bytes():
    # The one code, 0, has 15 extra bits, all ones here: each sample is the bytes 7F FF, and a
    # stuffed 00. Three rows of eight, then a code that does not exist.
    head = segment(0xC4, bytes([0, 1, *[0] * 15, 15])) + scan(7)
    eight = "0111111111111111" * 8
    stream = SOI + frame(9, 8, 16) + head + stuffed(3 * eight + "1" * 48) + EOI
    start = ljpeg.read_header(stream).data_offset
    with pytest.raises(LJPEGError, match="invalid Huffman code, in row 3 of 9") as caught:
        ljpeg.decode(stream)
    assert caught.value.offset == start + 3 * 24
    stream = SOI + frame(1, 8, 16) + head + stuffed(eight + "00000000") + EOI
    with pytest.raises(LJPEGError, match="left over behind row 0 of 1") as caught:
        ljpeg.decode(stream)
    assert caught.value.offset == start + 24


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b"\xff\xd0", b"\xff\xd1", "FFD1 instead of FFD0"),
        (b"\xff\xd1", b"\xff\xd9", "FFD9 instead of FFD1"),
        (b"\xff\xd0", b"", "left over behind row 1"),
        (b"\xff\xdd\x00\x04\x00\x0a", b"\xff\xdd\x00\x04\x00\x05", "left over behind row 0"),
        (b"\xff\xdd\x00\x04\x00\x0a", b"\xff\xdd\x00\x04\x00\x0f", "data end, in row 2"),
        (b"\xff\xdd\x00\x04\x00\x0a", b"", "data end, in row 2"),
    ],
)
def test_restart_faults(old, new, reason):
    assert RESTARTS.count(old) == 1
    with pytest.raises(LJPEGError, match=reason):
        ljpeg.decode(RESTARTS.replace(old, new), dialect="t81")


def test_arguments():
    for rows in (0, -1, 7):
        with pytest.raises(LJPEGError, match=f"{rows} rows are asked for, the image has 6"):
            ljpeg.decode(STREAM, rows=rows)
    with pytest.raises(LJPEGError, match="dialect 'jpeg' is not one of pvrg, t81"):
        ljpeg.decode(STREAM, dialect="jpeg")
    with pytest.raises(LJPEGError, match="6 x 5 samples are more than 29"):
        ljpeg.decode(STREAM, max_pixels=29, rows=1)
    assert ljpeg.decode(STREAM, max_pixels=30).shape == (6, 5)


def test_false_sizes_cost_no_memory():
    tracemalloc.start()
    for height, width in [(65535, 65535), (16384, 16384), (65535, 1), (3, 65535)]:
        with pytest.raises(LJPEGError):
            ljpeg.decode(replaced(FRAME, frame(height, width, 12)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100_000


def test_memory_is_bounded_by_the_image():
    pixels = np.random.default_rng(2).integers(0, 4096, (700, 500)).astype(np.uint16)
    stream = ljpeg.encode(pixels, precision=12)
    tracemalloc.start()
    ljpeg.decode(stream)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2 * pixels.nbytes + 100_000  # image, and the data without stuffing


def test_mutated_streams():
    fuzz = runpy.run_path(str(ROOT / "benchmarks/fuzz_ljpeg.py"))["fuzz"]
    outcomes, slowest = fuzz(streams=3000, seed=20)
    assert outcomes.total() == 3000
    assert sum(n for outcome, n in outcomes.items() if outcome.endswith("refused")) > 2000
    assert slowest < 2  # seconds


def test_mutated_streams_touch_nothing_outside_the_arrays(tmp_path):
    program = ROOT / "benchmarks/fuzz_ljpeg.py"
    checked = os.environ | {"NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": str(tmp_path)}
    subprocess.run([sys.executable, program, "--streams", "3000"], env=checked, check=True)


# --- Encoder --------------------------------------------------------------------------------------


def test_encoding_is_deterministic_and_takes_any_layout():
    assert ljpeg.encode(np.asfortranarray(PIXELS), precision=12) == STREAM
    wide = np.repeat(PIXELS, 2, axis=1)
    assert ljpeg.encode(wide[:, ::2], precision=12) == STREAM
    small = (PIXELS >> 4).astype(np.uint8)
    assert np.array_equal(ljpeg.decode(ljpeg.encode(small, precision=8)), small)


@pytest.mark.parametrize("value", [0, 2048, 4095])
def test_constant_image(value):
    pixels = np.full((3, 4), value, np.uint16)
    assert np.array_equal(ljpeg.decode(ljpeg.encode(pixels, precision=12)), pixels)


def image_with_frequencies(frequencies):
    """One row whose differences to the left have those frequencies of category 0, 1, ..."""
    magnitudes = np.repeat([0, *(1 << np.arange(16))], frequencies)
    return (32768 + np.cumsum(magnitudes)).astype(np.uint16)[np.newaxis]


def test_codes_are_limited_to_16_bits():
    fibonacci = [1, 1]
    while len(fibonacci) < 17:
        fibonacci.append(fibonacci[-1] + fibonacci[-2])
    for frequencies in (fibonacci, fibonacci[::-1]):  # unlimited, the tree would be 17 deep
        pixels = image_with_frequencies(frequencies)
        stream = ljpeg.encode(pixels, precision=16, predictor=1, dialect="t81")
        assert np.array_equal(ljpeg.decode(stream, dialect="t81"), pixels)
        counts = ljpeg.read_header(stream).code_counts
        assert sum(counts) == 17
        assert sum(n / 2**length for length, n in enumerate(counts, 1)) < 1  # no code of all ones


@pytest.mark.parametrize(
    "frequencies", [[9], [3, 1], [5, 5, 5], [9, 1, 3, 2], [1, 1, 2, 3, 5], [4, 4, 4, 4, 1]]
)
def test_codes_are_optimal(frequencies):
    pixels = image_with_frequencies(frequencies + [0] * (17 - len(frequencies)))
    stream = ljpeg.encode(pixels, precision=16, predictor=1, dialect="t81")
    header = ljpeg.read_header(stream)
    in_order = np.repeat(range(1, 17), list(header.code_counts))
    lengths = dict(zip(header.categories, in_order, strict=True))
    cost = sum(n * lengths[category] for category, n in enumerate(frequencies))
    best = min(
        sum(n * length for n, length in zip(frequencies, candidate, strict=True))
        for candidate in itertools.product(range(1, 7), repeat=len(frequencies))
        if sum(2.0**-length for length in candidate) < 1  # some code is left for all ones
    )
    assert cost == best


@pytest.mark.parametrize(
    ("pixels", "changed", "reason"),
    [
        (PIXELS, {"precision": 11}, "does not fit into 11 bits"),
        (PIXELS, {"precision": 1}, "precision 1 is not in 2..16"),
        (PIXELS, {"precision": 17}, "precision 17 is not in 2..16"),
        (PIXELS, {"predictor": 0}, "predictor 0 is not in 1..7"),
        (PIXELS, {"predictor": 8}, "predictor 8 is not in 1..7"),
        (PIXELS, {"point_transform": 12}, "point transform 12 is not in 0..11"),
        (PIXELS, {"point_transform": -1}, "point transform -1 is not in 0..11"),
        (PIXELS, {"dialect": "jpeg"}, "dialect 'jpeg'"),
        (PIXELS, {"restart_interval": 5}, 'dialect "t81" only'),
        (PIXELS, {"restart_interval": 7, "dialect": "t81"}, "restart interval 7"),
        (PIXELS, {"restart_interval": -5, "dialect": "t81"}, "restart interval -5"),
        (PIXELS, {"restart_interval": 65540, "dialect": "t81"}, "restart interval 65540"),
        (PIXELS.astype(np.int32), {}, "samples are int32"),
        (PIXELS.astype(float), {}, "samples are float64"),
        (PIXELS[0], {}, r"shape \(5,\) is not two sides"),
        (PIXELS[:0], {}, r"shape \(0, 5\) is not two sides"),
        (np.zeros((1, 65536), np.uint16), {}, r"shape \(1, 65536\) is not two sides"),
    ],
)
def test_encoder_refuses(pixels, changed, reason):
    with pytest.raises(LJPEGError, match=reason):
        ljpeg.encode(pixels, **{"precision": 12} | changed)
