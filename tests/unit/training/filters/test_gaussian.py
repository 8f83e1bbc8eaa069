import numpy as np
import pytest

from regimes import SIZE, study, weigh


def test_it_is_round_central_and_as_large_as_the_cam():
    rois, cams = study()
    for name, kept in weigh("gaussian").items():
        (cam,) = cams[rois.roi_id == name]
        assert kept.sum() / 255 == pytest.approx(cam.sum() / 255, rel=0.005, abs=0.5)
        np.testing.assert_array_equal(kept, kept.T)
        np.testing.assert_array_equal(kept, kept[::-1])
        assert kept.max() == kept[SIZE // 2, SIZE // 2]
    y, x = np.indices((SIZE, SIZE)) - (SIZE - 1) / 2
    log = np.log(weigh("gaussian")["B.abnormal"] / 255)
    np.testing.assert_allclose(log / log[0, SIZE // 2], (x**2 + y**2) / (31.5**2 + 0.25), atol=0.02)
