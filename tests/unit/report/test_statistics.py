"""Each number against a closed form, a brute force, or a published example."""

from itertools import permutations, product
from math import comb

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from camseg.report import statistics
from camseg.seeds import generator


def rng():
    return generator(1, "test")


def test_wilson_of_the_papers_best_accuracy():
    assert statistics.wilson(109, 125) == pytest.approx((0.802, 0.920), abs=5e-4)


@pytest.mark.parametrize(("right", "n"), [(0, 10), (3, 10), (10, 10), (109, 125)])
def test_wilson_ends_where_the_score_test_does(right, n):
    """At either end, the observed share is 1.96 standard errors of that end away."""
    z = stats.norm.ppf(0.975)
    for end in statistics.wilson(right, n):
        if 0 < end < 1:
            assert abs(right / n - end) == pytest.approx(z * np.sqrt(end * (1 - end) / n))


def test_bootstrap_draws_patients_as_all_possible_draws_do():
    """Four patients: all 4 ** 4 equally likely draws give the exact distribution of the mean."""
    values = np.array([0.1, 0.5, 0.2, 0.9, 0.7, 0.3, 0.4])
    patients = np.array(list("aabcccd"), object)
    parts = [values[patients == name] for name in "abcd"]
    means = [np.concatenate(drawn).mean() for drawn in product(parts, repeat=4)]
    low, high = statistics.bootstrap(values, patients, np.zeros(7), rng(), draws=200_000)
    assert (low, high) == pytest.approx(np.quantile(means, [0.025, 0.975]), abs=0.002)


def test_bootstrap_of_one_roi_a_patient_is_about_the_normal_interval():
    values = rng().normal(0.4, 0.2, 400)
    low, high = statistics.bootstrap(values, np.arange(400), np.zeros(400), rng())
    half = 1.96 * values.std() / 20
    assert (low, high) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.003)


def test_rois_of_one_patient_count_once():
    """Ten copies of every ROI tell no more than one of each does."""
    values, patients = rng().normal(0.4, 0.2, 50), np.arange(50)
    once = statistics.bootstrap(values, patients, np.zeros(50), rng())
    copies = statistics.bootstrap(values.repeat(10), patients.repeat(10), np.zeros(500), rng())
    assert once == pytest.approx(copies)


def test_bootstrap_draws_splits_too_where_there_are_several():
    """Values that differ between splits only: the interval is that of drawing the splits."""
    splits = np.arange(3).repeat(20)
    patients = np.tile(np.arange(20), 3)
    levels = np.array([0.2, 0.3, 0.7])
    means = [np.mean(drawn) for drawn in product(levels, repeat=3)]
    interval = statistics.bootstrap(levels[splits], patients, splits, rng(), draws=20_000)
    expected = np.quantile(means, [0.025, 0.975], method="inverted_cdf")
    assert interval == pytest.approx(expected)


def test_bootstrap_is_the_same_every_time():
    values, patients = rng().random(30), np.arange(30) // 2
    first, second = (statistics.bootstrap(values, patients, patients * 0, rng()) for _ in "ab")
    assert first == second


def test_corrected_t_is_the_plain_one_without_overlap_and_wider_with_it():
    values = np.array([0.80, 0.84, 0.82, 0.88, 0.81])
    plain = stats.t.interval(0.95, 4, values.mean(), stats.sem(values))
    assert statistics.corrected_t(values, 0, n=10_000) == pytest.approx(plain)
    low, high = statistics.corrected_t(values, 1 / 4, n=10_000)
    assert (high - low) / (plain[1] - plain[0]) == pytest.approx(np.sqrt((1 / 5 + 1 / 4) / (1 / 5)))
    assert statistics.corrected_t(np.array([0.1, 0.9]), 1 / 4, n=100) == (0, 1)


def test_splits_that_agree_by_chance_are_not_certain():
    """The binomial variance of one split's accuracy stands in, of two ROIs more on each side."""
    half = stats.t.ppf(0.975, 2) * np.sqrt((1 / 3 + 1 / 4) * 82 / 104 * 22 / 104 / 100)
    interval = statistics.corrected_t(np.full(3, 0.8), 1 / 4, n=100)
    assert interval == pytest.approx((0.8 - half, 0.8 + half))


