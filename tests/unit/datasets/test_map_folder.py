import re

import pytest

from camseg.datasets.map_folder import MapFolder, files_in, find, suffix_of
from camseg.errors import CamsegError


def lay(folder, names):
    for name in names.split():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


@pytest.mark.parametrize(
    ("names", "methods", "masks", "images", "table", "count"),
    [
        ("maps/a.npy maps/b/c.npy masks/a.png", {"maps": "maps"}, "masks", None, None, 3),
        (
            "maps/cam/a.npy maps/SHAP/x/a.tif maps/rise.h5 maps/notes.txt maps/.x/a.npy masks.npz "
            "images/a.nii.gz table.tsv",
            {"SHAP": "maps/SHAP", "cam": "maps/cam", "rise": "maps/rise.h5"},
            *("masks.npz", "images", "table.tsv", 6),
        ),
        ("maps.hdf5 masks.h5 images.npz", {"maps": "maps.hdf5"}, "masks.h5", "images.npz", None, 3),
        ("maps/a.NII masks/.a.png masks/a.PNG", {"maps": "maps"}, "masks", None, None, 2),
    ],
)
def test_what_a_folder_holds(tmp_path, names, methods, masks, images, table, count):
    lay(tmp_path, names)
    found = find(tmp_path)
    assert found == MapFolder(
        {name: tmp_path / path for name, path in methods.items()},
        tmp_path / masks,
        tmp_path / images if images else None,
        tmp_path / table if table else None,
    )
    assert list(found.methods) == sorted(methods, key=str)
    files = [str(path.relative_to(tmp_path)) for path in found.files()]
    assert len(files) == count
    assert set(files) <= set(names.split())
    assert not any("/." in name or name.endswith(".txt") for name in files)


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ("masks/a.png", ": has no maps: put them into {}/maps (docs/own_maps.md says how)"),
        ("maps/a.npy", ": has no masks: put them into {}/masks (docs/own_maps.md says how)"),
        ("maps/x.txt masks/a.png", "/maps: holds no maps: put them there (docs/own_maps.md says"),
        ("maps/cam/x.txt masks/a.png", "/maps/cam: holds no maps: put them there"),
        ("maps/a.npy masks/x.txt", "/masks: holds no masks: put them there"),
        ("maps/a.npy masks/a.png images/x", "/images: holds no images: put them there"),
        ("maps/a.npy maps.h5 masks/a.png", "/maps and {}/maps.h5: both hold maps: keep one of"),
        ("maps/a.npy masks/a.png table.csv table.tsv", "table.tsv and {}/table.csv: both hold ta"),
        ("maps/a.h5 maps/a.npz masks/a.png", "/maps: two methods have one name: rename one of"),
    ],
)
def test_what_is_missing_or_twice_is_told_in_one_line(tmp_path, names, said):
    lay(tmp_path, names)
    with pytest.raises(CamsegError, match=r"^[^\n]+$") as error:
        find(tmp_path)
    assert str(error.value).startswith(str(tmp_path))
    assert said.format(tmp_path) in str(error.value)


def test_a_folder_that_is_not_there_has_no_maps(tmp_path):
    with pytest.raises(CamsegError, match=re.escape(f"{tmp_path}/no: has no maps")):
        find(tmp_path / "no")


def test_suffixes_have_both_parts_where_nifti_is_packed(tmp_path):
    lay(tmp_path, "a.NII.GZ b.x.nii c.gz d.Tiff e f.npy/g")
    found = {path.name: suffix_of(path) for path in tmp_path.iterdir()}
    assert found == {
        "a.NII.GZ": ".nii.gz",
        "b.x.nii": ".nii",
        "c.gz": ".gz",
        "d.Tiff": ".tiff",
        "e": "",
        "f.npy": ".npy",
    }
    assert [path.name for path in files_in(tmp_path)] == ["a.NII.GZ", "b.x.nii", "d.Tiff"]
