import h5py
import nibabel
import numpy as np
import pytest
import tifffile
from PIL import Image

from camseg.datasets.map_folder import IMAGES, MAPS, MASKS
from camseg.errors import CamsegError
from camseg.scoring.map_files import open_source, source_of
from conftest import block

RANDOM = np.random.default_rng(2)
SHAPE = 12, 16
LESION = block(SHAPE, 3, 4, 6, 5)


def save(path, pixels):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


def test_maps_of_every_kind_of_file_come_as_their_numbers(tmp_path):
    values = RANDOM.normal(size=(3, 4)).astype(np.float32)
    eight, sixteen = (np.arange(12, dtype=kind).reshape(3, 4) * 20 for kind in ("u1", "u2"))
    np.save(tmp_path / "a.npy", values)
    tifffile.imwrite(tmp_path / "b.tif", values)
    save(tmp_path / "c.png", eight)
    save(tmp_path / "deeper/d.PNG", 100 * sixteen)
    (tmp_path / "notes.txt").write_text("no map")
    (tmp_path / ".hidden.npy").write_text("no map")
    maps = open_source(tmp_path, MAPS)
    assert list(maps) == ["a", "b", "c", "d"]
    for name, expected in zip("abcd", (values, values, eight, 100 * sixteen), strict=True):
        assert np.array_equal(maps[name], expected)
    assert maps.place("d") == str(tmp_path / "deeper/d.PNG")


@pytest.mark.parametrize("suffix", [".npz", ".h5"])
@pytest.mark.parametrize("stacked", [True, False])
def test_one_file_of_arrays_by_name_or_stacked(tmp_path, suffix, stacked):
    values = RANDOM.normal(size=(3, 4, 5))
    names = ["left 1", "b", "ä"]
    held = {"maps": values, "names": names} if stacked else dict(zip(names, values, strict=True))
    path = tmp_path / f"x{suffix}"
    if suffix == ".npz":
        np.savez(path, **held)
    else:
        with h5py.File(path, "w") as file:
            for name, array in held.items():
                file[name] = array
    maps = open_source(path, MAPS)
    assert set(maps) == set(names)
    for name, expected in zip(names, values, strict=True):
        assert np.array_equal(maps[name], expected)
    assert maps.place("b") == f"{path}: b"


