import nibabel
import numpy as np
import pandas as pd
import pytest

from camseg.datasets.map_folder import IMAGES, MAPS, MASKS
from camseg.errors import CamsegError
from camseg.scoring.map_checks import examine
from camseg.scoring.map_files import open_source, source_of
from conftest import block

SHAPE = 20, 30
LESION = block(SHAPE, 3, 4, 6, 5, 1)
RAMP = np.arange(6.0).reshape(2, 3)


def examined(maps, masks, images=None, table=None):
    methods = maps if "maps" in maps else {"maps": maps}
    return examine(
        {name: source_of(each, MAPS) for name, each in methods.items()},
        source_of(masks, MASKS),
        None if images is None else source_of(images, IMAGES),
        table,
    )


def row(found, name):
    return found.rois.set_index("roi_id").loc[name]


def left_out(found, name):
    roi = row(found, name)
    assert roi["status"] == "left out"
    assert "\n" not in roi["note"]
    assert f"{name}: left out: {roi['note']}" in found.notes()
    return roi["note"]


def test_what_can_be_scored_is_described():
    found = examined({"a": RAMP, "n": RAMP}, {"a": LESION, "n": 0 * LESION})
    roi = row(found, "a")
    assert (roi["status"], roi["label"], roi["side"], roi["note"]) == (
        *("scored", "abnormal", "validation"),
        "",
    )
    assert (roi["height"], roi["width"], roi["patient_id"]) == (20, 30, "a")
    assert roi["lesion_share"] == 30 / 600
    assert found.grids["maps", 0] == (2, 3)
    assert row(found, "n")["status"] == "normal"
    assert row(found, "n")["note"] == "masks['n']: is empty: normal, it has no score"
    assert found.notes() == []


def test_what_lacks_its_other_half_is_left_out_by_name():
    found = examined({"a": RAMP, "b": RAMP}, {"a": LESION, "c": LESION})
    assert left_out(found, "b") == (
        "maps['b']: has no mask in masks; it would be b_mask.png or b.png"
    )
    assert left_out(found, "c") == "masks['c']: has no map in maps; add c.npy"
    two = examined(
        {"maps": {"a": RAMP, "b": RAMP}, "other": {"a": RAMP}}, dict.fromkeys("ab", LESION)
    )
    assert "has no map in maps" in left_out(two, "b")
    image = np.zeros(SHAPE, np.uint8)
    seen = examined({"a": RAMP, "b": RAMP}, dict.fromkeys("ab", LESION), {"a": image})
    assert left_out(seen, "b") == "images: has no image of it; add b.png, or score without"


def test_a_mask_of_a_normal_image_needs_no_map():
    assert row(examined({"a": RAMP}, {"a": LESION, "n": 0 * LESION}), "n")["status"] == "normal"


def test_maps_that_say_no_place_are_scored_and_told():
    bad = RAMP.copy()
    bad[0, :2] = np.nan, np.inf
    found = examined({"a": bad, "b": RAMP * 0 + 7}, dict.fromkeys("ab", LESION))
    assert found.notes() == [
        "a: scored: maps['a']: 2 of its values are NaN or infinite: scored as all 0; make it again",
        "b: scored: maps['b']: is constant: scored as all 0; see why the method gives no map",
    ]


@pytest.mark.parametrize(
    ("shape", "swapped"),
    [
        *[((2, 3), False), ((3, 2), True), ((30, 20), True), ((7, 7), False), ((7, 5), True)],
        *[((5, 7), False), ((7, 3), False), ((20, 30), False)],
    ],
)
def test_exchanged_axes_are_suspected(shape, swapped):
    """By the proportions alone, to rounding: 7 x 5 is a mask of 30 x 20 in so few cells."""
    values = np.arange(np.prod(shape)).reshape(shape)
    found = examined({"a": values, "b": RAMP}, dict.fromkeys("ab", LESION))
    if swapped:
        assert left_out(found, "a").endswith(
            f"is of {shape[0]} x {shape[1]}, its mask of 20 x 30 pixels: rows and columns seem to "
            "be exchanged; save its transpose"
        )
    else:
        assert row(found, "a")["status"] == "scored"


