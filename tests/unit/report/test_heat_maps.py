import numpy as np
import pandas as pd
import pytest

from camseg.errors import CamsegError
from camseg.report import heat_maps

CEILING = 255 / 256


def scores(dice, *, probability=None, grid=None) -> pd.DataFrame:
    """Rows of six abnormal ROIs: the first four for training, lesions smaller and smaller."""
    table = pd.DataFrame(
        {
            "roi_id": list("abcdef"),
            "label": "abnormal",
            "side": ["train"] * 4 + ["validation"] * 2,
            "lesion_area": [60.0, 50.0, 40.0, 30.0, 20.0, 10.0],
            "dice": dice,
            "dice_at_threshold": [0.0, 0.0, 0.0, 0.0, 0.5, 0.75],
            "average_precision": np.linspace(0, 1, 6),
            "pointing_game": [1.0, 1.0, 1.0, 0.0, 0.0, 0.0],
            "energy_inside": 0.25,
            "iou_otsu": 0.125,
            "placement_gain": [0.1, 0.1, 0.1, 0.1, -0.1, 0.0],
            "placement_range": [0.2, 0.2, 0.2, 0.2, 0.2, 0.0],
            "pixel_auc": [0.5, 0.5, 0.5, 0.5, 1.0, 0.0],
            "iou_at_threshold": [0.0, 0.0, 0.0, 0.0, 0.25, 0.5],
            "nsd": [0.0, 0.0, 0.0, 0.0, 0.5, 0.25],
            "pxap": 0.625,
            "pointing_gain": [0.6, 0.6, 0.6, -0.4, -0.4, -0.4],
            "centroid_distance": [2.0, 0.0, 0.0, 0.0, 0.0, 1.0],
            "degenerate": [0, 0, 1, 0, 1, 0],
        }
    )
    if grid:
        table = table.assign(
            probability=probability,
            grid=grid,
            grid_limit=np.linspace(0.6, 0.8, 6),
            zero_level_dice=[0.5, 0.5, 0.5, 0.25, 0.25, 0.25],
            zero_level_iou=0.25,
            zero_level_share=[0.0, 0.5, 0.5, 0.5, 0.5, 1.0],
            zero_level_share_normal=0.125,
        )
    return table


@pytest.fixture
def models():
    return {
        "B": scores([0.4] * 6, probability=[0.9] * 6, grid="2 x 2"),
        "A": scores([0.4] * 6, probability=[0.1] * 6, grid="4 x 4"),
        "C": scores(
            [0.1, 0.3, 0.5, 0.7, 0.9, 0.8],
            probability=[0.5, 0.6, 0.9, 0.2, 0.9, np.nan],
            grid="4 x 4",
        ),
    }


@pytest.fixture
def floors():
    return {"all 255": scores([0.5] * 6), "mean training mask": scores([0.8] * 6)}


def test_rows_and_averages(models, floors):
    table = heat_maps.heat_maps([(models, floors)])
    assert list(table.columns) == [
        *["Classifier", "Dice", "placement", "pixel_AUC", "Dice_at_threshold", "grid"],
        *["grid_limit", "skill_mean_mask", "skill_all_255", "degenerate"],
    ]
    assert list(table["Classifier"]) == ["C", "A", "B", "all 255", "mean training mask"]
    first = table.iloc[0].to_dict()
    assert first == {
        "Classifier": "C",
        "Dice": pytest.approx(0.55),
        "placement": pytest.approx(0.3 / 1.0),  # of both sums; the mean ratio is no number
        "pixel_AUC": pytest.approx(0.5),
        "Dice_at_threshold": pytest.approx(0.625),  # of the two validation ROIs
        "grid": "4 x 4",
        "grid_limit": pytest.approx(0.7),
        "skill_mean_mask": pytest.approx((0.55 - 0.8) / (CEILING - 0.8)),
        "skill_all_255": pytest.approx((0.55 - 0.5) / (CEILING - 0.5)),
        "degenerate": 2,
    }
    rows = table.set_index("Classifier")
    assert rows.loc["mean training mask", "skill_mean_mask"] == 0
    assert rows.loc["all 255", "skill_all_255"] == 0
    assert rows["grid"].tolist() == ["4 x 4", "4 x 4", "2 x 2", "", ""]
    assert rows["grid_limit"].isna().tolist() == [False, False, False, True, True]


