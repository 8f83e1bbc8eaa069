import numpy as np
import pytest

from camseg.scoring.localisation import histograms, otsu_level
from camseg.segmentation.pseudo_masks import pseudo_masks


def level_by_definition(cam: np.ndarray) -> int:
    """The lowest level that parts the pixels with the largest variance between the two."""
    values = cam.ravel().astype(float)
    variances = np.zeros(256)
    for level in range(256):
        below, above = values[values <= level], values[values > level]
        if len(below) and len(above):
            shares = len(below) * len(above) / len(values) ** 2
            variances[level] = shares * (below.mean() - above.mean()) ** 2
    return int(np.flatnonzero(variances > variances.max() * (1 - 1e-9))[0])


@pytest.fixture(scope="module")
def cams():
    random = np.random.default_rng(0)
    low, even, high = random.beta([[[0.5]], [[1]], [[4]]], 1.5, (3, 20, 20))
    two = random.random((20, 20)) < 0.1
    return np.rint(255 * np.stack([low, even, high, two, np.where(two, even, 0)])).astype(np.uint8)


def test_what_is_above_a_cams_own_level(cams):
    masks = pseudo_masks(cams)
    assert masks.dtype == np.uint8
    for cam, mask in zip(cams, masks, strict=True):
        np.testing.assert_array_equal(mask, cam > level_by_definition(cam))
    levels = otsu_level(histograms(cams, np.zeros_like(cams)).sum(axis=1))
    np.testing.assert_array_equal(masks, cams > levels[:, np.newaxis, np.newaxis])
    assert len(np.unique(levels)) > 3


@pytest.mark.parametrize("grey", [0, 77, 255])
def test_a_constant_cam_has_an_empty_mask(grey):
    assert not pseudo_masks(np.full((2, 8, 8), grey, np.uint8)).any()


def test_no_cams():
    assert pseudo_masks(np.zeros((0, 8, 8), np.uint8)).shape == (0, 8, 8)
