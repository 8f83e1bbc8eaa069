import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.ndimage import gaussian_filter

from camseg.errors import CamsegError
from camseg.explanations.options import SIGNS, CamOptions, GreyRule, rule_of
from camseg.explanations.scaling import PLAIN, degenerate, to_grey

RAW = np.random.default_rng(3).integers(0, 100, (2, 3, 4))


@pytest.mark.parametrize(
    "dtype",
    [*("i1", "u1", "i2", ">u2", "i4", "u4", "i8", "u8", "f2", ">f2", "f4", ">f4", "f8", "g")],
)
@pytest.mark.parametrize("resize", ["bilinear", "nearest"])
def test_numbers_of_any_kind_are_scaled_alike(dtype, resize):
    """Whole numbers up to 100 are the same in all of them."""
    rule = GreyRule(resize=resize)
    expected = to_grey(RAW.astype(np.float32), (9, 10), rule)
    assert np.ptp(expected, axis=(1, 2)).tolist() == [255, 255]
    np.testing.assert_array_equal(to_grey(RAW.astype(dtype), (9, 10), rule), expected)
    np.testing.assert_array_equal(degenerate(RAW.astype(dtype)), [False, False])


def test_lists_truth_values_and_no_map_at_all():
    values = (RAW > 50).tolist()
    np.testing.assert_array_equal(to_grey(values, [9, 10]), to_grey(np.float32(values), (9, 10)))
    assert to_grey(RAW[:0], (9, 10)).shape == (0, 9, 10)
    assert degenerate(RAW[:0]).shape == (0,)


def test_whole_numbers_beyond_32_bits_keep_their_order():
    raw = np.array([[[2**40, 2**40 + 2**20], [2**40 + 2**21, 2**40 + 2**22]]])
    grey = to_grey(raw, (2, 2))
    assert degenerate(raw).tolist() == [True]  # as any map of so small a range
    assert not grey.any()
    np.testing.assert_array_equal(to_grey(raw - 2**40, (2, 2)), [[[0, 64], [128, 255]]])


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
def test_a_map_that_is_not_finite_is_degenerate(value, dtype):
    raw = RAW.astype(dtype)
    raw[1, 0, 2] = value
    assert degenerate(raw).tolist() == [False, True]
    grey = to_grey(raw, (9, 10))
    np.testing.assert_array_equal(grey[0], to_grey(RAW, (9, 10))[0])
    assert not grey[1].any()


@pytest.mark.parametrize("low", [-1.5e308, -1e-310])
def test_so_is_one_that_64_bits_cannot_scale(low):
    raw = np.array([[[low, -low], [0, 0]]])
    assert degenerate(raw).tolist() == [True]
    assert not to_grey(raw, (4, 4)).any()


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (RAW[0], r"int64 of shape \(3, 4\): must be numbers .*: raw\[None\] is one map$"),
        (RAW[..., None], r"int64 of shape \(2, 3, 4, 1\): .*: take one channel$"),
        (RAW[:, :0], r"int64 of shape \(2, 0, 4\): .*, with at least a row and a column$"),
        (RAW.astype(object), r"object of shape \(2, 3, 4\): must be numbers of shape \(maps, rows"),
        (RAW.astype(complex), "complex128 of shape"),
        (RAW.astype(str), "<U21 of shape"),
        ([[[1, 2], [3]]], "none: setting an array element with a sequence"),
        (None, r"object of shape \(\)"),
    ],
)
def test_what_is_no_map_is_refused_in_one_line(raw, said):
    for refuse in (degenerate, lambda maps: to_grey(maps, (9, 10))):
        with pytest.raises(CamsegError, match=f"^raw maps are {said}") as caught:
            refuse(raw)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("shape", [(9,), (9, 10, 3), 9, None, (0, 9), (9, -1), (9.0, 9.0), "99"])