def test_further_scores_stand_in_the_same_order(models, floors):
    table = heat_maps.further_scores([(models, floors)])
    assert list(table["Classifier"]) == ["C", "A", "B", "all 255", "mean training mask"]
    assert table.iloc[0].to_dict() == {
        "Classifier": "C",
        "IoU_at_threshold": pytest.approx(0.375),  # of the two validation ROIs
        "NSD": pytest.approx(0.375),  # likewise
        "IoU_Otsu": 0.125,
        "average_precision": pytest.approx(0.5),
        "PxAP": 0.625,
        "pointing_game": pytest.approx(0.5),
        "pointing_gain": pytest.approx(0.1),
        "energy_inside": 0.25,
        "centroid_distance": pytest.approx(0.5),
        "zero_level_Dice": pytest.approx(0.375),
        "zero_level_IoU": 0.25,
        "zero_level_share": pytest.approx(0.5),
        "zero_level_share_normal": 0.125,
    }
    of_networks = [column for column in table if column.startswith("zero_level")]
    assert table[of_networks].isna().all(axis=1).tolist() == [False] * 3 + [True] * 2


def test_maps_that_say_no_place_have_no_placement(models, floors):
    constant = floors["all 255"].assign(placement_gain=0.0, placement_range=0.0)
    table = heat_maps.heat_maps([(models, floors | {"all 255": constant})]).set_index("Classifier")
    assert np.isnan(table.loc["all 255", "placement"])
    assert table.loc["A", "placement"] == pytest.approx(0.3)


def test_groups(models, floors):
    table = heat_maps.by_group([(models, floors)]).set_index("Classifier")
    groups = ["train", "validation", "right", "wrong", "small", "medium", "large"]
    assert list(table.columns) == [*groups, *(f"n_{group}" for group in groups)]
    assert table.loc["C", groups].tolist() == pytest.approx(
        [0.4, 0.85, np.mean([0.3, 0.5, 0.9]), np.mean([0.1, 0.7]), 0.85, 0.6, 0.2]
    )
    assert table.loc["C", "n_train":].tolist() == [4, 2, 3, 2, 2, 2, 2]
    assert np.isnan(table.loc["B", "wrong"])  # no ROI is
    assert table.loc["B", ["n_right", "n_wrong"]].tolist() == [6, 0]
    assert table.loc["A", ["n_right", "n_wrong"]].tolist() == [0, 6]
    assert table.loc["all 255", ["n_right", "n_wrong"]].tolist() == [0, 0]  # nobody's verdict
    assert table.loc["all 255", ["right", "wrong"]].isna().all()


def test_selection_rois_are_a_group_where_there_are_any(models, floors):
    side = ["train", "selection", "selection", "train", "validation", "validation"]
    changed = [{name: rows.assign(side=side) for name, rows in part.items()}
               for part in (models, floors)]  # fmt: skip
    table = heat_maps.by_group([tuple(changed)]).set_index("Classifier")
    assert list(table.columns)[:3] == ["train", "selection", "validation"]
    assert table.loc["C", ["train", "selection", "validation"]].tolist() == pytest.approx(
        [0.4, 0.4, 0.85]
    )
    assert table.loc["C", ["n_train", "n_selection", "n_validation"]].tolist() == [2, 2, 2]
    first = heat_maps.heat_maps([tuple(changed)]).set_index("Classifier").loc["C"]
    assert first["Dice"] == pytest.approx(0.55)  # of all six, as in the paper
    assert first["Dice_at_threshold"] == pytest.approx(0.625)  # of the two validation ROIs


