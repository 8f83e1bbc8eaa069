import keras
import pytest

from camseg.errors import CamsegError
from camseg.networks import NETWORKS, cam_grid


@pytest.mark.slow
@pytest.mark.parametrize("size", [96, 107, 128, 224])
@pytest.mark.parametrize("network", NETWORKS)
def test_grid_is_the_shape_of_keras_last_feature_map(network, size):
    application = getattr(keras.applications, network)
    shape = application(include_top=False, weights=None, input_shape=(size, size, 3)).output_shape
    if shape[1:3] == (1, 1):
        with pytest.raises(CamsegError, match=f"{network} has a CAM of a single value"):
            cam_grid(network, size)
    else:
        assert cam_grid(network, size) == shape[1:3]


def test_too_small_a_size_names_the_smallest_that_fits():
    with pytest.raises(CamsegError, match=r"InceptionV3 .* at 96 px: it needs at least 107 px"):
        cam_grid("InceptionV3", 96)
    assert cam_grid("InceptionV3", 107) == (2, 2)
