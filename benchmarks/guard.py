"""Has anything become slower than it may be? A few ratios, under three minutes: `make bench-guard`.

    python benchmarks/guard.py

Runs the benchmarks of guard.toml at small sizes and compares what they tell with the bounds there.
Ends with status 1, a line for each ratio above its bound, and for what could not be measured.
"""

import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TypedDict

from finding import read

HERE = Path(__file__).resolve().parent


class Ratio(TypedDict):
    """A ratio that is guarded: what it is, which figure of which command, and its bound."""

    what: str
    command: str
    of: str
    most: float


def main() -> None:
    ratios: list[Ratio] = tomllib.loads((HERE / "guard.toml").read_text(encoding="utf-8"))["ratio"]
    figures = {}
    for command in dict.fromkeys(ratio["command"] for ratio in ratios):
        figures[command] = measure(command)
        for ratio in ratios:
            if ratio["command"] == command and ratio["of"] in figures[command]:
                value = figures[command][ratio["of"]]
                print(f"{ratio['what']}: {value:.3g} (at most {ratio['most']:g})", flush=True)
    if slower := above(ratios, figures):
        sys.exit("\n".join(slower))


def measure(command: str) -> dict[str, float]:
    """Return the figures that a benchmark tells; none if it fails or lacks what it needs."""
    program, *options = command.split()
    done = subprocess.run(
        [sys.executable, str(HERE / program), *options],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    try:
        return read(done.stdout).get("figures", {})
    except ValueError:
        return {}


def above(ratios: list[Ratio], figures: dict[str, dict[str, float]]) -> list[str]:
    """Return a line for each ratio that is above its bound, or was not measured.

    `figures` are those of each command, by name.
    """
    lines = []
    for ratio in ratios:
        value = figures[ratio["command"]].get(ratio["of"])
        by = f"({ratio['command']})"
        if value is None:
            lines.append(f"{ratio['what']}: was not measured {by}")
        elif not value <= ratio["most"]:
            lines.append(
                f"slower: {ratio['what']} is {value:.3g}, must be at most {ratio['most']:g} {by}"
            )
    return lines


if __name__ == "__main__":
    main()
