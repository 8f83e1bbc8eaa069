"""Intervals and tests of a study's results. docs/statistics.md says what each of them means.

Every interval is a 95 % one, every p two-sided.
"""

from collections.abc import Sequence
from itertools import permutations
from math import inf, sqrt
from typing import NamedTuple

import numpy as np
from scipy import stats

LEVEL = 0.95
DRAWS = 2000  # of a bootstrap
ENUMERATED = 9  # pairs up to which all permutations are tried: 9! = 362,880


def wilson(right: int, n: int) -> tuple[float, float]:
    """Return Wilson's score interval of a share, given `right` of `n` (Wilson, 1927)."""
    interval = stats.binomtest(right, n).proportion_ci(LEVEL, method="wilson")
    return float(interval.low), float(interval.high)


def bootstrap(
    values: np.ndarray,
    patients: np.ndarray,
    splits: np.ndarray,
    rng: np.random.Generator,
    draws: int = DRAWS,
) -> tuple[float, float]:
    """Return the percentile interval of the mean of `values` (n,), patients resampled each time.

    `patients` (n,) names each value's patient: all values of a drawn patient come along. `splits`
    (n,) names its split; where there are several, they are resampled as well (the pigeonhole
    bootstrap of two crossed factors, Owen, 2007). Values may be differences of two paired ones.
    """
    total, number = _drawn_sums([values, np.ones(len(values))], patients, splits, rng, draws)
    means = total[number > 0] / number[number > 0]
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def ratio(
    values: np.ndarray,
    of: np.ndarray,
    patients: np.ndarray,
    splits: np.ndarray,
    rng: np.random.Generator,
    draws: int = DRAWS,
) -> tuple[float, float]:
    """Return the interval of the ratio of the means of `values` and `of`, both (n,), by bootstrap.

    Patients, and splits where there are several, are resampled as in `bootstrap`, both means by the
    same draw. Percentiles of few patients are too narrow, as the deviation of few values is
    too small and normal: they are taken further out, as Student's t is (Hesterberg, 2015,
    "expanded percentiles"). NaN of a single patient. The mean of `of` has to be well above 0.
    """
    n = len(set(patients.astype(str)))
    if n < 2:
        return float("nan"), float("nan")
    above, below = _drawn_sums([values, of], patients, splits, rng, draws)
    tail = stats.norm.cdf(sqrt(n / (n - 1)) * stats.t.ppf((1 - LEVEL) / 2, n - 1))
    low, high = np.quantile(above[below != 0] / below[below != 0], [tail, 1 - tail])
    return float(low), float(high)


def _drawn_sums(
    columns: list[np.ndarray],
    patients: np.ndarray,
    splits: np.ndarray,
    rng: np.random.Generator,
    draws: int,
) -> list[np.ndarray]:
    """Return the sums of each column (n,), (draws,), with patients and splits drawn anew."""
    names, patient = np.unique(patients.astype(str), return_inverse=True)
    numbers, split = np.unique(splits.astype(str), return_inverse=True)
    drawn, drawn_splits = (
        rng.multinomial(size, np.full(size, 1 / size), draws).astype(float)
        for size in (len(names), len(numbers))
    )
    sums = np.zeros((len(columns), len(names), len(numbers)))
    for total, values in zip(sums, columns, strict=True):
        np.add.at(total, (patient, split), values)
    return [((drawn @ each) * drawn_splits).sum(axis=1) for each in sums]


def design_effect(right: np.ndarray, patients: np.ndarray) -> float:
    """Return by how much the variance of a share exceeds that of independent cases, at least 1.

    `right` (n,) bool of cases in clusters, `patients` (n,). With Fleiss' estimate of the
    intraclass correlation r from the analysis of variance and the clusters' sizes m:
    1 + (sum m^2 / n - 1) r, r at least 0 (Kish, 1965).
    """
    means, sizes, total = _clusters(right, patients)
    n, k = sizes.sum(), len(sizes)
    if k < 2 or n == k:
        return 1.0
    between = (sizes * (means - total) ** 2).sum() / (k - 1)
    within = (sizes * means * (1 - means)).sum() / (n - k)
    usual = (n - (sizes**2).sum() / n) / (k - 1)
    spread = between + (usual - 1) * within
    correlation = max(0.0, (between - within) / spread) if spread > 0 else 0.0
    return float(1 + ((sizes**2).sum() / n - 1) * correlation)


