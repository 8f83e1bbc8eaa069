"""What a benchmark tells the programs that run it: its last line, which is JSON.

`{"finding": one line for a person, "figures": {name: number}}`, or `{"skipped": why}` where what it
needs is missing.
"""

import json
import sys
from typing import NoReturn


def tell(finding: str, **figures: float) -> None:
    """Print what was found, in words and in figures, as the program's last line."""
    print(json.dumps({"finding": finding, "figures": figures}), flush=True)


def skip(why: str) -> NoReturn:
    """Print why there is nothing to be measured, and end the program."""
    print(json.dumps({"skipped": why}), flush=True)
    sys.exit()


def read(said: str) -> dict:
    """Return the last line of what a benchmark printed; ValueError if it tells nothing."""
    last = (said.strip().splitlines() or [""])[-1]
    try:
        told = json.loads(last)
    except json.JSONDecodeError:
        told = None
    if not isinstance(told, dict) or not told.keys() & {"finding", "skipped"}:
        raise ValueError("its last line is no finding")
    return told


def span(values: list[float], digits: str = ".2f") -> str:
    """Return the least and the greatest value, or the one that both are: "0.90 to 1.10"."""
    ends = [f"{end:{digits}}" for end in (min(values), max(values))]
    return " to ".join(dict.fromkeys(ends))
