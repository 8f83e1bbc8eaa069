from itertools import permutations
from math import factorial

import keras
import numpy as np
import pytest

from camseg.explanations import explain
from camseg.explanations.methods import kernel_shap

SIDE = 32


def by_definition(players: int, value) -> np.ndarray:
    """Shapley values: what a player adds to those before it, averaged over all orders."""
    values = np.zeros(players)
    for order in permutations(range(players)):
        inside: set[int] = set()
        for player in order:
            before = value(frozenset(inside))
            inside.add(player)
            values[player] += value(frozenset(inside)) - before
    return values / factorial(players)


def game(players: int):
    """A game with interactions of two and three players."""
    random = np.random.default_rng(players)
    alone, two = random.normal(size=players), random.normal(size=(players, players))
    three = random.normal(size=(players,) * 3)

    def value(inside: frozenset) -> float:
        members = sorted(inside)
        total = alone[members].sum() + two[np.ix_(members, members)].sum()
        return total + three[np.ix_(members, members, members)].sum()

    return value


@pytest.mark.parametrize("players", [1, 2, 3, 6])
def test_values_of_few_players_are_exact(players):
    value = game(players)
    kept, weights = kernel_shap.coalitions(players)
    gains = np.array([value(frozenset(np.flatnonzero(row))) for row in kept])
    whole = value(frozenset(range(players)))
    found = kernel_shap.shapley_values(kept, weights, gains, whole)
    np.testing.assert_allclose(found, by_definition(players, value), rtol=1e-6, atol=1e-9)
    assert (weights > 0).sum() == 2**players - 2


def test_values_of_many_players_are_exact_if_they_do_not_interact_and_close_if_they_do():
    players = 40
    random = np.random.default_rng(0)
    alone = random.normal(size=players)
    kept, weights = kernel_shap.coalitions(players)
    assert kept.shape == (512, players)
    found = kernel_shap.shapley_values(kept, weights, kept @ alone, alone.sum())
    np.testing.assert_allclose(found, alone, rtol=1e-8)
    # of two that interact, each has half of what they add together (closed form)
    pairs = np.zeros((players, players))
    pairs[np.triu_indices(players, 1)] = random.normal(size=players * (players - 1) // 2) / players
    gains = np.array([row @ alone + row @ pairs @ row for row in kept.astype(float)])
    expected = alone + (pairs.sum(axis=0) + pairs.sum(axis=1)) / 2
    found = kernel_shap.shapley_values(kept, weights, gains, alone.sum() + pairs.sum())
    np.testing.assert_allclose(found.sum(), alone.sum() + pairs.sum())
    assert np.corrcoef(found, expected)[0, 1] > 0.99


def test_coalitions_are_drawn_by_the_shapley_kernel_with_their_complements():
    players = 40
    kept, weights = kernel_shap.coalitions(players)
    np.testing.assert_array_equal(kept[::2], ~kept[1::2])
    assert (weights == 1).all()
    sizes = np.arange(1, players)
    chance = 1 / (sizes * (players - sizes))
    expected = (np.minimum(sizes, players - sizes) * chance / chance.sum()).sum()
    found = np.minimum(kept.sum(axis=1), players - kept.sum(axis=1)).mean()
    np.testing.assert_allclose(found, expected, rtol=0.1)


def test_against_the_shap_package():
    shap = pytest.importorskip("shap", reason="it is not pinned for Macs of Intel")
    players = 9
    value = game(players)

    def values(rows: np.ndarray) -> np.ndarray:
        return np.array([value(frozenset(np.flatnonzero(row))) for row in rows])

    theirs = shap.KernelExplainer(values, np.zeros((1, players))).shap_values(
        np.ones((1, players)), nsamples=2**players, silent=True
    )
    kept, weights = kernel_shap.coalitions(players)
    whole = value(frozenset(range(players)))
    ours = kernel_shap.shapley_values(kept, weights, values(kept), whole)
    np.testing.assert_allclose(ours, np.ravel(theirs), rtol=1e-5, atol=1e-6)


def test_superpixels_follow_edges_and_are_numbered_without_gaps():
    image = np.zeros((64, 64, 3), np.float32)
    image[20:44, 24:50] = 1
    regions = kernel_shap.superpixels(image)
    numbers = np.unique(regions)
    np.testing.assert_array_equal(numbers, np.arange(len(numbers)))
    assert 30 <= len(numbers) <= 60
    inside = set(np.unique(regions[20:44, 24:50]))
    outside = np.ones((64, 64), bool)
    outside[20:44, 24:50] = False
    assert not inside & set(np.unique(regions[outside]))
    # brightness and contrast of the whole do not count, and a flat image has superpixels, too
    np.testing.assert_array_equal(regions, kernel_shap.superpixels(3 * image - 1))
    assert kernel_shap.superpixels(np.ones((64, 64, 3), np.float32)).max() > 20


def test_maps_share_out_the_score_of_a_linear_network():
    images = np.random.default_rng(1).normal(size=(2, SIDE, SIDE, 3)).astype(np.float32)
    given = keras.Input((SIDE, SIDE, 3))
    model = keras.Model(given, keras.layers.Dense(2)(keras.layers.Flatten()(given)))
    kernel = np.random.default_rng(4).normal(size=(SIDE * SIDE * 3, 2))
    model.set_weights([kernel, np.array([0.3, -0.4])])
    found = explain.explain(model, images, explanation="kernel_shap")[1]
    margin = (kernel[:, 1] - kernel[:, 0]).reshape(SIDE, SIDE, 3)
    each = ((images - images.min(axis=(1, 2), keepdims=True)) * margin).sum(axis=3)
    for image, cells, shares in zip(images, found, each, strict=True):
        regions = kernel_shap.superpixels(image)
        sizes = np.bincount(regions.ravel())
        expected = (np.bincount(regions.ravel(), shares.ravel()) / sizes)[regions]
        np.testing.assert_allclose(cells, expected, rtol=1e-2, atol=1e-3 * np.abs(expected).max())
    np.testing.assert_allclose(found.sum(axis=(1, 2)), each.sum(axis=(1, 2)), rtol=1e-4)
