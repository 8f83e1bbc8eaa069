import numpy as np
import pytest

from camseg.errors import CamsegError
from regimes import NAMES, study, weigh


def test_both_rois_of_a_pair_have_its_outline_the_normal_one_mirrored():
    rois, _ = study()
    mask = dict(zip(rois.roi_id, 255 * rois.mask, strict=True))
    kept = weigh("mask_paired")
    for name in NAMES.split():
        if name.endswith(".abnormal"):
            np.testing.assert_array_equal(kept[name], mask[name])
        else:
            opposite = mask[name.replace(".normal", ".abnormal")]
            np.testing.assert_array_equal(kept[name], np.flip(opposite, axis=1))


def test_a_normal_roi_whose_pair_is_on_the_other_side_is_told():
    with pytest.raises(CamsegError) as error:
        weigh("mask_paired", names="A.abnormal B.normal")
    assert str(error.value) == (
        "regime 'mask_paired': ROI B.normal: the abnormal ROI opposite is not on its side of the "
        "split: split by patient, or leave this regime out"
    )