def clustered_wilson(share: float, right: np.ndarray, patients: np.ndarray) -> tuple[float, float]:
    """Return Wilson's interval of a `share` of cases in clusters, its n divided by the effect.

    The `design_effect` is that of `right` (n,) bool, `patients` (n,).
    """
    n = len(right) / design_effect(right, patients)
    return _score_interval(share, n, float(stats.norm.ppf((1 + LEVEL) / 2)))


def _score_interval(share: float, n: float, z: float) -> tuple[float, float]:
    """Return the shares from which `share` is at most `z` standard errors of n cases away."""
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return float(max(0.0, middle - half)), float(min(1.0, middle + half))


class Estimate(NamedTuple):
    """A mean, its standard error, and the degrees of freedom of Student's t for it.

    The error is infinite where the data do not tell it.
    """

    value: float
    error: float
    freedom: float

    @property
    def half(self) -> float:
        """Half of the width of the t interval."""
        return float(stats.t.ppf((1 + LEVEL) / 2, self.freedom)) * self.error

    def interval(self, least: float = 0.0, most: float = 1.0) -> tuple[float, float]:
        """Return the t interval, as far as it lies between `least` and `most`."""
        return max(least, self.value - self.half), min(most, self.value + self.half)

    def share_interval(self, n: int) -> tuple[float, float]:
        """Return the interval of a share: Wilson's, of as many cases as would have this error.

        Student's t stands in for the normal deviation. Where all or none of `n` cases are right,
        the interval is theirs.
        """
        spread = self.value * (1 - self.value)
        if spread == 0:
            return wilson(round(self.value * n), n)
        if self.error == inf:
            return 0.0, 1.0
        z = float(stats.t.ppf((1 + LEVEL) / 2, self.freedom))
        return _score_interval(self.value, spread / self.error**2, z)

    def p(self) -> float:
        """Return the p of Student's test that the mean is 0."""
        return float(2 * stats.t.sf(abs(self.value) / self.error, self.freedom))


def over_folds(values: np.ndarray, n: float) -> Estimate:
    """Return the mean over disjoint folds, `values` (k,), k >= 2, of accuracies or differences.

    The folds' ROIs, and with them their accuracies, are independent but for their training sets;
    chance in training is among what they vary by. A fold's accuracy is known to half of its `n`
    ROIs: folds that agree, or are all right, are not certain.
    """
    k = len(values)
    deviation = max(float(np.std(values, ddof=1)), 1 / (2 * n))
    return Estimate(float(np.mean(values)), deviation / sqrt(k), k - 1)


def over_patients(values: np.ndarray, patients: np.ndarray) -> Estimate:
    """Return the mean of `values` (n,), whose clusters `patients` (n,) vary."""
    means, sizes, total = _clusters(values, patients)
    k = len(sizes)
    if k < 2:  # one patient says nothing of others
        return Estimate(total, inf, 1)
    deviation = sqrt(k / (k - 1) * ((sizes * (means - total)) ** 2).sum()) / sizes.sum()
    return Estimate(total, deviation, k - 1)


