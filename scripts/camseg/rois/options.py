"""How ROIs are cut and divided; needs no NumPy."""

from dataclasses import dataclass

from camseg.options import Options, option


@dataclass(frozen=True, kw_only=True)
class RoiOptions(Options):
    """What of the section `rois` of the configuration a ROI is cut by."""

    size: int = option(
        "pixels per side of a ROI; every network's last feature map must be larger than 1 x 1",
        minimum=32,
        maximum=2048,
    )
    padding: tuple[float, float] = option(
        "the share of a lesion's width or height added on each side, drawn for each side, "
        "uniformly from low to high",
        minimum=0,
    )
    outline: str = option(
        "the lesion where it has several outlines: `boundary`, all that any of them encloses, or "
        "`core`, the last one listed, which in the DDSM lies inside the first",
        choices=("boundary", "core"),
    )
    normal: str = option(
        "where a lesion's normal ROI is cut: `contralateral`, at the mirrored place of the other "
        "breast, as in the paper; `same_image`, beside the lesion, off all lesions; "
        "`other_images`, at its place in a picture of a patient without lesions",
        choices=("contralateral", "same_image", "other_images"),
        default="contralateral",
    )
    normal_place: str = option(
        "the place of a normal ROI in the same image, of those with enough breast: "
        "`skin_distance`, drawn among the places about as far from the skin line as the lesion; "
        "`drawn`, among all",
        choices=("skin_distance", "drawn"),
        default="skin_distance",
    )
    overlap: str = option(
        "where lesions of both breasts lie at mirrored places: `drop_normal`, the normal ROI, or "
        "`drop_both` of the pair",
        choices=("drop_normal", "drop_both"),
    )
    unpaired: str = option(
        "an abnormal ROI whose normal one is dropped: `keep` it, or `drop` it, too, so that both "
        "classes are of the same patients and sizes; regions already cut have no pairs",
        choices=("keep", "drop"),
        default="keep",
    )
    min_breast_share: float = option(
        "the least share of breast in a normal ROI, relative to that of its abnormal one",
        minimum=0,
        maximum=1,
    )
    chest_wall: str = option(
        "the edge of a picture that the chest wall is at: `by_side`, left of left breasts and "
        "right of right ones, as in the DDSM; `left` or `right` of all, where pictures are stored "
        "turned to one side; `found`, where the breast in each picture lies (by side where that is "
        "not clear)",
        choices=("by_side", "left", "right", "found"),
        default="by_side",
    )
    odd_masks: str = option(
        "what becomes of a mask that marks the background, is an outline in place of an area, or "
        "has specks beside the lesion: `mend` it (invert, fill, remove them), `drop` its ROI, or "
        "`keep` it as it stands",
        choices=("mend", "drop", "keep"),
        default="mend",
    )


@dataclass(frozen=True, kw_only=True)
class SplitOptions(Options):
    """The section `split` of the configuration."""

    by: str = option(
        "`patient` keeps all ROIs of a patient on one side; `image` those of a picture, for data "
        "whose patients are unknown; `roi` is a plain random split",
        choices=("patient", "image", "roi"),
    )
    max_abnormal: int | None = option(
        "how many abnormal ROIs to draw, with the normal ones cut opposite to them; null for all",
        minimum=1,
        default=None,
    )
    test: bool = option(
        "whether the ROIs that are scored, those for validation, choose nothing: a fold of the "
        "training patients, the side `selection`, then chooses epoch and threshold in their place",
        default=False,
    )
