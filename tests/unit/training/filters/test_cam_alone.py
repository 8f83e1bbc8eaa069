import numpy as np

from regimes import filtered, study


def test_the_network_sees_the_map_and_no_pixel():
    _, cams = study()
    np.testing.assert_allclose(filtered("cam_alone"), cams, rtol=1e-6)
