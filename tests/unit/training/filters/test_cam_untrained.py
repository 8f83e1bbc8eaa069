import numpy as np

from camseg.training import filtering
from regimes import given, study, weigh


def test_the_grey_levels_of_the_cam_lie_where_the_untrained_map_is_bright():
    rois, cams = study()
    untrained = given(rois, cams).untrained
    for name, kept in weigh("cam_untrained").items():
        (place,) = np.flatnonzero(rois.roi_id == name)
        np.testing.assert_array_equal(np.sort(kept, None), np.sort(cams[place], None))
        order = np.argsort(untrained[place], axis=None, kind="stable")
        assert (np.diff(kept.ravel()[order].astype(int)) >= 0).all()


def test_by_hand():
    rois, cams = study()
    rois, shape = rois.take([0]), (1, *cams.shape[1:])
    cam, untrained = np.zeros((2, *shape), np.uint8)
    cam[0, 3, 5], cam[0, 7, 9] = 200, 255
    untrained[0, 40, 1], untrained[0, 2, 2] = 90, 30
    kept = filtering.weights(
        "cam_untrained", rois, filtering.Given(cams=cam, untrained=untrained), seed=1
    )(np.array([0]))
    assert (kept[0, 40, 1], kept[0, 2, 2], kept.sum(dtype=int)) == (255, 200, 455)
