import h5py
import numpy as np
import pytest

from camseg.errors import CamsegError
from camseg.io import store
from made import make_rois as rois


def test_sharding_and_order_change_nothing(tmp_path):
    whole = rois(["a", "b", "ü c", "d"])
    store.write_shard(tmp_path / "whole.h5", whole, source="test")
    store.write_shard(tmp_path / "0.h5", whole.take([3, 0]), source="test")
    store.write_shard(tmp_path / "1.h5", whole.take([2, 1]), source="test")
    store.write_shard(tmp_path / "2.h5", whole.take([]), source="test")
    one = store.read_rois([tmp_path / "whole.h5"])
    many = store.read_rois([tmp_path / f"{number}.h5" for number in (2, 0, 1)])
    assert list(one.roi_id) == sorted(whole.roi_id)
    for name in store.Rois.__dataclass_fields__:
        assert (getattr(one, name) == getattr(many, name)).all()
        assert getattr(one, name).dtype == getattr(whole, name).dtype


def test_layout_is_as_documented(tmp_path):
    store.write_shard(tmp_path / "s.h5", rois(["a", "b"]), source="here")
    with h5py.File(tmp_path / "s.h5") as file:
        assert (file.attrs["schema_version"], file.attrs["source"], file.attrs["size"]) == (
            3,
            b"here",
            8,
        )
        assert file["image"].shape == (2, 8, 8)
        assert file["box"].dtype == np.int32
        assert file["roi_id"].asstr()[0] == "a"


def test_a_roi_twice_and_other_sizes_are_refused(tmp_path):
    store.write_shard(tmp_path / "0.h5", rois(["a", "b"]), source="")
    store.write_shard(tmp_path / "1.h5", rois(["b"]), source="")
    store.write_shard(tmp_path / "2.h5", rois(["c"], size=9), source="")
    with pytest.raises(CamsegError, match="ROI b is in the shards more than once"):
        store.read_rois([tmp_path / "0.h5", tmp_path / "1.h5"])
    with pytest.raises(
        CamsegError, match=r"0.h5: holds ROIs of other sizes than .*2.h5; remove the file"
    ):
        store.read_rois([tmp_path / "0.h5", tmp_path / "2.h5"])


def test_foreign_truncated_and_newer_files_are_refused(tmp_path):
    path = tmp_path / "s.h5"
    store.write_shard(path, rois(["a", "b"]), source="")
    with pytest.raises(CamsegError, match="is not a cam file"):
        store.read_cams(path)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(CamsegError, match=r"s.h5: is not a whole shard file"):
        store.read_rois([path])
    path.write_bytes(b"text")
    with pytest.raises(CamsegError, match="is not a whole shard file"):
        store.read_rois([path])
    path.write_bytes(data)
    with h5py.File(path, "a") as file:
        file.attrs["schema_version"] = store.SCHEMA + 1
    with pytest.raises(CamsegError, match="has schema version 4, this program reads 3; remove"):
        store.read_rois([path])


def test_cams_are_aligned_to_the_wanted_rois(tmp_path):
    cam = np.arange(3 * 4, dtype=np.uint8).reshape(3, 2, 2)
    raw = cam.astype(np.float32)
    names = np.array(["c", "a", "b"], dtype=object)
    options = {"score": "margin", "relu": False}
    store.write_cams(tmp_path / "c.h5", cam=cam, raw=raw, roi_id=names, options=options)
    cams = store.read_cams(tmp_path / "c.h5", np.array(["b", "c"], dtype=object))
    assert (cams.cam == cam[[2, 0]]).all()
    assert cams.options == options
    with pytest.raises(CamsegError, match="has no CAM of ROI d"):
        store.read_cams(tmp_path / "c.h5", ["a", "d"])


def test_maps_are_aligned_to_the_wanted_rois(tmp_path):
    maps = np.arange(3 * 4, dtype=np.uint8).reshape(3, 2, 2)
    path, roi_id = tmp_path / "maps.h5", np.array(["a", "b", "c"])
    store.write_maps(path, maps=maps, roi_id=roi_id, options={"method": "crf"})
    read = store.read_maps(path, np.array(["c", "a"]))
    np.testing.assert_array_equal(read.map, maps[[2, 0]])
    assert list(read.roi_id) == ["c", "a"]
    assert read.options == {"method": "crf"}
    stored = store.read_maps(path, load=False).map
    assert isinstance(stored, store.Stored)
    np.testing.assert_array_equal(stored[:], maps)
    with pytest.raises(CamsegError, match=r"maps.h5: has no map of ROI d \(1 missing\)"):
        store.read_maps(path, np.array(["a", "d"]))
    with pytest.raises(CamsegError, match="is not a cam file"):
        store.read_cams(path)


