import numpy as np
from scipy import ndimage

from regimes import study, weigh


def test_one_patch_as_large_as_the_cam_is_kept():
    rois, cams = study()
    for name, kept in weigh("blob").items():
        (cam,) = cams[rois.roi_id == name]
        assert set(np.unique(kept)) <= {0, 255}
        assert (kept > 0).sum() == round(cam.sum() / 255)
        assert ndimage.label(kept)[1] == (name != "A.abnormal")  # whose CAM keeps nothing
