import numpy as np

from regimes import filtered


def test_the_mask_regimes_outline_is_there_without_texture():
    masked = filtered("mask")
    assert masked.any(axis=(1, 2)).all()
    np.testing.assert_array_equal(filtered("silhouette"), np.where(masked > 0, 255, 0))
