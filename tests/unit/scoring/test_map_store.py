import h5py
import numpy as np
import pytest

from camseg.datasets.map_folder import IMAGES, MAPS, MASKS
from camseg.explanations.scaling import to_grey
from camseg.scoring.map_checks import examine
from camseg.scoring.map_files import source_of
from camseg.scoring.map_store import write_maps
from conftest import block

SHAPES = {"a/b": (12, 20), "é": (30, 11), "normal": (9, 9)}
RANDOM = np.random.default_rng(6)
MASKS_OF = {name: block(shape, 2, 3, 5, 4, 1) for name, shape in SHAPES.items()}
MASKS_OF["normal"][:] = 0
METHODS = {name: {each: RANDOM.normal(size=(4, 5)) for each in SHAPES} for name in ("cam", "x/y")}
IMAGES_OF = {name: RANDOM.integers(0, 255, shape, np.uint8) for name, shape in SHAPES.items()}


@pytest.mark.parametrize("images", [None, IMAGES_OF])
def test_each_scored_roi_has_its_maps_as_scored_its_mask_and_image(tmp_path, images):
    examined = examine(
        {name: source_of(maps, MAPS) for name, maps in METHODS.items()},
        source_of(MASKS_OF, MASKS),
        images and source_of(images, IMAGES),
    )
    for path in (tmp_path / "one.h5", tmp_path / "two.h5"):
        write_maps(path, examined)
    assert (tmp_path / "one.h5").read_bytes() == (tmp_path / "two.h5").read_bytes()
    with h5py.File(tmp_path / "one.h5") as file:
        assert (file.attrs["kind"], file.attrs["schema_version"]) == (b"maps", 1)
        assert list(file["method"].asstr()) == ["cam", "x/y"]
        assert list(file["roi_id"].asstr()) == ["a/b", "é"]
        kinds = ["maps", "mask", *(["image"] if images else [])]
        numbered = {f"{kind}-00000{row}" for kind in kinds for row in (0, 1)}
        assert set(file) == {"method", "roi_id", *numbered}
        for number, name in enumerate(("a/b", "é")):
            for row, maps in enumerate(METHODS.values()):
                expected = to_grey(maps[name][np.newaxis], SHAPES[name])[0]
                assert np.array_equal(file[f"maps-00000{number}"][row], expected)
            assert np.array_equal(file[f"mask-00000{number}"], MASKS_OF[name])
            if images:
                assert np.array_equal(file[f"image-00000{number}"], images[name])
        for name in numbered:
            assert file[name].dtype == np.uint8
            assert file[name].fletcher32
