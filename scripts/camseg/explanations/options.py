"""How a heat map is made of what a network gives; needs no TensorFlow."""

from dataclasses import dataclass

from camseg.options import Options, option

SCORES = ("margin", "logit", "softmax")
TARGETS = ("abnormal", "predicted", "true")


@dataclass(frozen=True, kw_only=True)
class MapOptions(Options):
    """What of the section `cam` of the configuration every map is made by."""

    score: str = option(
        "the score explained: `margin` (logit against the other class's), `logit` (eq. 3), "
        "`softmax`",
        choices=SCORES,
        default="margin",
    )
    relu: bool = option("cut negative values off before scaling (eq. 8 has no ReLU)", default=False)
    resize: str = option(
        "how a CAM's grid is enlarged to the ROI: `bilinear` or `nearest`",
        choices=("bilinear", "nearest"),
        default="bilinear",
    )


@dataclass(frozen=True, kw_only=True)
class CamOptions(MapOptions):
    """What of the section `cam` of the configuration a study's CAMs are made by."""

    target: str = option(
        "the class explained: `abnormal` for every ROI, `predicted`, or `true`",
        choices=TARGETS,
        default="abnormal",
    )
