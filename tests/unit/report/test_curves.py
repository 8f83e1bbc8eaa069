import itertools

import numpy as np
import pandas as pd
import pytest

from camseg.errors import CamsegError
from camseg.io import store
from camseg.report.curves import mean_curves
from camseg.report.heat_maps import FIRST, FURTHER, PLACEMENT, ZERO_LEVEL

MEANS = (*FIRST.values(), *FURTHER.values())
OF_NETWORKS = {"probability": 0.5, "grid": "2 x 2", "grid_limit": 1}
OF_NETWORKS |= dict.fromkeys((score for score, _ in ZERO_LEVEL.values()), 0.5)
MODELS = ["net B", "net A"]
SPLITS = ["split-0", "split-1"]
FLOORS = ["a third", "mean training mask", "all 255"]
SHOWN = ["all 255", "mean training mask"]  # in the figure's order; others are not drawn
NAMES = [f"roi {number}" for number in range(8)]
NORMAL = {1, 4}
UNUSED = {"split-0": {0}, "split-1": {4, 6, 7}}  # other ROIs, and other numbers of them


def scores(split):
    """The table of scores of a map of every ROI; their values do not matter here."""
    return pd.DataFrame(
        {
            "roi_id": NAMES,
            "label": ["normal" if n in NORMAL else "abnormal" for n in range(8)],
            "side": ["unused" if n in UNUSED[split] else "train" for n in range(8)],
            "lesion_area": 9.0,
            "degenerate": 0,
            **dict.fromkeys([*PLACEMENT, *(score for score, _ in MEANS)], 0.5),
        }
    )


def write(table, curves, path):
    """Write a table of scores and the curves beside it."""
    path.parent.mkdir(exist_ok=True)
    table.to_csv(path.with_suffix(".tsv"), sep="\t", index=False)
    names = table["roi_id"].to_numpy(object)
    store.write_curves(path.with_suffix(".h5"), curve=curves, roi_id=names)


@pytest.fixture
def study(tmp_path):
    """Paths as `mean_curves` takes them, and the curve of every ROI by split, name and ROI."""
    random = np.random.default_rng(0)
    curve = {}
    for split in SPLITS:
        for model in MODELS:
            order = random.permutation(8)  # the rows of a table may stand in any order
            table = scores(split).iloc[order].assign(**OF_NETWORKS)
            curves = random.random((8, 256))
            write(table, curves, tmp_path / model / split)
            curve |= {(split, model, NAMES[n]): row for n, row in zip(order, curves, strict=True)}
        curves = random.random((8 * len(FLOORS), 256))
        table = pd.concat(scores(split).assign(baseline=floor) for floor in FLOORS)
        write(table, curves, tmp_path / "floors" / split)
        curve |= {
            (split, floor, name): row
            for (floor, name), row in zip(itertools.product(FLOORS, NAMES), curves, strict=True)
        }
    places = [(model, tmp_path / model / split) for split in SPLITS for model in MODELS]
    floors = [tmp_path / "floors" / split for split in SPLITS]
    paths = {
        "models": [model for model, _ in places],
        "scores": [path.with_suffix(".tsv") for _, path in places],
        "curves": [path.with_suffix(".h5") for _, path in places],
        "baselines": [path.with_suffix(".tsv") for path in floors],
        "baseline_curves": [path.with_suffix(".h5") for path in floors],
    }
    return paths, curve


def by_hand(curve, splits, name):
    """The mean over splits of the means over used abnormal ROIs, number by number."""
    means = []
    for threshold in range(256):
        of_splits = []
        for split in splits:
            values = [
                curve[split, name, roi][threshold]
                for n, roi in enumerate(NAMES)
                if n not in NORMAL and n not in UNUSED[split]
            ]
            of_splits.append(sum(values) / len(values))
        means.append(sum(of_splits) / len(of_splits))
    return means


def test_curves_are_means_over_used_abnormal_rois_then_over_splits(study):
    paths, curve = study
    networks, floors, n = mean_curves(**paths)
    assert n == 6  # abnormal, and used in one split at least
    assert (list(networks), list(floors)) == (MODELS, SHOWN)
    for name, found in (networks | floors).items():
        np.testing.assert_allclose(found, by_hand(curve, SPLITS, name), rtol=1e-12)


def test_of_one_split_they_are_its_own(study):
    paths, curve = study
    first = {name: values[: len(values) // 2] for name, values in paths.items()}
    networks, floors, n = mean_curves(**first)
    assert n == 5
    for name, found in (networks | floors).items():
        np.testing.assert_allclose(found, by_hand(curve, SPLITS[:1], name), rtol=1e-12)


def test_the_order_of_files_changes_nothing(study):
    paths, _ = study
    turned = {name: values[::-1] for name, values in paths.items()}
    (*all_curves, n), (*all_turned, other_n) = mean_curves(**paths), mean_curves(**turned)
    assert n == other_n
    for one, other in zip(all_curves, all_turned, strict=True):
        assert one.keys() == other.keys()
        for name, found in one.items():
            np.testing.assert_allclose(found, other[name], rtol=1e-12)


def test_curves_of_other_rois_than_the_scores_are_refused(study):
    paths, _ = study
    path = paths["curves"][1]
    store.write_curves(path, curve=np.zeros((8, 256)), roi_id=np.array(NAMES[::-1], object))
    with pytest.raises(CamsegError, match=r"split-0.h5: its rows are not those of the table"):
        mean_curves(**paths)
