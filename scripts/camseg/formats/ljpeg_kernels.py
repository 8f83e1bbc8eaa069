"""The inner loops of the lossless JPEG codec `camseg.formats.ljpeg`, compiled by Numba.

Both dialects see an image (and T.81 each restart interval) as if a row of 2^(bits-1) lay above it,
`bits` being what the point transform leaves of the precision.
"""

import numpy as np

from camseg.compiled import compiled

FAST_BITS = 12  # index of the table that decodes a code and its extra bits at once
LONGEST_SAMPLE = 31  # bits: a code of 16 and 15 extra bits
LOOK_AHEAD = 16  # bytes the decoder may read ahead of its position

Integer = int | np.integer  # Numba infers which

DONE, DATA_END, INVALID_CODE, OUT_OF_RANGE = range(4)


def padding(width: int) -> int:
    """Return the zero bytes a row of `width` samples may read behind the end of the data."""
    return width * LONGEST_SAMPLE // 8 + LOOK_AHEAD


@compiled
def _predict(predictor: int, left: Integer, above: Integer, above_left: Integer) -> Integer:
    """Return the prediction (T.81 table H.1); halves are floored.

    The callers give the sample above as all three neighbours of a row's first sample: every
    predictor then returns it.
    """
    if predictor == 7:
        return (left + above) >> 1
    if predictor == 6:
        return above + ((left - above_left) >> 1)
    if predictor == 5:
        return left + ((above - above_left) >> 1)
    if predictor == 4:
        return left + above - above_left
    if predictor == 3:
        return above_left
    if predictor == 2:
        return above
    return left


@compiled
def _difference(value: int, category: int) -> int:
    """Return the difference whose extra bits are `value` (T.81 F.2.2.1 EXTEND, H.1.2.2)."""
    if category == 16:
        return 32768
    if category == 0 or value >> (category - 1):
        return value
    return value - (1 << category) + 1


@compiled
def _category(difference: Integer) -> int:
    """Return the category of a difference modulo 2^16: the number of bits of its magnitude."""
    magnitude = min(difference, 65536 - difference)
    category = 0
    while magnitude >> category:
        category += 1
    return category