def test_what_is_no_shape_is_refused_in_one_line(shape):
    with pytest.raises(CamsegError) as caught:
        to_grey(RAW, shape)
    assert str(caught.value).startswith(f"shape is {shape!r}: must be a height and a width, whole ")


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("resize", "cubic", "one of bilinear, nearest"),
        ("sign", "abs", "one of signed, positive, absolute"),
        ("smoothing", 0.51, "a number, at least 0 and at most 0.5"),
        ("smoothing", -0.1, "a number, at least 0 and at most 0.5"),
        ("smoothing", True, "a number, at least 0 and at most 0.5"),
    ],
)
def test_an_unknown_rule_is_refused_in_one_line(name, value, allowed):
    with pytest.raises(CamsegError, match=f"^{name} is {value!r}: must be {allowed}$"):
        GreyRule(**{name: value})


def test_a_files_options_tell_the_rule():
    rule = {"sign": "absolute", "resize": "nearest", "smoothing": 0.1}
    options = {"score": "margin", "batch_size": 8} | rule
    assert rule_of(options, "cams.h5") == GreyRule(**rule)
    del options["sign"]
    with pytest.raises(CamsegError, match=r"^cams\.h5: does not say the maps' sign: compute them"):
        rule_of(options | {"relu": True}, "cams.h5")


def test_signs():
    raw = np.float32([[[-4, 0], [1, 2]], [[-4, -3], [-2, -1]], [[2, -2], [-2, 2]]])
    grey = {
        sign: to_grey(raw, (2, 2), GreyRule(sign=sign)).reshape(3, 4).tolist() for sign in SIGNS
    }
    assert grey == {
        "signed": [[0, 170, 212, 255], [0, 85, 170, 255], [255, 0, 0, 255]],
        "positive": [[0, 0, 128, 255], [0, 0, 0, 0], [255, 0, 0, 255]],
        "absolute": [[255, 0, 64, 128], [255, 170, 85, 0], [0, 0, 0, 0]],
    }
    for sign in SIGNS:
        expected = [not any(row) for row in grey[sign]]
        assert degenerate(raw, sign=sign).tolist() == expected
    nearly = np.float32([[[1, -1 - 1e-6], [1, -1]]])  # one absolute value, to rounding
    assert to_grey(nearly, (2, 2)).any()
    assert not to_grey(nearly, (2, 2), GreyRule(sign="absolute")).any()
    least = np.int8([[[-128, 0], [0, 64]]])  # which has no absolute value of 8 bits
    assert to_grey(least, (2, 2), GreyRule(sign="absolute")).tolist() == [[[255, 0], [0, 128]]]


@pytest.mark.parametrize("sign", SIGNS)
def test_the_sign_is_taken_before_enlarging(sign):
    """From 4 to -2 a map crosses 0; from 4 to 0, and to 2, it does not: all fall evenly."""
    grey = to_grey(np.float32([[[4, -2]]]), (1, 6), GreyRule(sign=sign))
    assert grey.tolist() == [[[255, 255, 170, 85, 0, 0]]]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("grid", "shape"), [((4, 4), (64, 64)), ((30, 20), (30, 20)), ((1, 3), (5, 40))]
)
@pytest.mark.parametrize("smoothing", [0.01, 0.05, 0.2, 0.5])
def test_smoothing_is_scipys(dtype, grid, shape, smoothing):
    raw = np.random.default_rng(0).normal(size=(3, *grid)).astype(dtype)
    deviations = [smoothing * side for side in shape]
    for resize, way in (("bilinear", cv2.INTER_LINEAR), ("nearest", cv2.INTER_NEAREST_EXACT)):
        grey = to_grey(raw, shape, GreyRule(smoothing=smoothing, resize=resize))
        for cells, found in zip(raw, grey, strict=True):
            large = cv2.resize(cells.astype(np.float64), shape[::-1], interpolation=way)
            large = gaussian_filter(large, deviations, mode="nearest", truncate=4)
            expected = 255 * (large - large.min()) / np.ptp(large)
            np.testing.assert_allclose(found, expected, atol=0.51)


