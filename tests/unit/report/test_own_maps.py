import numpy as np
import pandas as pd
import pytest

from camseg.datasets.map_folder import MAPS, MASKS
from camseg.report import statistics
from camseg.report.own_maps import CAPTIONS, OF_CURVES, own_curves, own_tables
from camseg.scoring.map_checks import examine
from camseg.scoring.map_files import source_of
from camseg.scoring.own_maps import score_examined
from camseg.seeds import generator
from conftest import padded_ellipses
from project import ROOT

N = 10


@pytest.fixture(scope="module")
def scored():
    """The scores and curves of two methods; a ROI is left out, and three are of one patient."""
    random = np.random.default_rng(3)
    masks = padded_ellipses(N, 24)
    noise = random.random((N, 4, 4))
    good = {str(n): mask + random.random(mask.shape) for n, mask in enumerate(masks[:-1])}
    patients = ["A", "A", "A", *"BCDEFGH"]
    table = pd.DataFrame(
        {"name": range(N), "patient": patients, "side": ["train"] * 5 + ["validation"] * 5}
    )
    methods = {"bad": source_of(noise, MAPS), "good": source_of(good, MAPS)}
    return score_examined(examine(methods, source_of(masks, MASKS), None, table))


def test_methods_by_dice_and_floors_below(scored):
    scores, _ = scored
    table = own_tables(scores)["heat_maps"]
    floors = [
        "all 255",
        "centred Gaussian",
        "central ellipse",
        "mean training mask",
        "smooth noise",
    ]
    assert list(table["map"]) == ["good", "bad", *floors]
    assert set(table["n"]) == {9}
    assert set(table["patients"]) == {7}
    assert dict(zip(table["map"], table["grid"], strict=True))["bad"] == "4 x 4"
    assert table["grid_limit"].notna().tolist() == [False, True, *5 * [False]]
    for row in table.itertuples():
        rois = scores[(scores["method"] == row.map) & (scores["status"] == "scored")]
        assert row.Dice == pytest.approx(rois["dice"].mean())
        validation = rois[rois["side"] == "validation"]
        assert row.Dice_at_threshold == pytest.approx(validation["dice_at_threshold"].mean())
        ends = statistics.bootstrap(
            rois["dice"].to_numpy(), rois["patient_id"].to_numpy(), np.zeros(9),
            generator(1, "bootstrap of Dice", row.map),
        )  # fmt: skip
        assert (row.Dice_low, row.Dice_high) == ends
        assert row.Dice_low <= row.Dice <= row.Dice_high
    dice = table.set_index("map")["Dice"]
    skill = (dice - dice["mean training mask"]) / (255 / 256 - dice["mean training mask"])
    np.testing.assert_allclose(table["skill_mean_mask"], skill)


def test_one_patient_has_no_interval(scored):
    scores, _ = scored
    table = own_tables(scores.assign(patient_id="A"))["heat_maps"]
    assert table[["Dice_low", "Dice_high"]].isna().all().all()


def test_floors_that_were_not_made_leave_blanks(scored):
    scores, _ = scored
    table = own_tables(scores[scores["method"] != "mean training mask"])["heat_maps"]
    assert table["skill_mean_mask"].isna().all()
    assert table["skill_all_255"].notna().all()


def test_grids_that_differ_are_called_so(scored):
    scores, _ = scored
    first = scores.index[scores["method"] == "bad"][0]
    scores = scores.copy()
    scores.loc[first, "grid"] = "5 x 4"
    table = own_tables(scores)["heat_maps"].set_index("map")
    assert table.loc[["good", "bad"], "grid"].tolist() == ["24 x 24", "several"]


def test_curves_are_means_whose_mean_is_dice(scored):
    scores, curves = scored
    methods, floors, n = own_curves(scores, curves)
    assert n == 9
    assert list(floors) == ["all 255", "smooth noise", "mean training mask"]
    dice = own_tables(scores)["heat_maps"].set_index("map")["Dice"]
    for name, curve in (methods | floors).items():
        assert curve.mean() == pytest.approx(dice[name])


def test_every_table_has_its_caption_and_further_scores(scored):
    tables = own_tables(scored[0])
    assert tables.keys() == CAPTIONS.keys()
    assert all("\n" not in caption for caption in CAPTIONS.values())
    for name, caption in CAPTIONS.items():  # which the workflow's report shows
        assert (ROOT / f"workflow/report/own_{name}.rst").read_text() == f"{caption}\n"
    shown = (ROOT / "workflow/report/own_dice_curves.rst").read_text()
    assert shown == f"{OF_CURVES}\n"
    assert {"PxAP", "average_precision", "NSD"} <= set(tables["heat_maps_scores"])
