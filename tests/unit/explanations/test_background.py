import numpy as np
import pytest

from camseg.errors import CamsegError
from camseg.explanations.background import POOL, Background, draw_pool
from camseg.io.store import Rois


def rois(patients: list[str]) -> Rois:
    n = len(patients)
    image = np.broadcast_to(np.arange(n, dtype=np.uint8)[:, None, None], (n, 2, 2))
    names = np.array([f"roi {number}" for number in range(n)], object)
    texts = dict.fromkeys(("view", "pathology", "lesion_type"), names)
    return Rois(
        image, np.zeros_like(image), np.zeros(n, np.uint8), names, np.array(patients, object),
        **texts, box=np.zeros((n, 4), np.int32),
    )  # fmt: skip


def preprocess(images: np.ndarray) -> np.ndarray:
    return images[..., np.newaxis] / np.float32(2)


def test_each_roi_meets_all_others_of_other_patients_in_turn():
    pool = rois(["a", "a", "b", "c"])
    patients = np.array(["x", "a", "c"], object)
    other = Background(pool, patients, preprocess).at(slice(0, 3))
    found = [2 * other(draw)[:, 0, 0, 0] for draw in range(5)]
    expected = [[0, 2, 0], [1, 3, 1], [2, 2, 2], [3, 3, 0], [0, 2, 1]]
    np.testing.assert_array_equal(found, expected)
    # the same of a ROI by itself
    alone = Background(pool, patients, preprocess).at(slice(1, 2))
    assert [2 * alone(draw)[0, 0, 0, 0] for draw in range(3)] == [2, 3, 2]


def test_a_patient_is_not_compared_with_itself():
    with pytest.raises(CamsegError, match="no training ROIs of another patient"):
        Background(rois(["a", "a"]), np.array(["b", "a"], object), preprocess).at(slice(0, 2))


def test_the_pool_is_of_training_rois_alone():
    every = rois([f"patient {number}" for number in range(200)])
    sides = np.array(["train", "validation", "unused", "train"] * 50, object)
    pool = draw_pool(every, sides)
    assert len(pool) == POOL
    assert len(set(pool.roi_id)) == POOL
    chosen = [int(name.split()[1]) for name in pool.roi_id]
    assert set(sides[chosen]) == {"train"}
    np.testing.assert_array_equal(pool.image[:, 0, 0], chosen)
    np.testing.assert_array_equal(draw_pool(every, sides).roi_id, pool.roi_id)
    assert len(draw_pool(rois(["a", "b"]), np.array(["train", "train"], object))) == 2
