import gzip
import tracemalloc

import nibabel
import numpy as np
import pytest

from camseg.errors import CamsegError
from camseg.formats.nifti import Frame, Volume, apart

SUFFIXES = ".nii", ".nii.gz"
RANDOM = np.random.default_rng(3)
VALUES = RANDOM.normal(size=(7, 5, 4)).astype(np.float32)  # x, y, z
TURNED = nibabel.affines.from_matvec([[0, -2, 0], [2, 0, 0], [0, 0, 3]], [5, 6, 7])
KINDS = pytest.mark.parametrize("suffix", SUFFIXES)


def write(path, values=VALUES, affine=TURNED, unit="mm"):
    image = nibabel.Nifti1Image(values, affine)
    image.header.set_xyzt_units(unit)
    nibabel.save(image, path)
    return path


def refusal(path):
    with pytest.raises(CamsegError) as error:
        Volume(path)[0]
    line = str(error.value)
    assert "\n" not in line
    assert line.startswith(f"{path}: ")
    return line


@KINDS
def test_slices_are_along_the_last_axis_and_have_y_in_rows(tmp_path, suffix):
    volume = Volume(write(tmp_path / f"a{suffix}"))
    assert len(volume) == 4
    for number in (0, 3, 1):
        assert np.array_equal(volume[number], VALUES[:, :, number].T)
    assert volume.frame.shape == (7, 5, 4)
    assert np.array_equal(volume.frame.affine, TURNED)
    assert volume.frame.micrometres == 2000


@KINDS
@pytest.mark.parametrize("shape", [(7, 5), (7, 5, 1), (1, 7, 5), (7, 1, 5), (7, 5, 1, 1)])
def test_one_slice_along_any_axis_is_one_image(tmp_path, suffix, shape):
    zooms = np.ones(3)
    zooms[[n for n, size in enumerate((*shape, 1)[:3]) if size > 1]] = 4, 4.03  # square, to 1 %
    values = VALUES[:, :, 0].reshape(shape)
    path = write(tmp_path / f"a{suffix}", values, np.diag([*zooms, 1]))
    volume = Volume(path)
    assert len(volume) == 1
    assert np.array_equal(volume[0], VALUES[:, :, 0].T)
    assert volume.frame.shape == (7, 5, 1)
    assert volume.frame.micrometres == pytest.approx(4000)


def test_numbers_are_as_the_header_scales_them(tmp_path):
    image = nibabel.Nifti1Image(VALUES, np.eye(4))
    image.set_data_dtype(np.int16)
    nibabel.save(image, tmp_path / "a.nii.gz")
    assert np.abs(Volume(tmp_path / "a.nii.gz")[2] - VALUES[:, :, 2].T).max() < 1e-3


def test_a_size_that_is_not_stated_is_not_known(tmp_path):
    assert np.isnan(Volume(write(tmp_path / "a.nii", unit="unknown")).frame.micrometres)
    image = nibabel.load(tmp_path / "a.nii")
    image.header["xyzt_units"] = 6
    nibabel.save(image, tmp_path / "b.nii")
    assert np.isnan(Volume(tmp_path / "b.nii").frame.micrometres)
    oblong = np.diag([2.0, 2.1, 1, 1])
    assert np.isnan(Volume(write(tmp_path / "a.nii", affine=oblong)).frame.micrometres)
    assert Volume(write(tmp_path / "a.nii", unit="micron")).frame.micrometres == 2


def test_marks_of_all_slices_together(tmp_path):
    values = np.zeros((4, 4, 3), np.uint8)
    values[1, 1, 0] = values[2, 2, 2] = 7
    assert Volume(write(tmp_path / "a.nii.gz", values)).is_binary
    values[2, 2, 2] = 8  # one value a slice
    assert not Volume(write(tmp_path / "b.nii.gz", values)).is_binary