def test_what_cannot_be_read_is_left_out_with_its_reason():
    maps = {"a": RAMP, "b": RAMP[None], "c": RAMP, "d": RAMP}
    masks = dict.fromkeys("abd", LESION) | {"c": np.arange(600).reshape(SHAPE)}
    images = dict.fromkeys("abc", np.zeros(SHAPE, np.uint8)) | {"d": np.zeros((9, 9), np.uint8)}
    found = examined(maps, masks, images)
    assert left_out(found, "b").endswith("numbers in rows and columns; take array[0]")
    assert "masks['c']: is no mask" in left_out(found, "c")
    assert left_out(found, "d") == (
        "images['d']: is of 9 x 9 pixels, its mask of 20 x 30: bring both to one size"
    )


TABLE = "name,patient,side,label,micrometres per pixel\n"


def test_a_table_says_patients_sides_and_pixels(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text(
        TABLE + "a,P1,train,abnormal,50\nb,P1,Validation,,\nn,P2,train,abnormal,50\nz,P9,train,,\n"
    )
    maps = dict.fromkeys("abnx", RAMP)
    masks = dict.fromkeys("abx", LESION) | {"n": 0 * LESION}
    for table in (path, pd.read_csv(path)):
        found = examined(maps, masks, table=table)
        assert tuple(row(found, "a")[["patient_id", "side", "resolution"]]) == ("P1", "train", 50)
        assert tuple(row(found, "b")[["patient_id", "side"]]) == ("P1", "validation")
        assert np.isnan(row(found, "b")["resolution"])
        assert left_out(found, "n") == (
            "masks['n']: is empty, but the table says abnormal; correct one of them"
        )
        assert left_out(found, "x") == "masks['x']: is not in the table; add a line of its name"
        assert left_out(found, "z") == "is in the table alone; correct or remove its line"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (TABLE + "a,P1,test,,\n", ":2: side is 'test': must be one of train, selection, val"),
        (TABLE + "a,P1,,,\n", ":2: side is ''"),
        (TABLE + "a,P1,train,sick,\n", ":2: label is 'sick': must be one of normal, abnormal"),
        (TABLE + "a,P1,train,,-3\n", ":2: micrometres per pixel is '-3': must be a number above 0"),
        (TABLE + "a,,train,,\na,,train,,\n", ":3: has the name a of a line before"),
        ("name,patients\na,P1\n", ":2: has a column 'patients': did you mean 'patient'?"),
        ("patient,side\nP1,train\n", "has no column 'name'"),
    ],
)
def test_a_faulty_table_is_refused(tmp_path, text, said):
    path = tmp_path / "table.csv"
    path.write_text(text)
    with pytest.raises(CamsegError) as error:
        examined({"a": RAMP}, {"a": LESION}, table=path)
    assert str(error.value).startswith(f"{path}:")
    assert said in str(error.value)


def test_nothing_to_score_ends_in_one_line():
    with pytest.raises(CamsegError) as error:
        examined({"x": RAMP, "w": RAMP}, {"b": LESION})
    assert str(error.value) == (
        "maps: no map has a mask in masks: the first are of w and of b; a.npy goes with "
        "a_mask.png or a.png"
    )
    with pytest.raises(CamsegError, match="none of 1 names can be scored; the first: all masks"):
        examined({"a": RAMP}, {"a": 0 * LESION})
    with pytest.raises(CamsegError, match=r"none of 1 names .* exchanged"):
        examined({"a": RAMP.T}, {"a": LESION})
    with pytest.raises(CamsegError, match=r"of b and of a; a\.npy goes"):
        examined({"maps": {"a": RAMP}, "other": {"b": RAMP}}, {"a": LESION})
    methods = {"maps": {"a": RAMP}, "other": {"b": RAMP}}
    with pytest.raises(CamsegError, match="no map is of a name that all of maps, other have"):
        examined(methods, dict.fromkeys("ab", LESION))