@compiled
def decoding_tables(counts: np.ndarray, categories: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return a Huffman table's lookups by the next 16 and by the next FAST_BITS bits.

    `counts`: codes of length 1..16; `categories`: theirs, in code order.
    The full one (uint16) holds category << 8 | code length, 0 where no code begins so. The fast one
    (int32) holds difference << 8 | length of code and extra bits, 0 where that is over FAST_BITS.
    """
    full = np.zeros(1 << 16, np.uint16)
    begin = 0
    symbol = 0
    for length in range(1, 17):
        span = 1 << (16 - length)
        for _ in range(counts[length - 1]):
            full[begin : begin + span] = categories[symbol] << 8 | length
            begin += span
            symbol += 1
    fast = np.zeros(1 << FAST_BITS, np.int32)
    for index in range(fast.size):
        entry = full[index << (16 - FAST_BITS)]
        length, category = entry & 255, entry >> 8
        extra = category & 15  # category 16 has none
        if entry != 0 and length + extra <= FAST_BITS:
            value = (index >> (FAST_BITS - length - extra)) & ((1 << extra) - 1)
            fast[index] = _difference(value, category) << 8 | (length + extra)
    return full, fast


@compiled
def unstuff(raw: np.ndarray, start: int, packed: np.ndarray, n_zeros: int) -> tuple[int, int]:
    """Copy the bytes from `start` to the next marker, without the 0 stuffed behind each FF.

    Writes `n_zeros` zeros behind them. Returns the number of bytes and the marker's offset.
    """
    n = 0
    i = start
    while i < raw.size:
        byte = raw[i]
        if byte == 0xFF:
            if i + 1 == raw.size or raw[i + 1] != 0:
                break
            i += 1
        packed[n] = byte
        n += 1
        i += 1
    packed[n : n + n_zeros] = 0
    return n, i


@compiled
def _eight_bytes(packed: np.ndarray, i: int) -> np.uint64:
    word = np.uint64(0)
    for k in range(8):
        word = word << np.uint64(8) | np.uint64(packed[i + k])
    return word


@compiled
def decode_rows(
    packed: np.ndarray,
    n_bytes: int,
    full: np.ndarray,
    fast: np.ndarray,
    predictor: int,
    bits: int,
    pvrg: bool,
    pixels: np.ndarray,
) -> tuple[int, int, int]:
    """Decode one restart interval from `packed` into `pixels`; return (fault, row, bit position).

    The end of the data and the range of the samples are checked once a row; `packed` must have
    `padding(width)` zeros behind its `n_bytes`, so that a row running past the end stays inside.
    """
    height, width = pixels.shape
    above_row = np.full(width, 1 << (bits - 1), np.uint16)
    window = np.uint64(0)  # the next `held` bits, from the top
    held = 0
    next_byte = 0
    for row in range(height):
        rule = predictor if pvrg or row > 0 else 1
        line = pixels[row]
        left = above = np.int32(above_row[0])
        seen = 0  # all samples of the row, or-ed
        for column in range(width):
            above_left, above = above, np.int32(above_row[column])
            if held < LONGEST_SAMPLE:
                window |= _eight_bytes(packed, next_byte) >> np.uint64(held)
                n_read = (63 - held) >> 3
                next_byte += n_read
                held += n_read << 3
            fast_entry = fast[window >> np.uint64(64 - FAST_BITS)]
            if fast_entry != 0:
                used = fast_entry & 255
                difference = fast_entry >> 8
            else:
                entry = full[window >> np.uint64(48)]
                if entry == 0:
                    position = 8 * next_byte - held
                    fault = INVALID_CODE if position + 16 <= 8 * n_bytes else DATA_END
                    return fault, row, position
                length, category = entry & 255, entry >> 8
                extra = category & 15
                value = np.int32((window << np.uint64(length)) >> np.uint64(48)) >> (16 - extra)
                used = length + extra
                difference = _difference(value, category)
            window <<= np.uint64(used)
            held -= used
            left = (_predict(rule, left, above, above_left) + difference) & 0xFFFF
            seen |= left
            line[column] = left
        position = 8 * next_byte - held
        if position > 8 * n_bytes:
            return DATA_END, row, position
        if seen >> bits:
            return OUT_OF_RANGE, row, position
        above_row = line
    return DONE, height - 1, position


@compiled
def differences(
    samples: np.ndarray, predictor: int, bits: int, pvrg: bool, interval: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the differences from prediction modulo 2^16 and how often each category occurs.

    `interval` is the number of rows between restarts.
    """
    found = np.empty_like(samples)
    frequencies = np.zeros(17, np.int64)
    start_row = np.full(samples.shape[1], 1 << (bits - 1), np.uint16)
    for row in range(samples.shape[0]):
        first = row % interval == 0
        above_row = start_row if first else samples[row - 1]
        rule = 1 if first and not pvrg else predictor
        left = above = np.int32(above_row[0])
        for column in range(samples.shape[1]):
            above_left, above = above, np.int32(above_row[column])
            sample = np.int32(samples[row, column])
            difference = (sample - _predict(rule, left, above, above_left)) & 0xFFFF
            found[row, column] = difference
            frequencies[_category(difference)] += 1
            left = sample
    return found, frequencies


@compiled
def pack(
    interval: np.ndarray, codes: np.ndarray, lengths: np.ndarray, stream: np.ndarray, n: int
) -> int:
    """Write one restart interval's differences at stream[n:]; return the new n.

    FF is stuffed; the last byte is filled up with ones. `codes`, `lengths`: a category's.
    """
    window = 0
    held = 0
    for difference in interval.flat:
        category = _category(np.int64(difference))
        extra = category & 15
        value = (np.int64(difference) - (difference >> 15)) & ((1 << extra) - 1)
        window = (window << lengths[category] | codes[category]) << extra | value
        held += lengths[category] + extra
        while held >= 8:
            held -= 8
            n = _put(stream, n, window >> held & 0xFF)
    if held:
        n = _put(stream, n, (window << (8 - held) | 0xFF >> held) & 0xFF)
    return n


@compiled
def _put(stream: np.ndarray, n: int, byte: int) -> int:
    stream[n] = byte
    if byte == 0xFF:
        stream[n + 1] = 0
        return n + 2
    return n + 1
