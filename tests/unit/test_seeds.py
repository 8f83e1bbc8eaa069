import numpy as np

from camseg.seeds import derive_seed, generator


def test_seeds_differ_by_purpose_and_study_and_never_change():
    seeds = {derive_seed(1, "padding", "a"), derive_seed(1, "padding", "b")}
    seeds |= {
        derive_seed(2, "padding", "a"),
        derive_seed(1, "paddinga"),
        derive_seed(1, "split", 0),
    }
    assert len(seeds) == 5
    # written down: a study drawn with an earlier version must be drawn again alike
    assert derive_seed(1, "padding", "a") == 214605841856594597
    assert generator(1, "x").random() == generator(1, "x").random()


def test_generators_of_neighbouring_purposes_are_unrelated():
    draws = np.array([generator(1, "roi", number).random(100) for number in range(50)])
    correlation = np.corrcoef(draws) - np.eye(50)
    assert np.abs(correlation).max() < 0.45  # 5 deviations of 1 / sqrt(100)