@pytest.mark.parametrize("k", [2, 5])
def test_splits_in_which_all_are_right_or_all_wrong_are_not_certain(k):
    (low, one), (zero, high) = (
        statistics.corrected_t(np.full(k, share), 1 / 4, n=38) for share in (1.0, 0.0)
    )
    assert (zero, one) == (0, 1)
    assert high == pytest.approx(1 - low)
    assert low < statistics.wilson(38 * k, 38 * k)[0]  # wider than of so many independent ROIs


def test_mcnemar_is_the_sign_test_of_the_discordant_cases():
    assert statistics.mcnemar(1, 7) == pytest.approx(2 * (comb(8, 0) + comb(8, 1)) / 2**8)
    assert statistics.mcnemar(7, 1) == statistics.mcnemar(1, 7)
    assert statistics.mcnemar(4, 4) == statistics.mcnemar(0, 0) == 1


def test_fisher_of_the_lady_tasting_tea():
    assert statistics.fisher(3, 4, 1, 4) == pytest.approx(34 / 70)


@pytest.mark.parametrize(
    ("model", "p"), [("DenseNet121", 0.002), ("MobileNetV2", 0.063), ("InceptionV3", 0.067)]
)
def test_fisher_of_the_papers_accuracies(model, p):
    paper = pd.read_csv("resources/paper_results.csv", index_col="Classifier")
    cam, original = (round(paper.loc[model, name] * 125) for name in ("CAM_val_acc", "val_acc"))
    assert statistics.fisher(cam, 125, original, 125) == pytest.approx(p, abs=5e-4)


def test_holm_as_in_textbooks():
    """The example of R's p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm")."""
    adjusted = statistics.holm([0.01, 0.04, 0.03, 0.005])
    assert list(adjusted) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert list(statistics.holm([0.6, 0.7])) == [1, 1]


def test_spearman_of_the_papers_table():
    paper = pd.read_csv("resources/paper_results.csv")
    rho, p = statistics.spearman(paper["Dice"], paper["CAM_val_acc"], rng())
    assert rho == pytest.approx(0.943, abs=5e-4)
    assert p == pytest.approx(12 / 720)


def test_spearman_with_ties_against_every_order():
    x, y = [0.1, 0.1, 0.4, 0.8, 0.9], [3, 1, 1, 5, 4]
    rho, p = statistics.spearman(x, y, rng())
    assert rho == pytest.approx(stats.spearmanr(x, y).statistic)
    every = [abs(stats.spearmanr(x, order).statistic) for order in permutations(y)]
    assert p == pytest.approx(np.mean(np.array(every) > abs(rho) - 1e-9))


def test_spearman_of_many_pairs_draws_orders():
    x = np.arange(12)
    y = np.array([3, 0, 1, 7, 2, 10, 4, 11, 6, 5, 9, 8])
    rho, p = statistics.spearman(x, y, rng())
    assert rho == pytest.approx(stats.spearmanr(x, y).statistic)
    drawn = stats.permutation_test(
        (x,), lambda x: stats.spearmanr(x, y).statistic,
        permutation_type="pairings", n_resamples=5000, rng=2,
    )  # fmt: skip
    assert p == pytest.approx(drawn.pvalue, abs=0.01)


@pytest.mark.parametrize("y", [[1, 1, 1], [1, 2]])
def test_spearman_of_too_little_is_no_number(y):
    assert np.isnan(statistics.spearman([1, 2, 3][: len(y)], y, rng())).all()


@pytest.mark.parametrize(
    ("epochs", "share", "mean"),
    [(200, 65 / 125, 0.64), (200, 0.5, 0.62), (1, 0.52, 0.52)],
)
def test_best_epoch_of_a_network_that_knows_nothing(epochs, share, mean):
    """On the paper's 125 validation ROIs, against the figure of the protocol and a simulation."""
    expected, quantile = statistics.best_of_epochs(125, epochs, share)
    assert expected == pytest.approx(mean, abs=0.005)
    simulated = rng().binomial(125, share, (20_000, epochs)).max(axis=1) / 125
    assert expected == pytest.approx(simulated.mean(), abs=0.001)
    assert quantile == pytest.approx(np.quantile(simulated, 0.95), abs=1e-9)
