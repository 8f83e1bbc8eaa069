"""Intervals and tests of a study's results. docs/statistics.md says what each of them means.

Every interval is a 95 % one, every p two-sided.
"""

from itertools import permutations
from math import sqrt

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
    names, patient = np.unique(patients.astype(str), return_inverse=True)
    numbers, split = np.unique(splits.astype(str), return_inverse=True)
    sums, counts = np.zeros((2, len(names), len(numbers)))
    np.add.at(sums, (patient, split), values)
    np.add.at(counts, (patient, split), 1)
    drawn, drawn_splits = (
        rng.multinomial(size, np.full(size, 1 / size), draws).astype(float)
        for size in (len(names), len(numbers))
    )
    total = ((drawn @ sums) * drawn_splits).sum(axis=1)
    number = ((drawn @ counts) * drawn_splits).sum(axis=1)
    means = total[number > 0] / number[number > 0]
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def corrected_t(values: np.ndarray, ratio: float, n: float) -> tuple[float, float]:
    """Return the t interval of the mean accuracy `values` (k,), one a split, k >= 2, in [0, 1].

    `ratio` is that of validation to training ROIs. The splits' training sets overlap, so that the
    variance of the mean is taken as (1/k + ratio) s^2, not s^2 / k (Nadeau and Bengio, 2003; for
    repeated cross-validation: Bouckaert and Frank, 2004). s^2 is taken to be at least the binomial
    variance of one split's accuracy on `n` ROIs: few splits may well agree by chance. Two right
    and two wrong ROIs are added for it (Agresti and Coull, 1998), or it would be 0 where all
    are right.
    """
    k, mean = len(values), float(np.mean(values))
    share = (n * mean + 2) / (n + 4)
    variance = max(np.var(values, ddof=1), share * (1 - share) / n)
    half = float(stats.t.ppf((1 + LEVEL) / 2, k - 1) * sqrt((1 / k + ratio) * variance))
    return max(0.0, mean - half), min(1.0, mean + half)


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
    first, second = stats.zscore(stats.rankdata(x)), stats.zscore(stats.rankdata(y))
    if k <= ENUMERATED:
        orders = np.array(list(permutations(range(k))))
    else:
        orders = np.tile(np.arange(k), (100_000, 1))
        orders[1:] = rng.permuted(orders[1:], axis=1)
    rho = second[orders] @ first / k
    given = first @ second / k
    return float(given), float(np.mean(np.abs(rho) >= abs(given) - 1e-9))


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
