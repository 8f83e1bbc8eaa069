import pytest

from camseg.errors import CamsegError
from regimes import taken_from, weigh


def test_a_roi_gets_a_cam_of_another_patient():
    names = "Aa An Ba Bn Ca"
    found = taken_from("swapped", "cam", seeds=60, names=names)
    assert found == {
        name: {other for other in names.split() if other[0] != name[0]} for name in names.split()
    }


def test_another_patient_is_needed():
    with pytest.raises(CamsegError, match="'swapped': ROI Aa: no other patient on its side of"):
        weigh("swapped", names="Aa An")