@KINDS
@pytest.mark.parametrize("left", [0, 10, 200, 400, 2000, -2000, -4])
def test_a_file_cut_short_is_refused_at_its_first_slice(tmp_path, suffix, left):
    path = write(tmp_path / f"a{suffix}", RANDOM.normal(size=(30, 20, 9)))
    path.write_bytes(path.read_bytes()[:left])
    assert any(word in refusal(path) for word in ("cut short", "cannot be read"))


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (
            np.zeros((4, 5, 6, 2)),
            "of shape (4, 5, 6, 2): must be one image or volume; save each of",
        ),
        (np.zeros((4, 5, 1, 1, 3)), "of shape (4, 5, 1, 1, 3): must be one image or volume"),
        (np.zeros(4), "of shape (4,): must be one image or volume"),
        (np.zeros((4, 5), np.complex64), "holds complex64 values: must be one number a voxel"),
        (np.zeros((4, 5), [(c, "u1") for c in "RGB"]), "holds RGB values: must be one number a"),
    ],
)
def test_what_is_no_image_or_volume_of_numbers(tmp_path, values, said):
    assert said in refusal(write(tmp_path / "a.nii.gz", values))


@KINDS
@pytest.mark.parametrize(
    ("dims", "said"),
    [
        ([32767, 32767, 32767], "its header says 32767 x 32767 pixels"),
        ([16000, 16000, 300], "its header says more than it holds"),
        ([100, 100, 200], "its header says more than it holds"),
        ([0, 5, 6], "its header says 5 x 0 pixels"),
        ([5, 6, -1], ""),
    ],
)
def test_a_header_that_lies_costs_no_memory(tmp_path, suffix, dims, said):
    header = nibabel.Nifti1Header()
    header.set_data_shape((2, 2, 2))
    header["dim"][1:4] = dims
    header["vox_offset"], header["magic"] = 352, b"n+1"
    content = header.binaryblock + bytes(4 + (1 << 20))
    path = tmp_path / f"a{suffix}"
    path.write_bytes(gzip.compress(content) if suffix == SUFFIXES[1] else content)
    tracemalloc.start()
    assert said in refusal(path)
    assert tracemalloc.get_traced_memory()[1] < 10 << 20
    tracemalloc.stop()


@KINDS
@pytest.mark.parametrize("content", [b"", b"no image" * 100])
def test_what_is_no_nifti(tmp_path, suffix, content):
    (tmp_path / f"a{suffix}").write_bytes(content)
    assert "cannot be read" in refusal(tmp_path / f"a{suffix}")


LAST = np.outer([1, 0, 0, 0], [0, 0, 0, 1])  # what moves an array by 1


def frame(shape, affine=TURNED):
    return Frame(shape, affine, np.nan)


def scaled(*factors):
    """The affine of an array over the same space as of (8, 6, 4), in so many times larger cells."""
    shift = [(factor - 1) / 2 for factor in factors]
    return TURNED @ nibabel.affines.from_matvec(np.diag(factors) * 1.0, shift)


def test_arrays_lie_at_one_place_if_their_corners_do():
    mask = frame((8, 6, 4))
    assert apart(frame((8, 6, 4), TURNED + 0.1 * LAST), mask) == ""
    assert apart(frame((4, 3, 4), scaled(2, 2, 1)), mask) == ""  # a coarse map
    assert apart(frame((4, 3, 4)), mask) == ""  # with its mask's affine as it stood
    assert apart(frame((8, 6, 4), None), mask) == ""
    assert apart(mask, frame((8, 6, 4), None)) == ""
    assert "has 3 slices, its mask 4" in apart(frame((8, 6, 3)), mask)


@pytest.mark.parametrize(
    "affine",
    [
        TURNED @ np.diag([-1, 1, 1, 1]),  # mirrored where it stands
        TURNED @ nibabel.affines.from_matvec(np.diag([-1.0, 1, 1]), [7, 0, 0]),  # in its place
        TURNED[:, [1, 0, 2, 3]],
        TURNED + LAST,
        np.diag([np.nan, 1, 1, 1]),
        np.eye(4),
    ],
)
def test_what_lies_elsewhere_is_told(affine):
    for one, other in ((affine, TURNED), (TURNED, affine)):
        said = apart(frame((8, 6, 4), one), frame((8, 6, 4), other))
        assert said.startswith("lies elsewhere than its mask")
