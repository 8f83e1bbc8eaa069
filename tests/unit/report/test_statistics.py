"""Each number against a closed form, a brute force, or a published example."""

from itertools import permutations, product
from math import comb

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

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


def clusters(random, sizes, patients, share, correlation):
    """Cases in clusters, right with a beta-binomial `share`: (n,) bool and their patients."""
    of = np.repeat(np.arange(patients), random.choice(sizes, patients))
    if correlation == 0:
        return random.random(len(of)) < share, of
    both = (1 - correlation) / correlation
    shares = random.beta(share * both, (1 - share) * both, patients)
    return random.random(len(of)) < shares[of], of


def test_design_effect_of_clusters_that_agree_and_of_single_cases():
    right = np.array([True, True, False, False, True, True, False, False])
    twos = np.arange(8) // 2
    # all of a patient agree: r = 1, so that the effect is the size of the clusters
    assert statistics.design_effect(right, twos) == pytest.approx(2)
    assert statistics.design_effect(right, np.arange(8)) == 1
    # they disagree more than by chance: r below 0 counts as 0
    assert statistics.design_effect(np.tile([True, False], 4), twos) == 1


def test_design_effect_is_the_one_that_the_clusters_were_drawn_with():
    right, patients = clusters(rng(), [4], 20_000, 0.8, 0.3)
    assert statistics.design_effect(right, patients) == pytest.approx(1 + 3 * 0.3, abs=0.05)


