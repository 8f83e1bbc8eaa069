"""The explanations that a study can choose from; needs Python alone: the workflow reads it, too.

What makes the maps of each is the module of its name in `camseg.explanations.methods`.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Explanation:
    """A method of making heat maps: its name in print, what it is, and who has proposed it."""

    title: str
    what: str
    reference: str


EXPLANATIONS = {
    "grad_cam": Explanation(
        "Grad-CAM",
        "each channel by one number, its gradient summed over the positions",
        "Selvaraju et al., 2017",
    ),
    "hires_cam": Explanation(
        "HiResCAM", "each channel by its own gradient at every position", "Draelos and Carin, 2020"
    ),
}
