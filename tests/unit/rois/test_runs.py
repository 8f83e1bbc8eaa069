import re

import pytest

from camseg.rois import runs


def test_every_split_is_run_once_per_seed_and_more_seeds_outdate_no_name():
    assert runs.names(2, 1) == ["0", "1"]
    assert runs.names(2, 3) == ["0", "0-seed-1", "0-seed-2", "1", "1-seed-1", "1-seed-2"]


@pytest.mark.parametrize("name", ["12", "12-seed-3", "split-12", "split-12-seed-3"])
def test_a_name_tells_its_split(name):
    assert runs.split_of(name) == 12


def test_the_first_run_has_the_studys_own_seed_and_each_other_one_of_its_own():
    assert runs.seed_of("4", 7) == 7
    others = {runs.seed_of(f"0-seed-{k}", seed) for k in (1, 2, 3) for seed in (7, 8)}
    assert len(others | {7, 8}) == 8
    assert runs.seed_of("split-3-seed-2", 7) == runs.seed_of("0-seed-2", 7)


def test_the_pattern_is_that_of_names():
    assert all(re.fullmatch(runs.PATTERN, name) for name in runs.names(12, 12))
    for odd in ("", "a", "0-seed-0", "0-seed-", "split-0", "1-2", "0-seed-01"):
        assert not re.fullmatch(runs.PATTERN, odd)
