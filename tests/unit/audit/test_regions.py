import numpy as np

from camseg.audit import regions

RANDOM = np.random.default_rng(0)
IDS = np.array(["a", "b", "c"], object)


def test_pairs_are_abnormal_rois_with_their_normal_ones_on_the_same_side():
    names = ["1.abnormal", "1.normal", "2.abnormal", "3.abnormal", "3.normal", "4.abnormal"]
    names += ["4.normal", "5.normal", "6.abnormal", "6.normal"]
    sides = ["train", "train", "train", "validation", "validation", "train", "validation"]
    sides += ["train", "unused", "unused"]
    labels = np.array([name.endswith(".abnormal") for name in names], int)
    found = regions.pairs(np.array(names, object), labels, np.array(sides, object))
    assert found.tolist() == [[0, 1], [3, 4]]
    assert regions.pairs(np.array(names[:1], object), labels[:1], np.array(sides[:1])).shape == (
        0,
        2,
    )


def test_the_highest_pixels_are_as_many_as_the_lesions():
    maps = RANDOM.permuted(np.tile(np.arange(64), (3, 1)), axis=1).reshape(3, 8, 8)
    masks = RANDOM.integers(0, 2, (3, 8, 8)).astype(np.uint8)
    found = regions.highest(maps, masks, IDS, seed=1)
    np.testing.assert_array_equal(found, maps >= 64 - masks.sum(axis=(1, 2), keepdims=True))


def test_equal_pixels_are_drawn():
    maps, masks = np.zeros((3, 16, 16), np.uint8), np.zeros((3, 16, 16), np.uint8)
    maps[:, :2], masks[:, :8] = 9, 1  # 32 pixels stand out, 128 are wanted
    found = regions.highest(maps, masks, IDS, seed=1)
    assert found[:, :2].all()
    rows = found[:, 2:].sum(axis=2)
    assert (rows.sum(axis=1) == 96).all()
    assert rows.min() > 0  # not those that come first
    assert not np.array_equal(found[0], found[1])
    np.testing.assert_array_equal(found, regions.highest(maps, masks, IDS, seed=1))
    assert not np.array_equal(found, regions.highest(maps, masks, IDS, seed=2))


def test_a_region_and_its_complement_bring_in_the_whole_of_the_other_image():
    images, others = RANDOM.integers(0, 256, (2, 3, 128, 128)).astype(np.uint8)
    masks = np.zeros((3, 128, 128), np.uint8)
    masks[:, 40:90, 30:80] = 1
    inside, outside = (regions.replaced(images, others, each) for each in (masks, 1 - masks))
    assert inside.dtype == np.uint8
    both = inside.astype(int) + outside - images
    assert np.abs(both - others).max() <= 1  # rounding
    np.testing.assert_array_equal(inside[:, 50:80, 40:70], others[:, 50:80, 40:70])
    np.testing.assert_array_equal(inside[:, :30], images[:, :30])
    np.testing.assert_array_equal(regions.replaced(images, others, np.ones_like(masks)), others)
    np.testing.assert_array_equal(regions.replaced(images, others, np.zeros_like(masks)), images)
    # the edge is soft: halfway at it, and no step of more than a quarter of the whole
    black, white = np.zeros((1, 128, 128), np.uint8), np.full((1, 128, 128), 255, np.uint8)
    across = regions.replaced(black, white, masks[:1])[0, 64].astype(int)
    assert across[29] + across[30] == 255
    assert np.abs(np.diff(across)).max() < 64


def test_with_a_seed_another_normal_roi_of_the_same_side_stands_in():
    names = np.array(["a.abnormal", "b.abnormal", "b.normal", "c.normal", "d.normal"], object)
    labels = np.array([1, 1, 0, 0, 0])
    sides = np.array(["train", "train", "train", "validation", "train"])
    found = regions.pairs(names, labels, sides, drawn=1)
    assert found[1].tolist() == [1, 2]  # its own
    drawn = {int(regions.pairs(names, labels, sides, drawn=seed)[0][1]) for seed in range(20)}
    assert drawn == {2, 4}
    assert regions.pairs(names, labels, sides).tolist() == [[1, 2]]
