import numpy as np

from regimes import study, weigh


def test_the_grey_levels_are_those_of_the_cam_at_other_places():
    rois, cams = study()
    kept = weigh("noise")
    for name, cam in zip(rois.roi_id, cams, strict=True):
        np.testing.assert_array_equal(np.sort(kept[name], None), np.sort(cam, None))
    fields = [kept[name].ravel() for name in rois.roi_id[2:]]
    fields += [cam.ravel() for cam in cams[2:]]
    assert (np.corrcoef(fields) - np.eye(8)).max() < 0.9
