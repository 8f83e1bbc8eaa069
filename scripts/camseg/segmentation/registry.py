"""The methods of segmentation: one table of what each learns from, and how a study names it.

A study names a segmenter METHOD, or METHOD-DETAIL: `few_outlines-20` learns from 20 outlines,
`crf-Xception` takes the CAMs of the classifier Xception. Needs Python alone: the workflow reads it.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Method:
    """A method of segmentation: `title` in print, `data`, what of the training ROIs it learns from.

    `cams` says whether it begins with a classifier's CAMs, whose name is then its detail, `trains`
    whether a U-Net is trained, `targets` what on: "masks" (outlines), "pseudo" (CAMs cut by a
    rule), "maps" (what the U-Net of the method `after` gave).
    """

    title: str
    data: str
    cams: bool = False
    trains: bool = True
    targets: str = "masks"
    after: str = ""

    @property
    def takes_cams(self) -> bool:
        """Whether it needs the CAMs themselves."""
        return self.cams and not self.after


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


def is_cam(segmenter: str) -> bool:
    """Return whether a segmenter is a classifier's CAM itself."""
    return parts(segmenter)[0] == CAM


def pattern(models: Iterable[str], *, trains: bool | None = None) -> str:
    """Return the regular expression of the segmenters that there can be with these models.

    Of all, CAMs too, or of those whose method `trains` a U-Net, or does not.
    """
    of_model = f"-({'|'.join(map(re.escape, models))})"
    found = [f"{CAM}{of_model}"] if trains is None else []
    for name, method in METHODS.items():
        if trains in (None, method.trains):
            detail = "-[1-9][0-9]*" if name == "few_outlines" else of_model if method.cams else ""
            found.append(f"{name}{detail}")
    return "|".join(found)


def names(methods: list[str], outlines: list[int], models: list[str]) -> list[str]:
    """Return the segmenters of a study: the models' CAMs, then its methods, each of what it takes.

    None if there are no methods, beside which CAMs would stand.
    """
    found = [f"{CAM}-{model}" for model in models] if methods else []
    for method in methods:
        if method == "few_outlines":
            found += [f"{method}-{count}" for count in outlines]
        elif METHODS[method].cams:
            found += [f"{method}-{model}" for model in models]
        else:
            found.append(method)
    return found
