"""How a U-Net is built and trained; needs no TensorFlow."""

from dataclasses import dataclass

from camseg.options import Options, option


@dataclass(frozen=True, kw_only=True)
class SegmentationOptions(Options):
    """What of the section `segmentation` of the configuration every U-Net is trained by."""

    steps: int = option(
        "training steps of a U-Net, each of one batch: the same however many outlines it has",
        minimum=1,
    )
    width: int = option(
        "channels of a U-Net at the ROI's own resolution; each of its four halvings doubles them",
        minimum=1,
    )
    learning_rate: float = option(
        "of Adam at the first step of a U-Net's training; it falls towards 0 as a cosine", above=0
    )
    flips: bool = option(
        "augmentation of ROIs and masks alike: random flips up-down and left-right"
    )
    rotation: float = option(
        "augmentation, likewise: random rotations by at most so many degrees",
        minimum=0,
        maximum=180,
    )
    normal: bool = option(
        "whether a U-Net is trained on normal ROIs, too, in which there is nothing to find; with "
        "few outlines, on as many of them"
    )
