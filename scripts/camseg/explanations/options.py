"""How a heat map is made of what a network gives; needs no TensorFlow."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from camseg.errors import CamsegError
from camseg.options import Options, declared, option

SCORES = ("margin", "logit", "softmax")
TARGETS = ("abnormal", "predicted", "true")
SIGNS = ("signed", "positive", "absolute")


@dataclass(frozen=True, kw_only=True)
class Enlargement(Options):
    """What of the section `cam` of the configuration makes a map as large as its ROI."""

    resize: str = option(
        "how a CAM's grid is enlarged to the ROI: `bilinear` or `nearest`",
        choices=("bilinear", "nearest"),
        default="bilinear",
    )
    smoothing: float = option(
        "standard deviation of a Gaussian that smooths the enlarged map, as a share of the ROI's "
        "side; 0 for none",
        minimum=0,
        maximum=0.5,
        default=0.0,
    )


@dataclass(frozen=True, kw_only=True)
class GreyRule(Enlargement):
    """What of the section `cam` of the configuration makes grey of a raw map: `to_grey`."""

    sign: str = option(
        "what of a raw map becomes grey: its values as they are, `signed` (eq. 8 has no ReLU); the "
        "`positive` ones, with 0 for others; or their `absolute` values",
        choices=SIGNS,
        default="signed",
    )


def rule_of(options: Mapping[str, Any], path: str | Path) -> GreyRule:
    """Return the rule by which the maps of a CAM file were made, whose `options` these are.

    Raises CamsegError if they do not say it.
    """
    names = [each.name for each in declared(GreyRule)]
    missing = [name for name in names if name not in options]
    if missing:
        raise CamsegError(f"{path}: does not say the maps' {missing[0]}: compute them again")
    return GreyRule(**{name: options[name] for name in names})


@dataclass(frozen=True, kw_only=True)
class MapOptions(GreyRule):
    """What of the section `cam` of the configuration every map is made by."""

    score: str = option(
        "the score explained: `margin` (logit against the other class's), `logit` (eq. 3), "
        "`softmax`",
        choices=SCORES,
        default="margin",
    )


@dataclass(frozen=True, kw_only=True)
class CamOptions(MapOptions):
    """What of the section `cam` of the configuration a study's CAMs are made by."""

    target: str = option(
        "the class explained: `abnormal` for every ROI, `predicted`, or `true`",
        choices=TARGETS,
        default="abnormal",
    )
