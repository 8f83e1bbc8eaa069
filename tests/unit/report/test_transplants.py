import numpy as np
import pandas as pd
import pytest

from camseg.errors import CamsegError
from camseg.report import statistics, transplants
from camseg.report.transplants import CONTRASTS, REGIONS, Evidence, Share

SHARES = {"outline": 0.8, "complement": 0.1, "CAM top": 0.5, "CAM bottom": 0.2}
SHARES |= {"untrained top": 0.3, "noise top": 0.25, "blackened outline": -2.0}


def measured(n: int = 12, side: str = "validation", seed: int = 0) -> pd.DataFrame:
    """ROIs, two of a patient, whose regions take SHARES of the margin; of two draws."""
    random = np.random.default_rng(seed)
    whole = random.uniform(4, 8, n)
    rows = []
    for region, share in SHARES.items():
        for draw in (0, 1) if region == "untrained top" else (0,):
            change = share * whole + (0.2 * draw - 0.1 if region == "untrained top" else 0)
            ids = {"roi_id": [f"{roi}" for roi in range(n)], "region": region, "draw": str(draw)}
            ids |= {"patient_id": [f"p{roi // 2}" for roi in range(n)], "side": side}
            rows.append(
                pd.DataFrame(ids | {"margin": 5.0, "normal": 5 - whole, "changed": 5 - change})
            )
    return pd.concat(rows, ignore_index=True)


def found(splits=None, side: str = "validation") -> Evidence:
    splits = [measured()] if splits is None else splits
    return transplants.evidence(splits, side, np.random.default_rng(0))


def test_shares_are_of_the_whole_margin():
    shares = found().shares
    for region, share in SHARES.items():
        assert shares[region] == pytest.approx((share, share, share))  # all ROIs agree
    assert shares["outline - noise top"] == pytest.approx((0.55, 0.55, 0.55))
    assert set(shares) == {"all", *REGIONS, *(f"{a} - {b}" for a, b in CONTRASTS)}
    table = measured()
    one = table[table["region"] == "outline"]
    assert shares["all"].value == pytest.approx((one["margin"] - one["normal"]).mean())
    assert shares["all"].low < shares["all"].value < shares["all"].high


def test_rois_count_by_their_margin_and_a_map_without_a_place_not_at_all():
    table = measured()
    table.loc[(table["region"] == "CAM top") & (table["roi_id"] == "3"), "changed"] = np.nan
    own = (table["region"] == "outline") & (table["roi_id"] == "5")
    table.loc[own, "changed"] = 5.0  # loses nothing
    shares = found([table]).shares
    one = table[table["region"] == "outline"]
    expected = (one["margin"] - one["changed"]).sum() / (one["margin"] - one["normal"]).sum()
    assert shares["outline"].value == pytest.approx(expected)
    assert shares["CAM top"].value == pytest.approx(0.5)
    assert shares["CAM top - CAM bottom"].value == pytest.approx(0.3)
    assert shares["outline"].low < expected < shares["outline"].high


def test_splits_and_sides_are_kept_apart():
    splits = [measured(8, seed=1), measured(8, seed=2), measured(6, "train")]
    assert found(splits).n == 8  # the same ROIs in two splits
    assert len(transplants.drops(splits, "validation")) == 16
    assert found(splits, "train").n == 6
    none = found([measured(8)], "train")
    assert none.n == 0
    assert all(np.isnan(share).all() for share in none.shares.values())


def test_without_a_margin_there_is_no_share_of_it():
    table = measured()
    table["normal"] = 5 + np.where(table["roi_id"].astype(int) % 4 < 2, 3, -4.0)
    shares = found([table]).shares
    assert shares["all"].low < 0 < shares["all"].high
    assert np.isnan([*shares["outline"], *shares["outline - noise top"]]).all()
    depends, shows = transplants.reading(shares, 1)
    assert depends.startswith("No conclusion: the margin is not shown to differ between these ")
    assert shows == "No conclusion."


def test_the_ratios_interval_holds_the_truth_as_often_as_it_says():
    """15 patients, some with two ROIs. 95 % of 300 repetitions are 285, give or take 3.8."""
    random, held = np.random.default_rng(0), 0
    patients = np.repeat(np.arange(15), 1 + (np.arange(15) % 3 == 0))
    splits = np.zeros(len(patients))
    for _ in range(300):
        own = random.normal(size=(15, 2))[patients] + random.normal(size=(len(patients), 2))
        of = 7 + 2 * own[:, 0]
        values = 0.6 * of + 2 * own[:, 1]
        low, high = statistics.ratio(values, of, patients, splits, random, draws=400)
        held += low < 0.6 < high
    assert 0.92 < held / 300 < 0.98
    one = np.ones(4)
    assert np.isnan(statistics.ratio(one, one, np.zeros(4), one, random)).all()