def test_several_masks_of_a_name_are_united_in_the_size_of_the_first(tmp_path):
    other = block((24, 32), 20, 16, 8, 8)
    with_alpha = np.zeros((24, 32, 4), np.uint8)
    with_alpha[..., :3] = other[..., None]
    with_alpha[..., 3] = 255
    save(tmp_path / "a.png", RANDOM.integers(0, 255, SHAPE, np.uint8))  # the image
    save(tmp_path / "a_mask.png", LESION)
    save(tmp_path / "a_mask_1.png", with_alpha)
    save(tmp_path / "b.png", LESION)
    save(tmp_path / "c_mask.png", np.zeros(SHAPE, np.uint8))
    np.save(tmp_path / "d_mask.npy", LESION > 0)
    masks = open_source(tmp_path, MASKS)
    assert list(masks) == ["a", "b", "c", "d"]
    assert np.array_equal(masks["a"], (LESION > 0) | (block(SHAPE, 10, 8, 4, 4) > 0))
    for name in "bd":
        assert masks[name].dtype == np.uint8
        assert np.array_equal(masks[name], LESION // 255)
    assert not masks["c"].any()
    assert list(open_source(tmp_path, IMAGES)) == ["a", "b", "c_mask", "d_mask"]


def test_images_of_any_depth_have_8_bits(tmp_path):
    grey = RANDOM.integers(0, 256, SHAPE, np.uint8)
    grey[0, :2] = 0, 255
    save(tmp_path / "a.png", grey)
    np.save(tmp_path / "b.npy", grey.astype(np.uint16) * 16)
    np.save(tmp_path / "c.npy", grey / 255)
    images = open_source(tmp_path, IMAGES)
    for name in "abc":
        assert images[name].dtype == np.uint8
        assert np.abs(images[name].astype(int) - grey).max() <= 1


def test_arrays_of_python():
    values = RANDOM.normal(size=(2, 3, 4))
    assert list(source_of(values, MAPS)) == ["0", "1"]
    assert np.array_equal(source_of({7: values[1]}, MAPS)["7"], values[1])
    source = source_of(values, MAPS)
    assert source_of(source, MAPS) is source


def refusal(path, kind, name="a"):
    with pytest.raises(CamsegError) as error:
        open_source(path, kind)[name]
    line = str(error.value)
    assert "\n" not in line
    assert line.startswith(str(path))
    return line


def test_a_map_drawn_in_colours_is_none(tmp_path):
    save(tmp_path / "a.png", RANDOM.integers(0, 255, (5, 5, 3), np.uint8))
    np.save(tmp_path / "b.npy", np.zeros((5, 5, 3)))
    for name in "ab":
        line = refusal(tmp_path, MAPS, name)
        assert line.endswith(
            "is a colour picture: a map drawn in colours is no map any more; save its numbers, as "
            "by numpy.save"
        )
    assert refusal(tmp_path, IMAGES).endswith("is a colour picture: save it in grey")


@pytest.mark.parametrize(
    ("kind", "array", "said"),
    [
        (
            MAPS,
            np.zeros((1, 5, 5)),
            "of shape (1, 5, 5): must be numbers in rows and columns; take",
        ),
        (MAPS, np.zeros(5), "must be numbers in rows and columns"),
        (MAPS, np.zeros((5, 5), complex), "is complex128"),
        (MAPS, np.zeros((0, 5)), "no image has so many pixels"),
        (MASKS, np.arange(4).reshape(2, 2), "is no mask: its values must be 0 and"),
        (MASKS, np.full((2, 2), np.nan), "is no mask"),
        (IMAGES, np.full((2, 2), np.inf), "not finite"),
    ],
)
def test_arrays_that_are_no_maps_masks_or_images(tmp_path, kind, array, said):
    np.save(tmp_path / "a.npy", array)
    assert said in refusal(tmp_path, kind)
    np.savez(tmp_path / "x.npz", a=array)
    assert said in refusal(tmp_path / "x.npz", kind)
    if array.size:
        with pytest.raises(CamsegError) as error:
            source_of({"a": array}, kind)["a"]
        assert str(error.value).startswith(f"{kind}['a']: ")


def test_two_files_of_one_name_are_told_and_none_is_chosen(tmp_path):
    np.save(tmp_path / "a.npy", LESION)
    save(tmp_path / "deeper/a.png", LESION)
    for kind in (MAPS, MASKS):
        line = refusal(tmp_path, kind)
        assert line.endswith("deeper/a.png have one name: keep one of them, or rename")


def test_a_pickle_is_not_read(tmp_path):
    np.save(tmp_path / "a.npy", np.array([[{}]], object), allow_pickle=True)
    assert "write it by numpy.save" in refusal(tmp_path, MAPS)
    np.savez(tmp_path / "x.npz", allow_pickle=True, a=np.array([[{}]], object))
    assert "allow_pickle=False; save texts as" in refusal(tmp_path / "x.npz", MAPS)


def test_accents_are_the_same_however_they_are_written(tmp_path):
    composed, decomposed = "\xe4", "a\u0308"
    np.save(tmp_path / f"{decomposed}.npy", LESION)
    np.savez(tmp_path / "x.npz", **{decomposed: LESION})
    for source in (tmp_path, tmp_path / "x.npz"):
        assert np.array_equal(open_source(source, MAPS)[composed], LESION)
    assert list(source_of({decomposed: LESION}, MAPS)) == [composed]


def test_a_stack_in_a_tiff_is_no_map(tmp_path):
    stack = RANDOM.normal(size=(3, 20, 30)).astype(np.float32)
    tifffile.imwrite(tmp_path / "a.tif", stack, photometric="minisblack")
    assert "holds several frames or channels" in refusal(tmp_path, MAPS)


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".h5", ".tif"])
def test_a_file_cut_short(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    values = RANDOM.normal(size=(50, 60)).astype(np.float32)
    if suffix == ".npy":
        np.save(path, values)
    elif suffix == ".npz":
        np.savez(path, a=values)
    elif suffix == ".tif":
        tifffile.imwrite(path, values)
    else:
        with h5py.File(path, "w") as file:
            file["a"] = values
    path.write_bytes(path.read_bytes()[:-3000])
    assert "cannot be read" in refusal(tmp_path if suffix in (".npy", ".tif") else path, MAPS)


def test_what_holds_nothing_of_the_kind(tmp_path):
    assert "holds no masks; files of these end in .npy, .png" in refusal(tmp_path, MASKS)
    assert "is missing: name the folder" in refusal(tmp_path / "b", MAPS)
    (tmp_path / "c.mat").write_bytes(b"x")
    assert "neither a folder nor a file that ends in .npz, .h5" in refusal(tmp_path / "c.mat", MAPS)
    np.savez(tmp_path / "d.npz", maps=np.zeros((2, 3, 4)))
    assert "has maps, but no names" in refusal(tmp_path / "d.npz", MAPS)
    np.savez(tmp_path / "e.npz", maps=np.zeros((2, 3, 4)), names=["a"])
    assert "has 1 names for 2 maps" in refusal(tmp_path / "e.npz", MAPS)
    np.savez(tmp_path / "f.npz", maps=np.zeros((2, 3, 4)), names=["a", "a"])
    assert "has the name a twice" in refusal(tmp_path / "f.npz", MAPS)
    with h5py.File(tmp_path / "g.h5", "w") as file:
        file["deeper/a"] = np.zeros((3, 4))
    assert "deeper is a group" in refusal(tmp_path / "g.h5", MAPS)


def nifti(path, array, affine=None):
    """Write an array of rows and columns (or slices of them, in the last axis) as NIfTI's."""
    affine = np.diag([-0.1, 0.1, 2, 1]) if affine is None else affine
    nibabel.save(nibabel.Nifti1Image(np.swapaxes(array, 0, 1), affine), path)


def test_the_slices_of_a_volume_are_images_and_one_slice_is_one(tmp_path):
    values = RANDOM.normal(size=(3, 4, 2)).astype(np.float32)
    nifti(tmp_path / "a.nii.gz", values)
    nifti(tmp_path / "b.NII", values[..., 0])
    np.save(tmp_path / "a_1.npy", values[..., 1])
    maps = open_source(tmp_path, MAPS)
    assert list(maps) == ["a[0]", "a[1]", "a_1", "b"]
    for name, number in (("a[0]", 0), ("a[1]", 1), ("b", 0)):
        assert np.array_equal(maps[name], values[..., number])
    volumes = [maps.entry(name).volume for name in maps]
    assert volumes == ["a", "a", None, None]
    assert maps.place("a[1]") == f"{tmp_path / 'a.nii.gz'}, slice 1"
    assert maps.entry("b").frame.shape == (4, 3, 1)
    assert maps.entry("a_1").frame is None


def volume_of(*slices):
    return np.stack([part // 255 for part in slices], axis=-1)


OTHER, EMPTY = block(SHAPE, 10, 8, 4, 4), np.zeros(SHAPE, np.uint8)


def test_several_masks_of_a_volume_are_united_slice_by_slice(tmp_path):
    nifti(tmp_path / "a_mask.nii.gz", volume_of(LESION, EMPTY, LESION))
    nifti(tmp_path / "a_mask_1.nii", 9 * volume_of(OTHER, EMPTY, EMPTY))
    nifti(tmp_path / "b.nii", LESION)
    save(tmp_path / "b_mask.png", OTHER)  # which b.nii is the image of
    nifti(tmp_path / "b_mask_1.nii", LESION)
    masks = open_source(tmp_path, MASKS)
    assert list(masks) == ["a[0]", "a[1]", "a[2]", "b"]
    both = (LESION | OTHER) // 255
    for name, expected in (("a[0]", both), ("a[1]", EMPTY), ("a[2]", LESION // 255), ("b", both)):
        assert masks[name].dtype == np.uint8
        assert np.array_equal(masks[name], expected)


@pytest.mark.parametrize(
    ("second", "affine", "said"),
    [
        (volume_of(OTHER), None, "has 1 slices, its mask 2"),
        (volume_of(OTHER, OTHER), np.eye(4), "lies elsewhere than its mask"),
        (None, None, "is no volume, or the other is one: make them alike"),
    ],
)
def test_masks_that_cannot_be_united(tmp_path, second, affine, said):
    nifti(tmp_path / "a_mask.nii.gz", volume_of(LESION, EMPTY))
    if second is None:
        save(tmp_path / "a_mask_1.png", OTHER)
    else:
        nifti(tmp_path / "a_mask_1.nii", second, affine)
    with pytest.raises(CamsegError) as error:
        open_source(tmp_path, MASKS)["a[1]"]
    line = str(error.value)
    assert line.startswith(f"{tmp_path}/a_mask_1.")
    assert f": beside {tmp_path}/a_mask.nii.gz, of the same name: {said}" in line
    assert "\n" not in line


def test_numbered_lesions_of_a_volume_are_no_mask_in_any_slice(tmp_path):
    nifti(tmp_path / "a.nii.gz", np.stack([LESION, OTHER // 2], axis=-1))
    assert open_source(tmp_path, MASKS)
    line = refusal(tmp_path, MASKS, "a[0]")
    assert line.endswith("in the lesion, one other; of lesions that are numbered, save mask > 0")


def test_a_nifti_file_that_cannot_be_read_is_told_when_it_is_asked_for(tmp_path):
    nifti(tmp_path / "a.nii.gz", RANDOM.normal(size=(40, 50, 2)))
    (tmp_path / "b.nii").write_bytes(b"no NIfTI" * 99)
    (tmp_path / "c.nii.gz").write_bytes((tmp_path / "a.nii.gz").read_bytes()[:-9])
    nifti(tmp_path / "d.nii", np.stack([volume_of(LESION, OTHER)] * 2, axis=-1))
    maps = open_source(tmp_path, MAPS)
    assert list(maps) == ["a[0]", "a[1]", "b", "c[0]", "c[1]", "d"]
    for name, said in (("b", "cannot be read"), ("c[0]", "cannot be read"), ("d", "of several")):
        assert said in refusal(tmp_path, MAPS, name)


def test_a_volume_alone_is_no_source(tmp_path):
    nifti(tmp_path / "a.nii.gz", volume_of(LESION, OTHER))
    line = refusal(tmp_path / "a.nii.gz", MAPS)
    assert line.endswith("a.nii.gz: is the file of one name: give the folder that it is in")