def test_clustered_wilson_is_wilsons_where_cases_are_single_or_for_so_many_less():
    right = np.arange(125) < 109
    single = statistics.clustered_wilson(109 / 125, right, np.arange(125))
    assert single == pytest.approx(statistics.wilson(109, 125))
    twice = statistics.clustered_wilson(0.8, (np.arange(50) < 40).repeat(2), np.arange(100) // 2)
    assert twice == pytest.approx(statistics.wilson(40, 50))


def test_over_folds_is_students_interval():
    values = np.array([0.7, 0.75, 0.8])
    expected = stats.t.interval(0.95, 2, values.mean(), stats.sem(values))
    found = statistics.over_folds(values, n=1000)
    assert found.interval() == pytest.approx(expected)
    assert statistics.over_folds(np.array([0.1, 0.9]), n=100).interval() == (0, 1)
    shifted = statistics.over_folds(values - 0.7, n=1000)
    assert shifted.interval(-1, 1) == pytest.approx(np.array(expected) - 0.7)
    assert shifted.p() == pytest.approx(stats.ttest_1samp(values, 0.7).pvalue)
    assert statistics.over_folds(np.zeros(3), n=20).p() == 1


@pytest.mark.parametrize("share", [0, 0.8, 1])
def test_folds_that_agree_are_not_certain(share):
    low, high = statistics.over_folds(np.full(5, share), n=40).interval()
    half = stats.t.ppf(0.975, 4) / (2 * 40) / np.sqrt(5)
    assert (low, high) == pytest.approx((max(0, share - half), min(1, share + half)))


def test_over_patients_is_students_interval_where_each_has_as_many():
    values = rng().normal(0.5, 0.05, (12, 3))
    means = values.mean(axis=1)
    expected = stats.t.interval(0.95, 11, means.mean(), stats.sem(means))
    found = statistics.over_patients(values.ravel(), np.arange(12).repeat(3))
    assert found.interval() == pytest.approx(expected)


def test_crossed_against_the_analysis_of_variance_by_hand():
    table = np.array([[0.40, 0.50, 0.46], [0.20, 0.34, 0.30], [0.60, 0.62, 0.50], [0.5, 0.6, 0.6]])
    mean = table.mean()
    p = 3 * ((table.mean(1) - mean) ** 2).sum() / 3
    s = 4 * ((table.mean(0) - mean) ** 2).sum() / 2
    rest = table - table.mean(1, keepdims=True) - table.mean(0) + mean
    e = (rest**2).sum() / 6
    assert p + s - e > max(p, s)
    freedom = (p + s - e) ** 2 / (p**2 / 3 + s**2 / 2 + e**2 / 6)
    half = stats.t.ppf(0.975, freedom) * np.sqrt((p + s - e) / 12)
    found = statistics.crossed(table, np.arange(4))
    assert found.interval() == pytest.approx((mean - half, mean + half))
    copies = statistics.crossed(table.repeat(3, axis=0), np.arange(4).repeat(3))
    assert copies == pytest.approx(found)  # three equal ROIs of a patient tell no more


def test_crossed_of_two_splits_has_one_degree_of_freedom():
    table = np.array([[0.4, 0.5], [0.2, 0.34], [0.6, 0.62]])
    assert statistics.crossed(table, np.arange(3)).interval() == (0, 1)
    same = np.repeat([[0.4], [0.5], [0.45]], 2, axis=1)
    low, high = statistics.crossed(same, np.arange(3)).interval()
    half = stats.t.ppf(0.975, 1) * stats.sem([0.4, 0.5, 0.45])
    assert high - low == pytest.approx(2 * half)


def test_one_patient_says_nothing_of_others():
    for found in (
        statistics.crossed(np.full((4, 3), 0.5), np.zeros(4)),
        statistics.over_patients(np.full(4, 0.5), np.zeros(4)),
    ):
        assert found.interval() == found.share_interval(4) == (0, 1)
        assert found.p() == 1


@pytest.mark.parametrize("value", [0.3, 0.85])
def test_the_interval_of_a_share_is_wilsons_of_as_many_cases_as_have_its_error(value):
    """With as many degrees of freedom as make Student's t normal."""
    of_forty = statistics.Estimate(value, np.sqrt(value * (1 - value) / 40), 1e9)
    expected = stats.binomtest(round(value * 40), 40).proportion_ci(0.95, "wilson")
    assert of_forty.share_interval(1000) == pytest.approx(tuple(expected), abs=1e-6)


def test_the_interval_of_a_share_with_few_degrees_of_freedom_ends_where_the_t_test_does():
    found = statistics.Estimate(0.8, 0.05, 4)
    n = 0.8 * 0.2 / 0.05**2
    for end in found.share_interval(1000):
        assert abs(0.8 - end) / np.sqrt(end * (1 - end) / n) == pytest.approx(stats.t.ppf(0.975, 4))


@pytest.mark.parametrize("share", [0, 1])
def test_a_share_of_which_all_or_none_are_right_is_not_certain(share):
    found = statistics.Estimate(float(share), 0.0, 1).share_interval(20)
    assert found == statistics.wilson(20 * share, 20)


def test_clustered_auc_of_single_cases_is_delongs_in_logits():
    random = rng()
    abnormal = np.arange(60) < 25
    score = random.normal(size=60) + 1.2 * abnormal
    low, high = statistics.clustered_auc(score[:, None], abnormal, np.arange(60))
    above, below = score[abnormal], score[~abnormal]
    order = above[:, None] > below  # DeLong, DeLong and Clarke-Pearson (1988), by hand
    area = order.mean()
    variance = order.mean(1).var(ddof=1) / 25 + order.mean(0).var(ddof=1) / 35
    pairs = 25 * 35
    area = (pairs * area + 0.5) / (pairs + 1)
    middle = np.log(area / (1 - area))
    half = 1.959964 * np.sqrt(variance) / (area * (1 - area))
    assert (low, high) == pytest.approx(1 / (1 + np.exp([half - middle, -half - middle])), abs=1e-6)


def test_clustered_auc_of_several_trainings_is_of_their_mean_area_and_of_their_spread():
    random = rng()
    abnormal = np.arange(60) < 25
    score = random.normal(size=60) + 1.2 * abnormal
    one = statistics.clustered_auc(score[:, None], abnormal, np.arange(60))
    same = statistics.clustered_auc(score[:, None].repeat(3, 1), abnormal, np.arange(60))
    assert same == pytest.approx(one)
    # of three trainings the third is worse
    worse = random.normal(size=60) + 0.4 * abnormal
    three = np.stack([score, score, worse], axis=1)
    low, high = statistics.clustered_auc(three, abnormal, np.arange(60))
    areas = [roc_auc_score(abnormal, each) for each in three.T]
    logit = stats.logistic.ppf([low, high])
    area = (25 * 35 * np.mean(areas) + 0.5) / (25 * 35 + 1)
    assert logit.mean() == pytest.approx(np.log(area / (1 - area)))
    error = (logit[1] - logit[0]) / (2 * 1.959964) * area * (1 - area)
    order = np.mean([each[:25, None] > each[25:] for each in three.T], axis=0)
    of_patients = order.mean(1).var(ddof=1) / 25 + order.mean(0).var(ddof=1) / 35
    assert error**2 == pytest.approx(of_patients + np.var(areas, ddof=1) / 3, rel=1e-5)


def test_clustered_auc_of_a_perfect_order_is_not_certain():
    abnormal = np.arange(20) < 10
    low, high = statistics.clustered_auc(abnormal[:, None] * 1.0, abnormal, np.arange(20) % 10)
    assert 0.8 < low < 0.995 < high < 1
    swapped = statistics.clustered_auc(1.0 - abnormal[:, None], abnormal, np.arange(20) % 10)
    assert swapped == pytest.approx((1 - high, 1 - low), abs=0.01)


@pytest.mark.parametrize("correlation", [0, 0.2, 0.5])
def test_the_interval_of_one_split_covers_what_it_says(correlation):
    """38 ROIs of 15 patients; benchmarks/interval_coverage.py simulates more, and the others."""
    random, held = rng(), 0
    for _ in range(1000):
        right, patients = clusters(random, [2, 2, 3, 4], 15, 0.85, correlation)
        low, high = statistics.clustered_wilson(right.mean(), right, patients)
        held += low <= 0.85 <= high
    assert 0.91 < held / 1000 < 0.985  # 0.93 to 0.97, and three standard errors


@pytest.mark.parametrize("spread", [0.02, 0.1])
def test_the_interval_of_dice_over_splits_covers_what_it_says(spread):
    random, held = rng(), 0
    for _ in range(600):
        patients = random.normal(0, 0.1, (40, 1)).repeat(2, axis=0)
        table = 0.43 + patients + random.normal(0, spread, 3) + random.normal(0, 0.08, (80, 3))
        low, high = statistics.crossed(table, np.arange(80) // 2).interval()
        held += low <= 0.43 <= high
    assert 0.905 < held / 600 < 0.985


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


def test_spearman_within_groups_against_every_order_of_each():
    groups = [([1, 2, 2, 3], [2, 1, 3, 4]), ([10, 30, 20], [5, 6, 7])]
    groups = [tuple(map(np.array, pair)) for pair in groups]
    rho, p = statistics.spearman_within(groups, rng())
    of_each = [stats.spearmanr(x, y).statistic for x, y in groups]
    assert rho == pytest.approx(np.mean(of_each))
    every = [
        np.mean(
            [
                stats.spearmanr(x, order).statistic
                for (x, _), order in zip(groups, orders, strict=True)
            ]
        )
        for orders in product(*[permutations(y) for _, y in groups])
    ]
    assert len(every) == 24 * 6
    assert p == pytest.approx(np.mean(np.abs(every) >= abs(rho) - 1e-9), abs=0.005)  # 3 sigma


def test_spearman_within_one_group_is_spearman():
    x, y = np.array([1, 2, 3, 4, 5]), np.array([2, 1, 4, 3, 5])
    assert statistics.spearman_within([(x, y)], rng()) == statistics.spearman(x, y, rng())


def test_the_interval_of_ranks_in_closed_form():
    """By hand: z of 0.5 is log(3) / 2, its variance at n = 21 is 1.125 / 18."""
    low, high = statistics.rank_interval(0.5, [21])
    half = 1.959964 * 0.25
    expected = [
        (np.exp(2 * z) - 1) / (np.exp(2 * z) + 1)
        for z in (np.log(3) / 2 - half, np.log(3) / 2 + half)
    ]
    assert [low, high] == pytest.approx(expected, abs=1e-6)
    # the mean of two groups of independent pairs has half their variance, that of one of 2 * 18 + 3
    assert statistics.rank_interval(0.5, [21, 21]) == pytest.approx(
        statistics.rank_interval(0.5, [39])
    )
    low, high = statistics.rank_interval(0.0, [7])
    assert (low, high) == pytest.approx((-np.tanh(0.979982), np.tanh(0.979982)))


@pytest.mark.parametrize(("rho", "sizes"), [(1.0, [9]), (-1.0, [9]), (0.5, [3]), (0.5, [9, 3])])
def test_ranks_that_have_no_interval(rho, sizes):
    assert np.isnan(statistics.rank_interval(rho, sizes)).all()


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
