"""The regimes of training: one table of what each is, where its results stand, how they read.

A regime multiplies each ROI by weights (experiment 2 of the paper); what gives them is the module
of its name in `camseg.training.filters`. Needs Python alone: the workflow reads it, too.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Comparison:
    """A claim of the paper that two regimes' accuracies put to the test.

    H1: CAM regions matter. H2: the prediction depends on the tumour. `higher`, `lower` and
    `undecided` are what it reads if the first regime is more accurate, less, or neither is shown.
    """

    claim: str
    first: str
    second: str
    higher: str
    lower: str
    undecided: str


@dataclass(frozen=True)
class Regime:
    """A regime: `multiplies` says what with what; `column` is its best accuracy's in the tables.

    `needs_cams` says whether its weights come from the ROIs' CAMs, `comparisons` which claims it
    serves, `marker` how Figure 8 marks it (empty for the paper's own).
    """

    multiplies: str
    column: str
    needs_cams: bool = False
    comparisons: tuple[Comparison, ...] = ()
    marker: str = ""


def _against_cam(control: str, words: str) -> tuple[Comparison, ...]:
    """Return how the regime `cam` compares with a control, `words`, that filters as strongly."""
    return (
        Comparison(
            *("H1", "cam", control),
            f"More accurate on the CAM's regions than on {words}: where the CAM looks matters.",
            f"Less accurate on the CAM's regions than on {words}: the CAM misses what matters.",
            f"Not shown that the CAM's regions serve better than {words}.",
        ),
    )


REGIMES = {
    "original": Regime("ROI", "val_acc"),
    "cam": Regime(
        "ROI x its CAM",
        "CAM_val_acc",
        needs_cams=True,
        comparisons=(
            Comparison(
                *("H1", "cam", "original"),
                "More accurate on what the CAM shows than on whole ROIs.",
                "Less accurate on what the CAM shows: what it darkens tells something, too.",
                "No difference shown, which is no proof that the CAM shows all that matters.",
            ),
        ),
    ),
    "mask": Regime(
        "ROI x its lesion's mask; a normal ROI x that of some other patient's lesion",
        "mask_val_acc",
        comparisons=(
            Comparison(
                *("H2", "mask", "original"),
                "More accurate on the lesion alone than on whole ROIs: the surroundings distract.",
                "Less accurate on the lesion alone: its surroundings help, too.",
                "No difference shown between the lesion alone and whole ROIs; "
                "no proof that there is none.",
            ),
        ),
    ),
    "inverse": Regime(
        "ROI x (1 - what the regime mask keeps)",
        "inverse_val_acc",
        comparisons=(
            Comparison(
                *("H2", "inverse", "original"),
                "More accurate without the lesion: the prediction does not depend on it.",
                "Less accurate without the lesion: "
                "the prediction depends on it, if not on it alone.",
                "Not shown that the lesion is needed.",
            ),
            Comparison(
                *("H2", "mask", "inverse"),
                "More accurate on the lesion than on its surroundings: the lesion tells more.",
                "Less accurate on the lesion than on its surroundings: the surroundings tell more.",
                "Not shown that the lesion tells more than its surroundings.",
            ),
        ),
    ),
    "silhouette": Regime(
        "white x what the regime mask keeps: the outline's shape without any texture",
        "silhouette_val_acc",
        comparisons=(
            Comparison(
                *("H2", "mask", "silhouette"),
                "More accurate on the lesion than on its flat outline: its texture counts.",
                "Less accurate on the lesion than on its flat outline: "
                "the shape gives the label away.",
                "Not shown that the lesion's texture tells more than its outline's shape.",
            ),
        ),
        marker="<",
    ),
    "cam_alone": Regime(
        "white x its CAM: the map without any pixel",
        "CAM_alone_val_acc",
        needs_cams=True,
        comparisons=(
            Comparison(
                *("H1", "cam", "cam_alone"),
                "More accurate on the CAM's regions than on the CAM alone: the pixels under it add "
                "to what the map tells by itself; that its places matter does not follow.",
                "Less accurate on the CAM's regions than on the CAM alone: "
                "the map tells the label by itself.",
                "Not shown that the pixels under the CAM add to what the map tells by itself.",
            ),
        ),
        marker=">",
    ),
    "swapped": Regime(
        "ROI x the CAM of another patient's ROI",
        "swapped_val_acc",
        needs_cams=True,
        comparisons=_against_cam("swapped", "another patient's CAM"),
        marker="^",
    ),
    "gaussian": Regime(
        "ROI x a centred Gaussian with the sum of its CAM",
        "gaussian_val_acc",
        needs_cams=True,
        comparisons=_against_cam("gaussian", "a centred Gaussian"),
        marker="v",
    ),
    "noise": Regime(
        "ROI x smooth noise with the grey levels of its CAM",
        "noise_val_acc",
        needs_cams=True,
        comparisons=_against_cam("noise", "smooth noise"),
        marker="D",
    ),
    "blob": Regime(
        "ROI x one random patch as large as the sum of its CAM",
        "blob_val_acc",
        needs_cams=True,
        comparisons=_against_cam("blob", "a random patch"),
        marker="P",
    ),
    "inverse_cam": Regime(
        "ROI x (1 - its CAM)",
        "inverse_CAM_val_acc",
        needs_cams=True,
        comparisons=_against_cam("inverse_cam", "what the CAM removes"),
        marker="X",
    ),
}
