"""The paper's six networks of keras.applications: their names and the grids of their CAMs.

Needs Python alone: the workflow checks its configuration with it.
"""

from itertools import count

from camseg.errors import CamsegError

# Each network and its module in keras.applications, where its preprocess_input is.
NETWORKS = {
    "NASNetMobile": "nasnet",
    "MobileNetV2": "mobilenet_v2",
    "DenseNet121": "densenet",
    "ResNet50V2": "resnet_v2",
    "Xception": "xception",
    "InceptionV3": "inception_v3",
}

# The layers that change the size of the feature map, as (window, stride): a side of n becomes
# (n - window) // stride + 1. (1, 2) stands for a padded layer of stride 2, ceil(n / 2).
_WINDOWS = {
    "NASNetMobile": [(3, 2)] + 4 * [(1, 2)],
    "MobileNetV2": 5 * [(1, 2)],
    "DenseNet121": 2 * [(1, 2)] + 3 * [(2, 2)],
    "ResNet50V2": 5 * [(1, 2)],
    "Xception": [(3, 2), (3, 1)] + 4 * [(1, 2)],
    "InceptionV3": [(3, 2), (3, 1), (3, 2), (3, 1), (3, 2), (3, 2), (3, 2)],
}


def cam_grid(network: str, size: int) -> tuple[int, int]:
    """Return (height, width) of the last feature map of `network` for images of side `size`.

    Raises CamsegError if it is not larger than 1 x 1: a CAM of a single value is flat.
    """
    if _side(network, size) < 2:
        fit = next(larger for larger in count(size) if _side(network, larger) > 1)
        raise CamsegError(
            f"{network} has a CAM of a single value at {size} px: it needs at least {fit} px"
        )
    return _side(network, size), _side(network, size)


def _side(network: str, size: int) -> int:
    """Return the side of the last feature map, 0 or less if the network does not fit."""
    for window, stride in _WINDOWS[network]:
        size = (size - window) // stride + 1
    return size
