import numpy as np

from regimes import filtered, study


def test_every_roi_is_weighed_by_its_map():
    rois, cams = study()
    result = filtered("cam")
    np.testing.assert_allclose(result, rois.image * (cams / 255.0), rtol=1e-6)
    np.testing.assert_array_equal(result[cams == 255], rois.image[cams == 255])
    assert not result[cams == 0].any()