def crossed(values: np.ndarray, patients: np.ndarray) -> Estimate:
    """Return the mean of `values` (n, k): of n ROIs, each by k >= 2 splits or trainings.

    Patients (`patients`, (n,)) and trainings are crossed random factors, a ROI counts for its
    patient: the variance is (MS_patients + MS_trainings - MS_rest) / (patients * trainings), its
    degrees of freedom are Satterthwaite's (1946); of two trainings 1: they may agree by chance.
    """
    names, patient = np.unique(patients.astype(str), return_inverse=True)
    p, k = len(names), values.shape[1]
    by_training = values.mean(axis=0)
    mean = float(by_training.mean())
    if p < 2:  # one patient says nothing of others
        return Estimate(mean, inf, 1)
    table = np.zeros((p, k))
    np.add.at(table, patient, (values - by_training) * p / len(values))
    of_patients = k * (table.mean(axis=1) ** 2).sum() / (p - 1)
    of_trainings = p * ((by_training - mean) ** 2).sum() / (k - 1)
    rest = ((table - table.mean(axis=1, keepdims=True)) ** 2).sum() / ((p - 1) * (k - 1))
    total = max(of_patients + of_trainings - rest, of_patients, of_trainings)
    parts = of_patients**2 / (p - 1) + of_trainings**2 / (k - 1) + rest**2 / ((p - 1) * (k - 1))
    freedom = max(1.0, total**2 / parts) if k > 2 and parts > 0 else 1.0
    return Estimate(mean, sqrt(total / (p * k)), freedom)


def clustered_auc(
    probability: np.ndarray, abnormal: np.ndarray, patients: np.ndarray
) -> tuple[float, float]:
    """Return the interval of an area under the ROC curve of cases in clusters.

    `probability` (n, k) of abnormal by k trainings, whose mean area it is; `abnormal` (n,) bool
    with both classes, `patients` (n,). The variance is Obuchowski's (1997) of the mean over
    trainings, at least a quarter of Hanley and McNeil's (1982), which near 1 it falls short of,
    and that of the trainings' areas over k. The interval is symmetric in the logit of the area,
    half a pair of ROIs of two counted wrong where none is.
    """
    names, patient = np.unique(patients.astype(str), return_inverse=True)
    above, below = probability[abnormal][:, None], probability[~abnormal][None]
    orders = (above > below) + 0.5 * (above == below)  # by abnormal and normal ROI, and training
    order, areas = orders.mean(axis=2), orders.mean(axis=(0, 1))
    area, pairs = float(order.mean()), order.size
    parts = []  # of each patient: the sums over its abnormal and over its normal ROIs
    for chosen, means in ((abnormal, order.mean(axis=1)), (~abnormal, order.mean(axis=0))):
        sums = np.bincount(patient[chosen], means - area, len(names))
        clusters = len(np.unique(patient[chosen]))
        parts.append((sums / chosen.sum(), clusters / max(clusters - 1, 1)))
    (first, scale), (second, other) = parts
    both = len(names) / max(len(names) - 1, 1)
    variance = scale * first @ first + other * second @ second + 2 * both * first @ second
    area = (pairs * area + 0.5) / (pairs + 1)
    q, r = area / (2 - area), 2 * area**2 / (1 + area)
    of_pairs = (
        area * (1 - area)
        + (order.shape[0] - 1) * (q - area**2)
        + (order.shape[1] - 1) * (r - area**2)
    )
    of_trainings = areas.var(ddof=1) / len(areas) if len(areas) > 1 else 0.0
    deviation = sqrt(max(variance, of_pairs / pairs / 4) + of_trainings)
    middle = np.log(area / (1 - area))
    half = stats.norm.ppf((1 + LEVEL) / 2) * deviation / (area * (1 - area))
    low, high = 1 / (1 + np.exp(-np.array([middle - half, middle + half])))
    return float(low), float(high)


