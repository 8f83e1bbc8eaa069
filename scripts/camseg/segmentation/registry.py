"""The methods of segmentation: one table of what each learns from, and how a study names it.

A study names a segmenter METHOD, or METHOD-DETAIL: `few_outlines-20` learns from 20 outlines,
`crf-Xception` takes the CAMs of the classifier Xception. Needs Python alone: the workflow reads it.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Method:
    """A method of segmentation: `title` in print, `data`, what of the training ROIs it learns from.

    `cams` says whether it takes a classifier's CAMs, `trains` whether a U-Net is trained, `targets`
    what on: "masks" (outlines), "pseudo" (CAMs cut by a rule), "maps" (what the `after` gave).
    """

    title: str
    data: str
    cams: bool = False
    trains: bool = True
    targets: str = "masks"
    after: str = ""


LABELS = "labels"  # of ROIs: normal or abnormal, as classifiers have them
METHODS = {
    "unet": Method("U-Net", "all outlines"),
    "few_outlines": Method("U-Net", "few outlines"),
    "pseudo_masks": Method("U-Net on pseudo-masks", LABELS, cams=True, targets="pseudo"),
    "pseudo_masks_again": Method(
        "U-Net on that one's masks", LABELS, cams=True, targets="maps", after="pseudo_masks"
    ),
    "grab_cut": Method("GrabCut of the CAM", LABELS, cams=True, trains=False),
    "crf": Method("dense CRF of the CAM", LABELS, cams=True, trains=False),
    "random_walker": Method("random walker of the CAM", LABELS, cams=True, trains=False),
    "fused": Method("U-Net of ROI and CAM", "all outlines", cams=True),
    "fused_shuffled": Method("U-Net of ROI and another's CAM", "all outlines", cams=True),
}
CAM = "cam"  # how the segmenter is named that is a classifier's CAM itself


def parts(segmenter: str) -> tuple[str, str]:
    """Return method and detail ("" if it has none) of a segmenter's name."""
    method, _, detail = segmenter.partition("-")
    return method, detail
