"""How often a study's 95 % intervals hold the truth, and its tests err, on data of a known one.

    python benchmarks/interval_coverage.py [--draws 1000]

Accuracies: ROIs are right with a beta-binomial share by patient; 0.85 on average, the intraclass
correlation within patients as given. Over folds and seeds, each training adds its own chance
(standard deviation in accuracy as given); half of the ROIs are as hard for all trainings. AUC:
binormal scores of pairs. Dice: patients, splits and their rest are normal; of validation ROIs
alone, beta-distributed. Rank correlations: pairs are normal. Tests of claims: two regimes that do
not differ, each trained anew in every run; counted are p below 0.05.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))
from camseg.report import designs, intervals, statistics
from camseg.rois import runs
from camseg.rois.split import FOLDS
from finding import span, tell

SHARE, DICE = 0.85, 0.43
Interval = tuple[float, float]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=1000)
    draws = parser.parse_args().draws
    shares, rates = [], []
    print("| interval of | drawn as | held by |\n| --- | --- | --: |")
    for patients in (15, 50):
        for correlation in (0.0, 0.2, 0.5):
            held = share_held(one_split, SHARE, draws, patients, correlation)
            told = f"{patients} patients, correlation {correlation:g}"
            shares.append(held)
            print(f"| an accuracy, one split | {told} | {held:.3f} |")
    for splits, seeds in ((2, 1), (3, 1), (5, 1), (10, 1), (20, 1), (1, 3), (1, 5), (5, 3)):
        for chance in (0.0, 0.03, 0.06):
            held = share_held(several_runs, SHARE, draws, splits, seeds, chance)
            told = f"85 patients, correlation 0.2, chance in training {chance:g}"
            shares.append(held)
            print(f"| an accuracy, {splits} splits, {seeds} seeds | {told} | {held:.3f} |")
    for seeds in (1, 3):
        for distance in (0.5, 1.5, 2.5):
            area = float(stats.norm.cdf(distance / 2**0.5))
            held = share_held(one_auc, area, draws, distance, seeds)
            shares.append(held)
            print(f"| AUC, one split, {seeds} seeds | 15 patients, area {area:.2f} | {held:.3f} |")
    for splits in (2, 3, 5):
        for spread in (0.0, 0.05, 0.1):
            held = share_held(dice, DICE, draws, splits, spread)
            told = f"85 patients, splits' deviation {spread:g}"
            shares.append(held)
            print(f"| Dice, {splits} splits | {told} | {held:.3f} |")
    for patients in (8, 15, 40):
        for mean in (0.45, 0.85):
            for how in ("t", "bootstrap"):
                held = share_held(validation_dice, mean, draws, patients, mean, how)
                told = f"{patients} patients, mean {mean:g}"
                shares.append(held)
                print(f"| Dice of validation ROIs, one split, {how} | {told} | {held:.3f} |")
    for networks, heads in ((6, 1), (20, 1), (3, 7)):
        for correlation in (0.0, 0.4, 0.7, 0.9):
            truth = 6 / np.pi * np.arcsin(correlation / 2)
            held = share_held(ranks, truth, draws, networks, heads, correlation)
            told = f"{networks} networks, {heads} heads each, {truth:.2f}"
            shares.append(held)
            print(f"| a rank correlation | {told} | {held:.3f} |")
    print("\n| test of a claim | drawn as | p < 0.05 |\n| --- | --- | --: |")
    for splits, seeds in ((1, 1), (1, 3), (1, 5), (3, 1), (5, 1), (5, 3), (10, 1)):
        for patients in (85, 400):
            for chance in (0.0, 0.03):
                random = np.random.default_rng(1)
                p = [p_of_claim(random, splits, seeds, patients, chance) for _ in range(draws)]
                told = f"{patients} patients, chance in training {chance:g}"
                rate = float(np.mean(np.array(p) < 0.05))
                rates.append(rate)
                print(f"| {splits} splits, {seeds} seeds | {told} | {rate:.3f} |", flush=True)
    tell(
        f"95 % intervals hold the truth in {span(shares)} of {draws} draws, tests of claims err in "
        f"{span(rates)}"
    )


def share_held(draw: Callable[..., Interval], truth: float, draws: int, *how: object) -> float:
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


def study(
    random: np.random.Generator, splits: int, seeds: int, patients: int, chance: float, regimes: int
) -> pd.DataFrame:
    """Return a row per run and validation ROI, and whether each regime (0, 1) is right."""
    of = np.repeat(np.arange(patients), random.choice([2, 2, 3], patients))
    share, lasting = shares_of(random, patients, 0.2)[of], random.random(len(of))
    parts = []
    for split in range(splits):
        if split % FOLDS == 0:
            fold = random.permutation(patients) % FOLDS
        rois = np.flatnonzero(fold[of] == split % FOLDS)
        for run in runs.names(splits, seeds)[split * seeds : (split + 1) * seeds]:
            part: dict = {"split": f"split-{run}", "roi_id": rois, "patient_id": of[rois]}
            for regime in range(regimes):
                lasts = random.random(len(rois)) < 0.5
                hard = np.where(lasts, lasting[rois], random.random(len(rois)))
                part[regime] = hard < np.clip(share[rois] + random.normal(0, chance), 0, 1)
            parts.append(pd.DataFrame(part))
    return pd.concat(parts, ignore_index=True)


def several_runs(random: np.random.Generator, splits: int, seeds: int, chance: float) -> Interval:
    rois = study(random, splits, seeds, 85, chance, 1).rename(columns={0: "right"})
    accuracies = rois.groupby("split")["right"].agg(["mean", "size"]).reset_index()
    accuracies.columns = ["split", "val_acc", "n_validation"]
    rois = rois.assign(abnormal=rois["roi_id"] % 2 == 0, probability=rois["right"].astype(float))
    (low, high, _), _ = intervals.of_accuracy(accuracies.assign(auc=0.5), rois)
    return low, high


def p_of_claim(
    random: np.random.Generator, splits: int, seeds: int, patients: int, chance: float
) -> float:
    rois = study(random, splits, seeds, patients, chance, 2)
    rois["value"] = rois[0].astype(float) - rois[1]
    if found := designs.over_runs(rois):
        return found[0].p()
    return statistics.mcnemar((rois["value"] > 0).sum(), (rois["value"] < 0).sum())


def one_auc(random: np.random.Generator, distance: float, seeds: int) -> Interval:
    pairs = np.repeat(np.arange(15), random.choice([1, 1, 2], 15))
    of, abnormal = pairs.repeat(2), np.tile([True, False], len(pairs))
    lasting = random.normal(0, 0.5**0.5, len(of))
    score = lasting[:, None] + random.normal(0, 0.5**0.5, (len(of), seeds))
    return statistics.clustered_auc(score + distance * abnormal[:, None], abnormal, of)


def dice(random: np.random.Generator, splits: int, spread: float) -> Interval:
    of = np.repeat(np.arange(85), random.choice([1, 1, 2], 85))
    rois = random.normal(0, 0.08, 85)[of] + random.normal(0, 0.08, len(of))
    table = DICE + rois[:, None] + random.normal(0, spread, splits)
    return statistics.crossed(table + random.normal(0, 0.08, (len(of), splits)), of).interval()


def validation_dice(random: np.random.Generator, patients: int, mean: float, how: str) -> Interval:
    """Of ROIs whose Dice, and whose patients', is beta-distributed, skewed where it is high."""
    of = np.repeat(np.arange(patients), random.choice([1, 1, 2], patients))
    of_patients = random.beta(20 * mean, 20 * (1 - mean), patients)[of]
    values = random.beta(20 * of_patients, 20 * (1 - of_patients))
    if how == "t":
        return statistics.over_patients(values, of).interval()
    return statistics.bootstrap(values, of, np.zeros(len(of)), random)


def ranks(random: np.random.Generator, networks: int, heads: int, correlation: float) -> Interval:
    """Of single networks, or of heads within each; an interval that is blank excludes nothing."""
    sizes = [networks] if heads == 1 else [heads] * networks
    covariance = [[1, correlation], [correlation, 1]]
    pairs = [random.multivariate_normal([0, 0], covariance, size) for size in sizes]
    rho = np.mean([stats.spearmanr(pair).statistic for pair in pairs])
    low, high = statistics.rank_interval(rho, sizes)
    return (low, high) if low < high else (-1.0, 1.0)


if __name__ == "__main__":
    main()