def _clusters(values: np.ndarray, patients: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Return each cluster's mean and size, and the mean of all `values` (n,)."""
    _, cluster = np.unique(patients.astype(str), return_inverse=True)
    sizes = np.bincount(cluster)
    return np.bincount(cluster, values) / sizes, sizes, float(np.mean(values))


def mcnemar(only_first: int, only_second: int) -> float:
    """Return the p of McNemar's exact test, given how many cases only one of two gets right."""
    discordant = only_first + only_second
    return float(stats.binomtest(only_first, discordant).pvalue) if discordant else 1.0


def fisher(first: int, n_first: int, second: int, n_second: int) -> float:
    """Return the p of Fisher's exact test that two shares, `first` of `n_first` ..., are equal."""
    table = [[first, n_first - first], [second, n_second - second]]
    return float(stats.fisher_exact(table).pvalue)


def holm(p: np.ndarray) -> np.ndarray:
    """Return Holm's adjusted p of a family of tests, (k,) in the order given (Holm, 1979)."""
    p = np.asarray(p, float)
    order = np.argsort(p, kind="stable")
    adjusted = np.empty(len(p))
    adjusted[order] = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    return np.minimum(adjusted, 1)


def spearman(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> tuple[float, float]:
    """Return Spearman's rank correlation of two (k,), and its p by permuting one against the other.

    Exact, over all k! orders, up to k = ENUMERATED; beyond, over 100,000 drawn ones, the given one
    among them. p is the share of orders with a correlation as far from 0. NaN both if k < 3 or if
    all values of one are equal.
    """
    k = len(x)
    if k < 3 or len(set(x)) == 1 or len(set(y)) == 1:
        return float("nan"), float("nan")
    exact = k <= ENUMERATED
    orders = np.array(list(permutations(range(k)))) if exact else _drawn_orders(k, rng)
    return _first_of(_of_orders(x, y, orders))


def spearman_within(
    groups: Sequence[tuple[np.ndarray, np.ndarray]], rng: np.random.Generator
) -> tuple[float, float]:
    """Return the mean over groups of Spearman's rank correlation, and its p by permuting in each.

    A group is two (k,), k >= 3, with unequal values in each; of a single one, all is as in
    `spearman`. p is the share of 100,000 orders, the given one among them, with a mean as far from
    0; every group is permuted by itself, so that what its pairs have in common counts for nothing.
    """
    if len(groups) == 1:
        return spearman(*groups[0], rng)
    means = np.mean([_of_orders(x, y, _drawn_orders(len(x), rng)) for x, y in groups], axis=0)
    return _first_of(means)


def _drawn_orders(k: int, rng: np.random.Generator) -> np.ndarray:
    """Return 100,000 orders of k things, (orders, k), the given one first."""
    orders = np.tile(np.arange(k), (100_000, 1))
    orders[1:] = rng.permuted(orders[1:], axis=1)
    return orders


def _of_orders(x: np.ndarray, y: np.ndarray, orders: np.ndarray) -> np.ndarray:
    """Return the rank correlation of x (k,) with y (k,) in each of the `orders` (n, k): (n,)."""
    first, second = stats.zscore(stats.rankdata(x)), stats.zscore(stats.rankdata(y))
    return second[orders] @ first / len(x)


def _first_of(rho: np.ndarray) -> tuple[float, float]:
    """Return the first of correlations, and how many of them are as far from 0."""
    return float(rho[0]), float(np.mean(np.abs(rho) >= abs(rho[0]) - 1e-9))


def rank_interval(rho: float, sizes: Sequence[int]) -> tuple[float, float]:
    """Return the interval of the mean of Spearman's rank correlations of groups of `sizes` pairs.

    By Fisher's z, the variance of a group's being (1 + rho^2 / 2) / (size - 3) (Bonett and Wright,
    2000). NaN if a group has fewer than 4 pairs, or `rho` is -1 or 1, whose z is infinite.
    """
    if min(sizes) < 4 or not abs(rho) < 1 - 1e-9:
        return float("nan"), float("nan")
    error = sqrt((1 + rho**2 / 2) * sum(1 / (size - 3) for size in sizes)) / len(sizes)
    half = stats.norm.ppf((1 + LEVEL) / 2) * error
    low, high = np.tanh([np.arctanh(rho) - half, np.arctanh(rho) + half])
    return float(low), float(high)


def best_of_epochs(n: int, epochs: int, share: float) -> tuple[float, float]:
    """Return mean and 95 % quantile of the best accuracy of a chance-level classifier.

    It is the best of `epochs`, each an independent binomial share of `n` ROIs with expectation
    `share`, that of the larger class: what no call that ignores the image can exceed on average.
    Exact: the largest of independent numbers is below k as often as all of them are.
    """
    right = np.arange(n + 1)
    below = stats.binom.cdf(right, n, share) ** epochs
    chance = np.diff(below, prepend=0)
    return float(chance @ right / n), float(right[np.searchsorted(below, LEVEL)] / n)