def test_a_point_becomes_a_gaussian():
    """Closed form: exp(-r^2 / 2 s^2), 0 beyond 4 s; s a twentieth of the side."""
    raw = np.zeros((1, 101, 101))
    raw[0, 50, 50] = -3
    y, x = np.indices((101, 101)) - 50
    s = 101 / 20
    expected = 255 * np.exp(-(y**2 + x**2) / (2 * s**2))
    expected[(np.abs(y) > 4 * s) | (np.abs(x) > 4 * s)] = 0
    grey = to_grey(raw, (101, 101), GreyRule(sign="absolute", smoothing=0.05))
    np.testing.assert_allclose(grey[0], expected, atol=0.51)
    # the edge is repeated: half a plane smooths as an edge at any row, also the first one
    step = to_grey(np.float32([[[0], [1]]]), (100, 1), GreyRule(resize="nearest", smoothing=0.02))
    assert step[0, :42, 0].tolist() == [0] * 42
    assert step[0, 58:, 0].tolist() == [255] * 42
    np.testing.assert_array_equal(step, 255 - step[:, ::-1])


def test_without_smoothing_a_map_is_resized_and_stretched_alone():
    """Bit for bit, with each of the signs that there were from the first."""
    raw = np.random.default_rng(0).normal(size=(20, 4, 5)).astype(np.float32)
    for sign, small in (("signed", raw), ("positive", np.maximum(raw, 0))):
        grey = to_grey(raw, (33, 40), GreyRule(sign=sign, smoothing=0))
        for cells, found in zip(small, grey, strict=True):
            large = cv2.resize(cells, (40, 33), interpolation=cv2.INTER_LINEAR)
            low, high = np.float64(large.min()), np.float64(large.max())
            np.testing.assert_array_equal(found, np.rint((large - low) * (255 / (high - low))))


def test_a_map_that_smoothing_leaves_flat_is_all_0():
    """Rounding would be all that there is to see."""
    wave = (-1.0) ** np.arange(64) * np.hanning(64)
    board = np.float32(np.outer(wave, wave))[np.newaxis]
    assert not degenerate(board).any()
    assert to_grey(board, (64, 64), GreyRule(smoothing=0.01)).any()
    assert np.ptp(gaussian_filter(board[0], 3.2)) > 0
    assert not to_grey(board, (64, 64), GreyRule(smoothing=0.05)).any()
    assert not to_grey(np.ones((1, 8, 8)), (64, 64), GreyRule(smoothing=0.2)).any()


@settings(deadline=None, max_examples=60)
@given(
    arrays.arrays(np.float32, (3, 3, 4), elements=st.integers(-50, 50)),
    st.builds(
        GreyRule,
        sign=st.sampled_from(SIGNS),
        resize=st.sampled_from(["bilinear", "nearest"]),
        smoothing=st.sampled_from([0, 0.01, 0.05, 0.3]),
    ),
)
def test_whatever_the_map_and_the_rule(raw, rule):
    grey = to_grey(raw, (20, 26), rule)
    for cells, found in zip(raw, grey, strict=True):
        if degenerate(cells[np.newaxis], sign=rule.sign)[0]:
            assert not found.any()
        else:
            assert (found.min(), found.max()) == (0, 255)
        np.testing.assert_array_equal(to_grey(cells[np.newaxis], (20, 26), rule)[0], found)
    np.testing.assert_array_equal(to_grey(4 * raw, (20, 26), rule), grey)
    if rule.sign == "absolute":
        np.testing.assert_array_equal(to_grey(-raw, (20, 26), rule), grey)
    np.testing.assert_allclose(to_grey(raw[:, ::-1], (20, 26), rule)[:, ::-1], grey, atol=1)


def test_every_option_of_a_map_is_a_rule():
    """So that what makes CAMs is handed on whole."""
    options = CamOptions(sign="positive", resize="nearest", smoothing=0.1)
    rule = GreyRule(sign="positive", resize="nearest", smoothing=0.1)
    np.testing.assert_array_equal(to_grey(RAW, (9, 10), options), to_grey(RAW, (9, 10), rule))
    assert GreyRule() == PLAIN
