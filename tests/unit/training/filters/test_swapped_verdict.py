import pytest

from camseg.errors import CamsegError
from regimes import taken_from, weigh


def test_a_roi_gets_a_cam_of_another_patient_with_the_same_verdict():
    """Patient C's lesion is missed: its verdict is normal."""
    found = taken_from("swapped_verdict", "cam", seeds=60, names="Aa An Ba Bn Ca Da Dn")
    abnormal, normal = {"Aa", "Ba", "Da"}, {"An", "Bn", "Dn", "Ca"}
    assert found == {
        name: {other for other in same if other[0] != name[0]}
        for same in (abnormal, normal)
        for name in same
    }


def test_another_patient_with_that_verdict_is_needed():
    with pytest.raises(CamsegError) as error:
        weigh("swapped_verdict", names="Aa An Ba")
    assert str(error.value) == (
        "regime 'swapped_verdict': ROI An: no other patient on its side of the split has a ROI of "
        "the same verdict"
    )
