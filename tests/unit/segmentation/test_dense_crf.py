import numpy as np
import pytest
from scipy.special import expit, logit

from camseg.segmentation import dense_crf
from camseg.segmentation.dense_crf import mean_field

WIDE = 3 / 40  # for NEAR: of images so small, the usual width is far less than a pixel


def image_and_unary(shape, seed=0):
    """A bright disc with noise; probabilities of a disc that is shifted, and noisy."""
    random = np.random.default_rng(seed)
    y, x = (
        (np.arange(side) + 0.5)[index] / side
        for side, index in zip(shape, (np.s_[:, None], np.s_[None]), strict=True)
    )
    inside = np.hypot(y - 0.5, x - 0.5) < 0.3
    image = np.clip(90 + 40 * inside + random.normal(0, 8, shape), 0, 255).astype(np.uint8)
    shifted = np.hypot(y - 0.6, x - 0.6) < 0.3
    return image, np.clip(0.3 + 0.4 * shifted + random.normal(0, 0.1, shape), 0.05, 0.95)


def kernel_by_definition(image, *, near):
    """The full kernel, of every pixel with every other: (pixels, pixels)."""
    shape = np.array(image.shape)
    places = np.indices(image.shape).reshape(2, -1).T / shape
    distance = ((places[:, None] - places[None]) ** 2).sum(axis=2)
    if near:
        return np.exp(-distance / (2 * dense_crf.NEAR**2))
    grey = image.ravel().astype(float)
    other = (grey[:, None] - grey[None]) ** 2
    return np.exp(-distance / (2 * (80 / 500) ** 2) - other / (2 * 13**2))


def by_definition(image, unary, iterations=10):
    """Mean field of two classes with full kernels, by the energies of both classes."""
    kernels = [kernel_by_definition(image, near=near) for near in (True, False)]
    scaled = [k / np.sqrt(np.outer(k.sum(axis=0), k.sum(axis=1))) for k in kernels]
    cost = 3 * scaled[0] + 10 * scaled[1]  # of two pixels of different classes
    alone = -np.log(np.stack([1 - unary.ravel(), unary.ravel()]))
    found = np.exp(-alone)
    for _ in range(iterations):
        energies = alone + found[::-1] @ cost  # what the other class's pixels cost
        found = np.exp(-energies)
        found /= found.sum(axis=0)
    return found[1].reshape(image.shape)


@pytest.mark.parametrize("shape", [(12, 12), (20, 20), (14, 23)])
@pytest.mark.parametrize("near", [3 / 500, WIDE])
def test_mean_field_by_full_kernels(monkeypatch, shape, near):
    monkeypatch.setattr(dense_crf, "NEAR", near)
    image, unary = image_and_unary(shape)
    found = mean_field(image, unary)
    expected = by_definition(image, unary)
    np.testing.assert_allclose(found, expected, atol=0.1)
    assert np.abs(found - expected).mean() < 0.005
    assert np.abs(found - unary).max() > 0.5
    monkeypatch.setattr(dense_crf, "ITERATIONS", 1)
    np.testing.assert_allclose(mean_field(image, unary), by_definition(image, unary, 1), atol=0.01)


def matrix(kernel, shape):
    units = np.eye(np.prod(shape)).reshape(-1, *shape)
    return np.stack([kernel(unit).ravel() for unit in units])


def test_the_kernels_by_definition(monkeypatch):
    monkeypatch.setattr(dense_crf, "NEAR", WIDE)
    image, _ = image_and_unary((16, 18))
    for near, kernel in [
        (True, dense_crf.near(image.shape)),
        (False, dense_crf.bilateral(image)),
    ]:
        expected = kernel_by_definition(image, near=near)
        found = matrix(kernel, image.shape)
        found *= expected.sum() / found.sum()  # it is known but for a factor
        np.testing.assert_allclose(found, expected, atol=1e-4 if near else 0.04)
        np.testing.assert_allclose(found, found.T, atol=1e-12)
        assert np.linalg.eigvalsh(found).min() > -1e-9  # so that mean field comes to rest
        scaled = matrix(dense_crf.normalised(kernel, image.shape), image.shape)
        roots = np.sqrt(expected.sum(axis=0))
        np.testing.assert_allclose(scaled, expected / np.outer(roots, roots), atol=0.002)


def test_it_comes_to_rest(monkeypatch):
    image, unary = image_and_unary((24, 24))
    found = []
    for iterations in (200, 201):
        monkeypatch.setattr(dense_crf, "ITERATIONS", iterations)
        found.append(mean_field(image, unary))
    np.testing.assert_allclose(*found, atol=1e-9)


def test_without_its_kernels_nothing_changes(monkeypatch):
    monkeypatch.setattr(dense_crf, "SMOOTHNESS", 0)
    monkeypatch.setattr(dense_crf, "APPEARANCE", 0)
    image, unary = image_and_unary((12, 12))
    np.testing.assert_allclose(mean_field(image, unary), unary)


def test_classes_are_alike_and_so_are_sides():
    image, unary = image_and_unary((14, 23))
    found = mean_field(image, unary)
    np.testing.assert_allclose(mean_field(image, 1 - unary), 1 - found, atol=1e-9)
    np.testing.assert_allclose(mean_field(image.T, unary.T), found.T, atol=1e-9)
    np.testing.assert_array_equal(mean_field(image, np.full(image.shape, 0.5)), 0.5)


def test_two_pixels_by_hand(monkeypatch):
    """Far apart in grey, they do not meet: each draws itself on by the weights of both kernels."""
    monkeypatch.setattr(dense_crf, "ITERATIONS", 1)
    image, unary = np.array([[0, 255]], np.uint8), np.array([[0.6, 0.3]])
    expected = expit(logit(unary) + 13 * (2 * unary - 1))
    np.testing.assert_allclose(mean_field(image, unary), expected, atol=1e-9)


def test_it_follows_the_edge_of_the_image():
    image, unary = image_and_unary((64, 64))
    y, x = np.indices(image.shape)
    inside = np.hypot(y - 31.5, x - 31.5) < 0.3 * 64
    wrong = ((unary > 0.5) != inside).mean()
    assert wrong > 0.1
    assert ((mean_field(image, unary) > 0.5) != inside).mean() < wrong / 3
