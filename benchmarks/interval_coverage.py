"""How often the 95 % intervals of a study hold the truth, on data drawn from a known one.

    python benchmarks/interval_coverage.py [--draws 1000]

Accuracies: ROIs are right with a beta-binomial share by patient; 0.85 on average, the intraclass
correlation within patients as given. Over folds, each training adds its own chance (standard
deviation in accuracy as given); over several shuffles half of the ROIs are as hard for all
trainings. AUC: binormal scores of pairs. Dice: patients, splits and their rest are normal.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy import stats

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))
from camseg.report import statistics
from camseg.rois.split import FOLDS

SHARE, DICE = 0.85, 0.43
Interval = tuple[float, float]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=1000)
    draws = parser.parse_args().draws
    print("| interval of | drawn as | held by |\n| --- | --- | --: |")
    for patients in (15, 50):
        for correlation in (0.0, 0.2, 0.5):
            held = share_held(one_split, SHARE, draws, patients, correlation)
            told = f"{patients} patients, correlation {correlation:g}"
            print(f"| an accuracy, one split | {told} | {held:.3f} |")
    for splits in (2, 3, 5, 10, 20):
        for chance in (0.0, 0.03, 0.06):
            held = share_held(several_splits, SHARE, draws, splits, chance)
            told = f"85 patients, correlation 0.2, chance in training {chance:g}"
            print(f"| an accuracy, {splits} splits | {told} | {held:.3f} |")
    for distance in (0.5, 1.5, 2.5):
        area = float(stats.norm.cdf(distance / 2**0.5))
        held = share_held(one_auc, area, draws, distance)
        print(f"| AUC, one split | 15 patients, area {area:.2f} | {held:.3f} |")
    for splits in (2, 3, 5):
        for spread in (0.0, 0.05, 0.1):
            held = share_held(dice, DICE, draws, splits, spread)
            told = f"85 patients, splits' deviation {spread:g}"
            print(f"| Dice, {splits} splits | {told} | {held:.3f} |")


def share_held(draw: Callable[..., Interval], truth: float, draws: int, *how: float) -> float:
    """Return the share of so many intervals that hold the truth."""
    random = np.random.default_rng(1)
    ends = np.array([draw(random, *how) for _ in range(draws)])
    return float(((ends[:, 0] <= truth) & (truth <= ends[:, 1])).mean())


def shares_of(random: np.random.Generator, patients: int, correlation: float) -> np.ndarray:
    """Return each patient's share of right calls."""
    if correlation == 0:
        return np.full(patients, SHARE)
    both = (1 - correlation) / correlation
    return random.beta(SHARE * both, (1 - SHARE) * both, patients)


def one_split(random: np.random.Generator, patients: int, correlation: float) -> Interval:
    of = np.repeat(np.arange(patients), random.choice([2, 2, 3, 4], patients))
    right = random.random(len(of)) < shares_of(random, patients, correlation)[of]
    return statistics.clustered_wilson(right.mean(), right, of)


def several_splits(random: np.random.Generator, splits: int, chance: float) -> Interval:
    patients = 85
    of = np.repeat(np.arange(patients), random.choice([2, 2, 3], patients))
    share, lasting = shares_of(random, patients, 0.2)[of], random.random(len(of))
    accuracies, sums, counts = [], np.zeros(len(of)), np.zeros(len(of))
    for split in range(splits):
        if split % FOLDS == 0:
            fold = random.permutation(patients) % FOLDS
        chosen = np.flatnonzero(fold[of] == split % FOLDS)
        hard = np.where(
            random.random(len(chosen)) < 0.5, lasting[chosen], random.random(len(chosen))
        )
        right = hard < np.clip(share[chosen] + random.normal(0, chance), 0, 1)
        accuracies.append(right.mean())
        sums[chosen] += right
        counts[chosen] += 1
    values = np.array(accuracies)
    low, high = statistics.over_folds(values, len(of) / FOLDS)
    if splits > FOLDS:
        first, last = statistics.over_patients(sums / counts, of)
        half = max(high - low, last - first) / 2
        low, high = values.mean() - half, values.mean() + half
    return low, high


def one_auc(random: np.random.Generator, distance: float) -> Interval:
    pairs = np.repeat(np.arange(15), random.choice([1, 1, 2], 15))
    of, abnormal = pairs.repeat(2), np.tile([True, False], len(pairs))
    score = distance * abnormal + random.normal(size=len(of))
    return statistics.clustered_auc(score, abnormal, of)


def dice(random: np.random.Generator, splits: int, spread: float) -> Interval:
    of = np.repeat(np.arange(85), random.choice([1, 1, 2], 85))
    rois = random.normal(0, 0.08, 85)[of] + random.normal(0, 0.08, len(of))
    table = DICE + rois[:, None] + random.normal(0, spread, splits)
    return statistics.crossed_t(table + random.normal(0, 0.08, (len(of), splits)), of)


if __name__ == "__main__":
    main()