AFFINE = np.diag([-0.1, 0.1, 2, 1])
SLICES = np.stack([LESION, 0 * LESION, LESION], axis=-1)


def of_volumes(tmp_path, map_, affine=AFFINE, table=None, images=None):
    """The examination of a volume's map, rows x columns x slices, and of its mask, SLICES."""
    kinds = {MAPS: (map_, affine), MASKS: (SLICES, AFFINE)}
    kinds |= {} if images is None else {IMAGES: images}
    for kind, (array, place) in kinds.items():
        (tmp_path / kind).mkdir()
        image = nibabel.Nifti1Image(np.swapaxes(array, 0, 1), place)
        image.header.set_xyzt_units("mm")
        nibabel.save(image, tmp_path / kind / "a.nii.gz")
    sources = [open_source(tmp_path / kind, kind) for kind in kinds]
    return examine({"maps": sources[0]}, *sources[1:], table=table)


FINE = np.random.default_rng(1).random((*SHAPE, 3))
MIRRORED = AFFINE @ np.diag([-1, 1, 1, 1])


def test_a_volume_s_slices_are_examined_one_by_one(tmp_path):
    map_ = FINE.copy()
    map_[0, 0, 2] = np.nan
    table = pd.DataFrame({"name": ["a"], "side": "train", "label": "abnormal"})
    found = of_volumes(tmp_path, map_, table=table, images=(FINE, AFFINE))
    assert list(found.rois["roi_id"]) == ["a[0]", "a[1]", "a[2]"]
    assert list(found.rois["status"]) == ["scored", "normal", "scored"]
    assert list(found.rois["label"]) == ["abnormal", "normal", "abnormal"]
    assert set(found.rois["patient_id"]) == {"a"}
    assert set(found.rois["side"]) == {"train"}
    assert np.allclose(found.rois["resolution"], 100)
    (note,) = found.notes()
    assert note.startswith("a[2]: scored: ")
    assert "a.nii.gz, slice 2: 1 of its values are NaN" in note


@pytest.mark.parametrize(
    ("map_", "affine", "said"),
    [
        (FINE[..., :2], AFFINE, "a.nii.gz, slice 0: has 2 slices, its mask 3: make them of one"),
        (FINE, MIRRORED, "a.nii.gz, slice 0: lies elsewhere than its mask, or turned or mirrored"),
        (FINE.swapaxes(0, 1), AFFINE, "is of 30 x 20, its mask of 20 x 30 pixels: rows and col"),
    ],
)
def test_volumes_that_do_not_fit_their_masks(tmp_path, map_, affine, said):
    with pytest.raises(CamsegError) as error:
        of_volumes(tmp_path, map_, affine)
    line = str(error.value)
    assert line.startswith("none of 3 names can be scored; the first: ")
    assert said in line
    assert "\n" not in line


def test_an_image_lies_where_its_mask_does(tmp_path):
    with pytest.raises(CamsegError, match=r"images/a\.nii\.gz, slice 0: lies elsewhere"):
        of_volumes(tmp_path, FINE, images=(FINE, MIRRORED))


def test_a_slice_that_its_mask_has_not_is_told_of_its_volume(tmp_path):
    for kind, slices in ((MAPS, 4), (MASKS, 3)):
        (tmp_path / kind).mkdir()
        for name, array in (("a", np.ones((20, 30, slices))), ("b", LESION)):
            image = nibabel.Nifti1Image(np.swapaxes(array, 0, 1), AFFINE)
            nibabel.save(image, tmp_path / kind / f"{name}.nii.gz")
    sources = [open_source(tmp_path / kind, kind) for kind in (MAPS, MASKS)]
    found = examine({"maps": sources[0]}, sources[1])
    assert list(found.rois["status"]) == ["left out"] * 4 + ["scored"]
    assert left_out(found, "a[3]") == (
        f"{tmp_path}/maps/a.nii.gz, slice 3: has no mask in {tmp_path}/masks; it would be "
        "a.nii.gz, of as many slices"
    )
