import numpy as np

from camseg.rois.breast import find_breast


def test_breast_is_told_from_film():
    image = np.full((300, 200), 20, dtype=np.uint8)
    image[50:250, :120] = 150
    breast = find_breast(image).pixels
    truth = image > 100
    assert (breast != truth).mean() < 0.02
