"""A study's runs: its splits, each once per seed, and their names in paths; needs no NumPy.

Run "3" trains on split 3, and so does run "3-seed-1", from other random numbers.
"""

from camseg.seeds import derive_seed

PATTERN = r"\d+(-seed-[1-9]\d*)?"  # of a name


def names(splits: int, seeds: int) -> list[str]:
    """Return the names of all runs: "0", "0-seed-1", ..., "1", "1-seed-1", ..."""
    return [
        f"{split}-seed-{repeat}" if repeat else f"{split}"
        for split in range(splits)
        for repeat in range(seeds)
    ]


def split_of(run: str) -> int:
    """Return the number of a run's split; `run` may be a file's stem: "split-3-seed-1" is of 3."""
    return _numbers(run)[0]


def seed_of(run: str, seed: int) -> int:
    """Return the seed of a run in a study of `seed`: the study's own for the first of a split."""
    repeat = _numbers(run)[1]
    return derive_seed(seed, "run", repeat) if repeat else seed


def _numbers(run: str) -> tuple[int, int]:
    number, _, repeat = run.removeprefix("split-").partition("-seed-")
    return int(number), int(repeat or 0)