def test_with_more_splits_values_are_means_over_them_and_counts_are_sums(models, floors):
    other = {name: rows.assign(dice=rows["dice"] / 2) for name, rows in models.items()}
    other["C"] = other["C"].iloc[1:]
    lower = {"all 255": scores([0.25] * 6), "mean training mask": scores([0.5] * 6)}
    splits = [(models, floors), (other, lower)]
    table = heat_maps.heat_maps(splits).set_index("Classifier")
    dice = (0.55 + np.mean([0.3, 0.5, 0.7, 0.9, 0.8]) / 2) / 2  # the mean of two means
    assert table.loc["C", "Dice"] == pytest.approx(dice)
    assert table.loc["C", "skill_mean_mask"] == pytest.approx((dice - 0.65) / (CEILING - 0.65))
    assert table.loc["C", ["grid", "degenerate"]].tolist() == ["4 x 4", 4]
    assert list(table.index) == ["C", "A", "B", "all 255", "mean training mask"]
    groups = heat_maps.by_group(splits).set_index("Classifier")
    assert groups.loc["C", ["n_train", "n_validation"]].tolist() == [7, 4]
    assert groups.loc["A", "train"] == pytest.approx(0.3)
    assert np.isnan(groups.loc["B", "wrong"])


def test_thirds_of_a_number_that_three_does_not_divide(models, floors):
    rows = pd.concat(
        [models["C"], models["C"].iloc[:2].assign(roi_id=["g", "h"])], ignore_index=True
    )
    table = heat_maps.by_group([({"C": rows}, floors)]).set_index("Classifier")
    # areas of 10 to 40 once, of 50 and 60 twice
    assert table.loc["C", ["n_small", "n_medium", "n_large"]].tolist() == [3, 3, 2]
    assert table.loc["C", "large"] == pytest.approx(0.1)
    assert table.loc["C", "medium"] == pytest.approx(np.mean([0.5, 0.3, 0.3]))


def test_only_used_abnormal_rois_are_read(tmp_path):
    table = scores([0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    table.loc[1, "side"] = "unused"
    table.loc[2, ["label", "dice"]] = ["normal", np.nan]
    floors = [table.assign(baseline=name) for name in ("all 255", "mean training mask")]
    (tmp_path / "floors").mkdir()
    pd.concat(floors).to_csv(tmp_path / "floors" / "s.tsv", sep="\t", index=False)
    network = table.assign(probability=0.5, grid="2 x 2", grid_limit=0.6)
    network = network.assign(zero_level_dice=0.5, zero_level_iou=0.5, zero_level_share=0.5)
    network.loc[1:2, "zero_level_share"] = [0.75, 0.25]  # not used, and normal
    network.to_csv(tmp_path / "s.tsv", sep="\t", index=False)
    paths = [tmp_path / "s.tsv"], [tmp_path / "floors" / "s.tsv"]
    ((split, (models, read_floors)),) = heat_maps.read_scores(["net"], *paths).items()
    assert split == "s"
    assert models["net"].index.tolist() == [0, 3, 4, 5]
    assert models["net"]["zero_level_share_normal"].tolist() == [0.25] * 4
    assert read_floors["mean training mask"].index.tolist() == [6, 9, 10, 11]
    untrained = tmp_path / "untrained" / "s.tsv"
    untrained.parent.mkdir()
    table.assign(baseline="untrained").to_csv(untrained, sep="\t", index=False)
    both = [*paths[1], untrained]
    ((_, more),) = heat_maps.read_scores(["net"], paths[0], both).values()
    assert list(more) == ["all 255", "mean training mask", "untrained"]
    assert more["untrained"].index.tolist() == [0, 3, 4, 5]
    table.drop(index=3).assign(baseline="untrained").to_csv(untrained, sep="\t", index=False)
    with pytest.raises(CamsegError, match=r"untrained/s.tsv: untrained is of other ROIs than the"):
        heat_maps.read_scores(["net"], paths[0], both)
    network.loc[3, "dice"] = np.nan
    network.to_csv(tmp_path / "s.tsv", sep="\t", index=False)
    with pytest.raises(CamsegError, match=r"s.tsv: 1 of 4 abnormal ROIs have no Dice; remove"):
        heat_maps.read_scores(["net"], *paths)
    network.drop(index=3).to_csv(tmp_path / "s.tsv", sep="\t", index=False)
    with pytest.raises(CamsegError, match=r"s.tsv: net is of other ROIs than the rest; remove"):
        heat_maps.read_scores(["net"], *paths)
