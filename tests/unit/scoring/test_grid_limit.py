from itertools import product

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from camseg.explanations.options import GreyRule
from camseg.explanations.scaling import PLAIN, to_grey
from camseg.scoring.dice import mean_dice
from camseg.scoring.grid_limit import enlargement, grid_limits, pixel_gains, starting_grids
from camseg.scoring.localisation import histograms
from conftest import padded_ellipses

RULES = [PLAIN, GreyRule(resize="nearest"), GreyRule(smoothing=0.05, sign="absolute")]


def dice_of(grids: np.ndarray, mask: np.ndarray, rule: GreyRule = PLAIN) -> np.ndarray:
    maps = to_grey(grids, mask.shape, rule)
    return mean_dice(maps, np.broadcast_to(mask, maps.shape))


@pytest.mark.parametrize("rule", [*RULES, GreyRule(smoothing=0.3)])
@pytest.mark.parametrize(
    ("grid", "shape"), [((2, 2), (9, 9)), ((3, 5), (32, 21)), ((7, 4), (50, 4))]
)
def test_the_matrices_enlarge_as_the_maps_are(grid, shape, rule):
    random = np.random.default_rng(0)
    rows, columns = (enlargement(*pair, rule) for pair in zip(grid, shape, strict=True))
    for raw in random.random((5, *grid)):
        large = rows @ raw @ columns.T
        grey = 255 * (large - large.min()) / np.ptp(large)
        np.testing.assert_allclose(to_grey(raw[None], shape, rule)[0], grey, atol=0.501)


@settings(deadline=None, max_examples=60)
@given(
    arrays.arrays(np.uint8, (4, 5), elements=st.sampled_from([0, 1, 7, 8, 253, 254, 255])),
    arrays.arrays(np.uint8, (4, 5), elements=st.integers(0, 1)),
)
def test_pixel_gains_are_what_a_changed_pixel_adds(map_, mask):
    mask[0, 0] = 1
    score, gains = pixel_gains(histograms(map_[None], mask[None])[0])
    before = mean_dice(map_[None], mask[None])[0]
    assert score == pytest.approx(before, abs=1e-12)
    for place in np.ndindex(map_.shape):
        changed = map_.copy()
        sign = -1 if map_[place] == 255 else 1
        changed[place] = int(map_[place]) + sign
        added = sign * (mean_dice(changed[None], mask[None])[0] - before)
        assert gains[mask[place], map_[place]] == pytest.approx(added, abs=1e-12)


def test_a_two_by_two_grid_reaches_the_best_of_a_fine_lattice():
    lattice = np.array(list(product(np.linspace(0, 1, 17), repeat=4)))
    lattice = lattice[(lattice.min(axis=1) == 0) & (lattice.max(axis=1) == 1)].reshape(-1, 2, 2)
    masks = padded_ellipses(12, 24)
    masks[0, :13] = 0  # a lesion on one side
    best = [dice_of(lattice, mask).max() for mask in masks]
    limits = grid_limits(masks, (2, 2))
    assert (limits >= np.array(best) - 1e-12).all()
    assert limits == pytest.approx(best, abs=0.005)


@pytest.mark.parametrize("rule", RULES)
def test_never_below_a_start_and_above_random_search(rule):
    random = np.random.default_rng(0)
    masks = np.stack(
        [*padded_ellipses(3, 40), random.random((40, 40)) < 0.3, np.eye(40), np.tri(40)]
    ).astype(np.uint8)
    for grid in ((3, 3), (4, 6)):
        limits = grid_limits(masks, grid, rule)
        for mask, limit in zip(masks, limits, strict=True):
            starts = starting_grids(mask, grid, rule)
            assert limit >= dice_of(starts, mask, rule).max()
            searched = np.concatenate(
                [random.random((500, *grid)), random.integers(0, 2, (500, *grid))]
            )
            near = np.clip(starts[1] + random.normal(0, 0.1, (500, *grid)), 0, 1)
            assert limit >= dice_of(np.concatenate([searched, near]), mask, rule).max()


def test_what_a_grid_of_blocks_can_express_it_does():
    """Nearest-neighbour enlargement of a mask made of whole cells is that mask: 255/256."""
    cells = np.array([[0, 1, 0, 0], [1, 1, 1, 0], [0, 1, 1, 0], [0, 0, 0, 0]], np.uint8)
    mask = cv2.resize(cells, (32, 32), interpolation=cv2.INTER_NEAREST_EXACT)[None]
    assert grid_limits(mask, (4, 4), GreyRule(resize="nearest")) == pytest.approx([255 / 256])
    assert 0.6 < grid_limits(mask, (4, 4))[0] < 0.9


@pytest.mark.parametrize(("cells", "fitted", "best"), [(7, 0.83, 0.866), (10, 0.88, 0.907)])
def test_what_the_networks_grids_express_of_lesions_as_the_paper_pads_them(cells, fitted, best):
    """At 224 px; the best grid lies above the least-squares fit, whose values were known before."""
    masks = padded_ellipses(12, 224)
    fits = [dice_of(starting_grids(mask, (cells, cells))[1:2], mask)[0] for mask in masks]
    assert np.mean(fits) == pytest.approx(fitted, abs=0.01)
    assert grid_limits(masks, (cells, cells)).mean() == pytest.approx(best, abs=0.003)


def test_a_normal_roi_has_no_limit_and_others_do_not_matter():
    masks = padded_ellipses(3, 32)
    masks[1] = 0
    limits = grid_limits(masks, (4, 4))
    assert np.isnan(limits).tolist() == [False, True, False]
    assert grid_limits(masks[2:], (4, 4))[0] == limits[2]


def test_what_smoothing_takes_away_a_fit_beyond_its_range_gives_back():
    """The limit of smoothed maps is lower, and above any map that was cut to the range to fit."""
    masks, rule = padded_ellipses(3, 40), GreyRule(smoothing=0.2)
    limits = grid_limits(masks, (8, 8), rule)
    assert (limits < grid_limits(masks, (8, 8)) - 0.1).all()
    cut = [dice_of(starting_grids(mask, (8, 8), rule)[:6], mask, rule).max() for mask in masks]
    assert (limits > np.array(cut) + 0.08).all()