def shown(**lows: float) -> dict[str, Share]:
    """Shares with these low ends, by names with _ for blanks; all others are not shown."""
    names = {"all", *REGIONS, *(f"{a} - {b}" for a, b in CONTRASTS)}
    given = {name.replace("_", " ").replace(" minus ", " - "): low for name, low in lows.items()}
    given = {name.replace("Cam", "CAM"): low for name, low in given.items()}
    assert given.keys() <= names
    return {name: Share(0.5, given.get(name, -0.1), 1) for name in names} | {
        "all": Share(5, given.get("all", 4), 6)
    }


LESION = {"outline": 0.4, "outline_minus_noise_top": 0.3}
MORE = {"outline_minus_complement": 0.3}
AROUND = {"complement": 0.4, "complement_minus_noise_top": 0.2}
OUTSIDE = {"complement_minus_outline": 0.3}
TOP = {"Cam_top_minus_untrained_top": 0.1, "Cam_top_minus_Cam_bottom": 0.1}
TOP |= {"Cam_top_minus_noise_top": 0.1}


@pytest.mark.parametrize(
    ("lows", "words"),
    [
        (LESION | MORE, "Depends on the lesion."),
        (LESION | MORE | AROUND, "Depends on the lesion."),
        (LESION | AROUND, "Depends on both, the lesion and what is around it."),
        (AROUND | OUTSIDE, "Shortcut: "),
        (AROUND | OUTSIDE | {"outline": 0.1}, "No conclusion: neither"),  # it counts, too
        (AROUND, "No conclusion: neither"),
        (LESION, "No conclusion: neither"),
        (MORE, "No conclusion: neither"),
        ({"outline": 0.3} | MORE, "No conclusion: neither"),  # as a random region does
        ({"complement": 0.3} | OUTSIDE, "No conclusion: neither"),
        ({}, "No conclusion: neither"),
        (LESION | MORE | {"all": -1}, "No conclusion: the margin"),
    ],
)
def test_what_the_network_depends_on(lows, words):
    assert transplants.reading(shown(**lows), 1)[0].startswith(words)


def test_a_soft_edges_share_is_no_dependence():
    shares = shown(**AROUND | OUTSIDE | {"outline": 0.01})
    for value, words in ((0.09, "Shortcut: "), (0.11, "No conclusion: neither")):
        shares["outline"] = Share(value, 0.01, 0.2)
        assert transplants.reading(shares, 1)[0].startswith(words)


@pytest.mark.parametrize(
    ("lows", "locality", "words"),
    [
        (TOP, 0.5, "The map shows where (locality 0.50)."),
        (TOP, 0.49, "Not shown that the map shows where: what it marks counts, but its cells"),
        (TOP, float("nan"), "Not shown that the map shows where: what it marks counts, but its"),
        (TOP | {"Cam_top_minus_Cam_bottom": 0}, 1, "Not shown that the map shows where: what it "
         "marks is not shown to count"),
        (TOP | {"Cam_top_minus_untrained_top": -1}, 1, "Not shown that the map shows where: what "
         "it marks is not shown to count"),
        (TOP | {"Cam_top_minus_noise_top": -1}, 1, "Not shown that the map shows where: what "
         "it marks is not shown to count"),
        ({}, 1, "Not shown that the map shows where: what it marks is not shown"),
        (TOP | {"all": float("nan")}, 1, "No conclusion."),
    ],
)  # fmt: skip
def test_what_the_map_shows(lows, locality, words):
    assert transplants.reading(shown(**lows), locality)[1].startswith(words)


def test_tables_have_a_row_per_region_and_one_per_model():
    splits = [pd.concat([measured(), measured(6, "train").assign(roi_id=list("abcdef") * 8)])]
    sides = {side: found(splits, side) for side in transplants.SIDES}
    table = transplants.transplant({"A": sides, "B": sides})
    assert table["Classifier"].tolist() == 7 * ["A"] + 7 * ["B"]
    assert table["region"].tolist() == 2 * list(REGIONS)
    name, region, *share, n, training, n_training = table.iloc[3]
    assert (name, region, n, n_training) == ("A", "CAM bottom", 12, 6)
    assert [*share, training] == pytest.approx(4 * [0.2])
    rows = transplants.readings({"A": sides, "B": sides}, {"A": 0.7, "B": 0.1})
    assert rows["depends_on"].tolist() == 2 * ["Depends on the lesion."]
    assert rows["map"][0] == "The map shows where (locality 0.70)."
    assert rows["map"][1].startswith("Not shown")
    assert rows["margin"].tolist() == 2 * [sides["validation"].shares["all"].value]


def test_margins_are_read_whole(tmp_path):
    path, table = tmp_path / "margins.tsv", measured()
    table.loc[2, "changed"] = np.nan
    table.to_csv(path, sep="\t", index=False)
    pd.testing.assert_frame_equal(transplants.read_transplants(path), table)
    for broken in (table[1:], table[:0], table[table["region"] != "outline"]):
        broken.to_csv(path, sep="\t", index=False)
        with pytest.raises(CamsegError, match="some ROI lacks a region; remove the file"):
            transplants.read_transplants(path)
