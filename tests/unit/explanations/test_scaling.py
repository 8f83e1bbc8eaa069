import numpy as np
import pytest

from camseg.errors import CamsegError
from camseg.explanations.scaling import degenerate, to_grey

RAW = np.random.default_rng(3).integers(0, 100, (2, 3, 4))


@pytest.mark.parametrize(
    "dtype",
    [*("i1", "u1", "i2", ">u2", "i4", "u4", "i8", "u8", "f2", ">f2", "f4", ">f4", "f8", "g")],
)
@pytest.mark.parametrize("resize", ["bilinear", "nearest"])
def test_numbers_of_any_kind_are_scaled_alike(dtype, resize):
    """Whole numbers up to 100 are the same in all of them."""
    expected = to_grey(RAW.astype(np.float32), (9, 10), resize=resize)
    assert np.ptp(expected, axis=(1, 2)).tolist() == [255, 255]
    np.testing.assert_array_equal(to_grey(RAW.astype(dtype), (9, 10), resize=resize), expected)
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


def test_an_unknown_resize_is_refused_in_one_line():
    with pytest.raises(CamsegError, match=r"^resize is 'cubic': must be one of bilinear, nearest$"):
        to_grey(RAW, (9, 10), resize="cubic")