def test_cams_written_batch_by_batch_are_the_same_file(tmp_path):
    rng = np.random.default_rng(0)
    cam = rng.integers(0, 256, (5, 6, 6)).astype(np.uint8)
    cam[3] = 0
    raw = rng.normal(size=(5, 2, 3)).astype(np.float32)
    rest = {"roi_id": np.array(list("abcde"), object), "options": {"score": "margin"}}
    store.write_cams(tmp_path / "whole.h5", cam=cam, raw=raw, **rest)
    silent = store.read_cams(tmp_path / "whole.h5")
    assert np.isnan(silent.margin).all()  # it does not say them
    assert (silent.runs == 0).all()
    known = {"margin": rng.normal(size=5).astype(np.float32)}
    known["runs"] = rng.integers(1, 9, (5, 2)).astype(np.int32)
    store.write_cams(tmp_path / "whole.h5", cam=cam, raw=raw, **known, **rest)
    with store.cam_writer(tmp_path / "parts.h5", **rest) as write:
        for part in (slice(0, 2), slice(2, 4), slice(4, 5)):
            write(cam[part], raw[part], **{name: each[part] for name, each in known.items()})
    whole, parts = (store.read_cams(tmp_path / f"{name}.h5") for name in ("whole", "parts"))
    for name in ("cam", "raw", "degenerate", "margin", "runs", "roi_id"):
        np.testing.assert_array_equal(getattr(whole, name), getattr(parts, name))
    np.testing.assert_array_equal(parts.cam, cam)
    np.testing.assert_array_equal(parts.raw, raw)
    for name, values in known.items():
        np.testing.assert_array_equal(getattr(parts, name), values)
    assert parts.degenerate.tolist() == [False, False, False, True, False]
    with (
        pytest.raises(CamsegError, match="4 CAMs do not fit 5 ROIs"),
        store.cam_writer(tmp_path / "short.h5", **rest) as write,
    ):
        write(cam[:4], raw[:4])
    assert not (tmp_path / "short.h5").exists()


def test_a_failed_write_leaves_nothing(tmp_path):
    good = rois(["a"])
    broken = store.Rois(**{**good.__dict__, "roi_id": np.array(["\ud800"], dtype=object)})
    with pytest.raises(UnicodeEncodeError):
        store.write_shard(tmp_path / "s.h5", broken, source="")
    assert list(tmp_path.iterdir()) == []


def test_images_left_in_their_files_are_those_in_memory(tmp_path):
    whole = rois([f"{number:02d}" for number in range(9)])
    store.write_shard(tmp_path / "0.h5", whole.take([5, 0, 7, 3]), source="")
    store.write_shard(tmp_path / "1.h5", whole.take([8, 1, 2, 6, 4]), source="")
    paths = [tmp_path / "0.h5", tmp_path / "1.h5"]
    loaded, left = store.read_rois(paths), store.read_rois(paths, load=False)
    assert isinstance(left.image, store.Stored)
    assert (left.image.shape, left.image.nbytes) == ((9, 8, 8), 9 * 64)
    index = np.array([6, 0, 6, 3])
    for name in ("image", "mask"):
        np.testing.assert_array_equal(getattr(left, name)[index], getattr(loaded, name)[index])
    some = np.arange(9) % 2 == 0
    np.testing.assert_array_equal(left.take(some).mask[1:3], loaded.mask[some][1:3])
    np.testing.assert_array_equal(left.loaded().image, loaded.image)


def test_a_corrupt_image_is_named(tmp_path):
    path = tmp_path / "s.h5"
    store.write_shard(path, rois(["a", "b"]), source="")
    with h5py.File(path) as file:
        place = file["mask"].id.get_chunk_info_by_coord((1, 0, 0))
    data = bytearray(path.read_bytes())
    data[place.byte_offset : place.byte_offset + place.size] = bytes(place.size)
    path.write_bytes(data)
    with pytest.raises(CamsegError, match=r"s.h5: /mask, row 1: "):
        store.read_rois([path])


def test_curves_come_back_for_the_rows_of_their_table(tmp_path):
    curve = np.random.default_rng(0).random((3, 256))
    names = np.array(["a", "b", "a"], dtype=object)
    store.write_curves(tmp_path / "c.h5", curve=curve, roi_id=names)
    found = store.read_curves(tmp_path / "c.h5", np.array([2, 1]), np.array(["a", "b"], object))
    np.testing.assert_array_equal(found, curve[[2, 1]])
    for rows, others in (([0, 1], ["b", "a"]), ([0, 3], ["a", "a"]), ([0], ["a", "b"])):
        with pytest.raises(CamsegError, match="not those of the table of scores"):
            store.read_curves(tmp_path / "c.h5", np.array(rows), np.array(others, object))
    with pytest.raises(CamsegError, match="is not a curve file"):
        store.write_shard(tmp_path / "s.h5", rois(["a"]), source="")
        store.read_curves(tmp_path / "s.h5", np.array([0]), np.array(["a"], object))
