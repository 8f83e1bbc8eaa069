import numpy as np

from regimes import study, weigh


def test_what_the_cam_removes_is_kept():
    rois, cams = study()
    kept = weigh("inverse_cam")
    for name, cam in zip(rois.roi_id, cams, strict=True):
        np.testing.assert_array_equal(kept[name] + cam, 255)
