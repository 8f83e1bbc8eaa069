"""The networks there are: those of keras.applications, their CAMs' grids, and the user's own code.

Needs Python alone: the workflow checks its configuration with it.
"""

import ast
import re
from difflib import get_close_matches
from itertools import count
from pathlib import Path

from camseg.errors import CamsegError

# Each module of keras.applications that has a preprocess_input, and its networks.
_FAMILIES = {
    "convnext": "ConvNeXtTiny ConvNeXtSmall ConvNeXtBase ConvNeXtLarge ConvNeXtXLarge",
    "densenet": "DenseNet121 DenseNet169 DenseNet201",
    "efficientnet": "EfficientNetB0 EfficientNetB1 EfficientNetB2 EfficientNetB3 "
    "EfficientNetB4 EfficientNetB5 EfficientNetB6 EfficientNetB7",
    "efficientnet_v2": "EfficientNetV2B0 EfficientNetV2B1 EfficientNetV2B2 EfficientNetV2B3 "
    "EfficientNetV2S EfficientNetV2M EfficientNetV2L",
    "inception_resnet_v2": "InceptionResNetV2",
    "inception_v3": "InceptionV3",
    "mobilenet": "MobileNet",
    "mobilenet_v2": "MobileNetV2",
    "mobilenet_v3": "MobileNetV3Small MobileNetV3Large",
    "nasnet": "NASNetMobile NASNetLarge",
    "resnet": "ResNet50 ResNet101 ResNet152",
    "resnet_v2": "ResNet50V2 ResNet101V2 ResNet152V2",
    "vgg16": "VGG16",
    "vgg19": "VGG19",
    "xception": "Xception",
}

# Each network and its module in keras.applications.
NETWORKS = {name: module for module, names in _FAMILIES.items() for name in names.split()}

# The layers that change the size of the feature map, as (window, stride): a side of n becomes
# (n - window) // stride + 1. (1, 2) stands for a padded layer of stride 2, ceil(n / 2).
_HALVINGS = 5 * [(1, 2)]
_INCEPTION = [(3, 2), (3, 1), (3, 2), (3, 1), (3, 2), (3, 2), (3, 2)]
_WINDOWS = {
    "convnext": [(4, 4)] + 3 * [(2, 2)],
    "densenet": 2 * [(1, 2)] + 3 * [(2, 2)],
    "efficientnet": _HALVINGS,
    "efficientnet_v2": _HALVINGS,
    "inception_resnet_v2": _INCEPTION,
    "inception_v3": _INCEPTION,
    "mobilenet": [(1, 2)] + 4 * [(2, 2)],
    "mobilenet_v2": _HALVINGS,
    "mobilenet_v3": _HALVINGS,
    "nasnet": [(3, 2)] + 4 * [(1, 2)],
    "resnet": _HALVINGS,
    "resnet_v2": _HALVINGS,
    "vgg16": 5 * [(2, 2)],
    "vgg19": 5 * [(2, 2)],
    "xception": [(3, 2), (3, 1)] + 4 * [(1, 2)],
}

# What Keras refuses although the CAM's grid would be large enough.
_LEAST = {"xception": 71}


def own_code(network: str) -> tuple[str, str] | None:
    """Return file and function of a network written FILE.py:FUNCTION, None for one of Keras."""
    found = re.fullmatch(r"(.+\.py):(\w+)", network)
    return None if found is None else (found[1], found[2])


def check_network(network: str) -> None:
    """Raise CamsegError, naming the closest name, if there is no such network.

    Neither in keras.applications nor, for FILE.py:FUNCTION, in that file, which is read, not run.
    """
    if own := own_code(network):
        _check_own(*own)
    elif network not in NETWORKS:
        close = {name.lower(): name for name in NETWORKS}
        match = get_close_matches(network.lower(), close, n=1, cutoff=0.7)
        hint = f"did you mean {close[match[0]]}?" if match else "config/README.md lists them"
        if ".py" in network or "/" in network:
            hint = "your own is written FILE.py:FUNCTION"
        raise CamsegError(f"keras.applications has no network {network}; {hint}")


def _check_own(file: str, function: str) -> None:
    """Raise CamsegError if a file of Python code has no such function."""
    try:
        code = ast.parse(Path(file).read_bytes())
    except FileNotFoundError as error:
        raise CamsegError(f"there is no file {file}") from error
    except OSError as error:
        raise CamsegError(f"{file}: {error.strerror}") from error
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        place = f"{file}:{line}" if line else file
        raise CamsegError(f"{place}: is no Python: {getattr(error, 'msg', error)}") from error
    known = [node.name for node in code.body if isinstance(node, ast.FunctionDef)]
    if function not in known:
        close = get_close_matches(function, known, n=1)
        hint = f"did you mean {close[0]}?" if close else f"it has {', '.join(known) or 'none'}"
        raise CamsegError(f"{file}: has no function {function}; {hint}")


def cam_grid(network: str, size: int) -> tuple[int, int]:
    """Return (height, width) of the last feature map of `network` for images of side `size`.

    Raises CamsegError if it is not larger than 1 x 1 (a CAM of a single value is flat), or if
    Keras refuses images so small.
    """
    if not _fits(network, size):
        least = next(larger for larger in count(size) if _fits(network, larger))
        raise CamsegError(
            f"{network} has no CAM of more than a single value at {size} px: "
            f"it needs at least {least} px"
        )
    return _side(network, size), _side(network, size)


def _fits(network: str, size: int) -> bool:
    return size >= _LEAST.get(NETWORKS[network], 0) and _side(network, size) > 1


def _side(network: str, size: int) -> int:
    """Return the side of the last feature map, 0 or less if the network does not fit."""
    for window, stride in _WINDOWS[NETWORKS[network]]:
        size = (size - window) // stride + 1
    return size
