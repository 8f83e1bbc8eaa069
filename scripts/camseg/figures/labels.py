"""What axes and legends say of numbers: of how many ROIs they are, what their bars are."""

import pandas as pd


def counted(n: pd.Series) -> str:
    """Return the number of ROIs behind values, or its range: "n = 100", "n = 80 to 100"."""
    low, high = n.min(), n.max()
    return f"n = {low:.0f}" if low == high else f"n = {low:.0f} to {high:.0f}"


def axis_of(score: str, n: pd.Series) -> str:
    """Return what an axis of a score says; of Dice also how many ROIs, and what bars are."""
    return f"Dice ({counted(n)}, bars: 95 %)" if score == "Dice" else score
