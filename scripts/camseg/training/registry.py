"""The regimes of training: one table of what each is, where its results stand, how they read.

A regime multiplies each ROI by weights (experiment 2 of the paper); what gives them is the module
of its name in `camseg.training.filters`. Needs Python alone: the workflow reads it, too.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Comparison:
    """A claim of the paper that two regimes' accuracies put to the test.

    H1: CAM regions matter. H2: the prediction depends on the tumour. `higher`, `lower` and
    `undecided` are what it reads if the first regime is more accurate, less, or neither is shown;
    `no_less`, where no difference is the claim, if it is shown to be less accurate by no more than
    the study's margin.
    """

    claim: str
    first: str
    second: str
    higher: str
    lower: str
    undecided: str
    no_less: str = ""


@dataclass(frozen=True)
class Regime:
    """A regime: `multiplies` says what with what; `column` is its best accuracy's in the tables.

    `needs` names what its weights are made of besides the ROIs: fields of `filtering.Given`.
    `comparisons` are the claims it serves, `marker` is how Figure 8 marks it (empty for the
    paper's own).
    """

    multiplies: str
    column: str
    needs: tuple[str, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    marker: str = ""


def _against_cam(control: str, words: str) -> tuple[Comparison, ...]:
    """Return how the regime `cam` compares with a control, `words`, that filters as strongly."""
    return (
        Comparison(
            *("H1", "cam", control),
            f"More accurate on the CAM's regions than on {words}: the CAM tells more, "
            "by what lies under it or by the verdict that it carries.",
            f"Less accurate on the CAM's regions than on {words}: the CAM misses what matters.",
            f"Not shown that the CAM's regions serve better than {words}.",
        ),
    )


REGIMES = {
    "original": Regime("ROI", "val_acc"),
    "cam": Regime(
        "ROI x its CAM",
        "CAM_val_acc",
        needs=("cams",),
        comparisons=(
            Comparison(
                *("H1", "cam", "original"),
                "More accurate on what the CAM shows than on whole ROIs.",
                "Less accurate on what the CAM shows: what it darkens tells something, too.",
                "No difference shown, which is no proof that the CAM shows all that matters.",
                "As accurate on what the CAM shows as on whole ROIs",
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
                "As accurate on the lesion alone as on whole ROIs",
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
                "As accurate without the lesion: it is not needed",
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
        needs=("cams",),
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
        needs=("cams",),
        comparisons=_against_cam("swapped", "another patient's CAM"),
        marker="^",
    ),
    "gaussian": Regime(
        "ROI x a centred Gaussian with the sum of its CAM",
        "gaussian_val_acc",
        needs=("cams",),
        comparisons=_against_cam("gaussian", "a centred Gaussian"),
        marker="v",
    ),
    "noise": Regime(
        "ROI x smooth noise with the grey levels of its CAM",
        "noise_val_acc",
        needs=("cams",),
        comparisons=_against_cam("noise", "smooth noise"),
        marker="D",
    ),
    "blob": Regime(
        "ROI x one random patch as large as the sum of its CAM",
        "blob_val_acc",
        needs=("cams",),
        comparisons=_against_cam("blob", "a random patch"),
        marker="P",
    ),
    "cam_untrained": Regime(
        "ROI x the grey levels of its CAM, laid out by the map of the same network untrained",
        "CAM_untrained_val_acc",
        needs=("cams", "untrained"),
        comparisons=(
            Comparison(
                *("H1", "cam", "cam_untrained"),
                "More accurate on the CAM's regions than on those of an untrained network's map at "
                "the same grey levels: the places of this map matter, not its grey levels alone; "
                "they may matter by the verdict that they tell.",
                "Less accurate on the CAM's regions than on those of an untrained network's map at "
                "the same grey levels: places that nothing was learned for serve better.",
                "Not shown that the CAM's places serve better than those of an untrained "
                "network's map.",
            ),
        ),
        marker="p",
    ),
    "swapped_verdict": Regime(
        "ROI x the CAM of another patient's ROI that the network gave the same class",
        "swapped_verdict_val_acc",
        needs=("cams", "verdicts"),
        comparisons=(
            Comparison(
                *("H1", "cam", "swapped_verdict"),
                "More accurate on a ROI's own CAM than on that of another patient's ROI with the "
                "same verdict: it tells more than the class that the network gave.",
                "Less accurate on a ROI's own CAM than on that of another patient's ROI with the "
                "same verdict: its own places do not serve.",
                "Not shown that a ROI's own CAM serves better than another one of the same "
                "verdict.",
            ),
            Comparison(
                *("H1", "swapped_verdict", "swapped"),
                "More accurate on other patients' CAMs if they have the ROI's verdict: the class "
                "that the network gave is told by a map, whatever lies under it.",
                "Less accurate on other patients' CAMs if they have the ROI's verdict: "
                "no sign that the verdict that a map carries serves.",
                "Not shown that the verdict that another patient's CAM carries serves.",
            ),
        ),
        marker="h",
    ),
    "inverse_cam": Regime(
        "ROI x (1 - its CAM)",
        "inverse_CAM_val_acc",
        needs=("cams",),
        comparisons=_against_cam("inverse_cam", "what the CAM removes"),
        marker="X",
    ),
    "mask_paired": Regime(
        "ROI x its lesion's mask; a normal ROI x the mirrored mask of the lesion opposite",
        "mask_paired_val_acc",
        comparisons=(
            Comparison(
                *("H2", "mask_paired", "mask"),
                "More accurate if a normal ROI has the outline of the lesion opposite, not of "
                "another patient's: unrelated outlines are in the way.",
                "Less accurate if a normal ROI has the outline of the lesion opposite, not of "
                "another patient's: part of mask_val_acc is due to outlines that do not fit "
                "their ROI.",
                "Not shown that it matters whose outline a normal ROI is given.",
            ),
        ),
        marker="*",
    ),
}
