import inspect

import keras
import pytest

from camseg.errors import CamsegError
from camseg.networks.registry import NETWORKS, cam_grid, check_network

# The first network of each family.
FIRST = {module: name for name, module in reversed(NETWORKS.items())}.values()


def test_the_table_is_what_keras_offers():
    offered = {name for name, _ in inspect.getmembers(keras.applications, inspect.isfunction)}
    assert set(NETWORKS) == offered
    for network, module in NETWORKS.items():
        family = getattr(keras.applications, module)
        assert callable(family.preprocess_input)
        source = getattr(keras.applications, network).__module__.rpartition(".")[2]
        assert source == module


def check_grid(network, size):
    with keras.StatelessScope(initialize_variables=False):  # no weight is ever drawn
        application = getattr(keras.applications, network)
        base = application(include_top=False, weights=None, input_shape=(size, size, 3))
    keras.utils.clear_session()
    if base.output_shape[1:3] == (1, 1):
        with pytest.raises(CamsegError, match=f"{network} has no CAM of more than a single value"):
            cam_grid(network, size)
    else:
        assert cam_grid(network, size) == base.output_shape[1:3]


@pytest.mark.parametrize(
    "size", [107, 128, *(pytest.param(size, marks=pytest.mark.slow) for size in (96, 224))]
)
@pytest.mark.parametrize("network", FIRST)
def test_grid_is_the_shape_of_keras_last_feature_map(network, size):
    check_grid(network, size)


@pytest.mark.slow
@pytest.mark.parametrize("network", NETWORKS)
def test_members_of_a_family_have_the_same_grid(network):
    check_grid(network, 107)


def test_too_small_a_size_names_the_smallest_that_fits():
    with pytest.raises(CamsegError, match=r"InceptionV3 .* at 96 px: it needs at least 107 px"):
        cam_grid("InceptionV3", 96)
    assert cam_grid("InceptionV3", 107) == (2, 2)


@pytest.mark.parametrize(
    ("network", "size"),
    [("MobileNetV2", 33), ("MobileNet", 63), ("VGG16", 64), ("ConvNeXtTiny", 64), ("Xception", 71)],
)
def test_keras_takes_the_smallest_size_that_fits(network, size):
    with pytest.raises(CamsegError, match=f"it needs at least {size} px"):
        cam_grid(network, 32)
    check_grid(network, size)
    assert min(cam_grid(network, size)) > 1


@pytest.mark.parametrize(
    ("unknown", "hint"),
    [
        ("EfficentNetB0", "did you mean EfficientNetB0?"),
        ("xception", "did you mean Xception?"),
        ("ResNet50V3", "did you mean ResNet50V2?"),
        ("AlexNet", "config/README.md lists them"),
    ],
)
def test_an_unknown_network_is_told_the_closest_name(unknown, hint):
    with pytest.raises(CamsegError, match=r"keras\.applications has no network") as error:
        check_network(unknown)
    assert hint in str(error.value)
    check_network("Xception")
