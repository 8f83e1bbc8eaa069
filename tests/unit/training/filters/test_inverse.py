import numpy as np

from regimes import filtered, study


def test_all_but_what_the_mask_regime_keeps_is_kept():
    rois, _ = study()
    inside, outside = filtered("mask"), filtered("inverse")
    np.testing.assert_array_equal(inside + outside, rois.image)
    assert not ((inside > 0) & (outside > 0)).any()
