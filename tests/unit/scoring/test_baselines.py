import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from camseg.errors import CamsegError
from camseg.explanations.scaling import to_grey
from camseg.io import store
from camseg.scoring.baselines import baseline_maps
from camseg.scoring.dice import mean_dice
from camseg.seeds import generator
from conftest import padded_ellipses


def rois_of(masks: np.ndarray, prefix: str = "r") -> store.Rois:
    """ROIs of given masks; an empty one makes a normal ROI."""
    names = np.array([f"{prefix}{number}" for number in range(len(masks))], dtype=object)
    return store.Rois(
        image=masks,
        mask=masks,
        label=masks.any(axis=(1, 2)).astype(np.uint8),
        roi_id=names,
        patient_id=names,
        view=names,
        pathology=names,
        lesion_type=names,
        box=np.zeros((len(masks), 4), np.int32),
    )


@pytest.fixture(scope="module")
def rois():
    masks = padded_ellipses(60, 64)
    masks[::3] = 0
    return rois_of(masks)


@pytest.fixture(scope="module")
def maps(rois):
    return baseline_maps(rois, np.arange(60) < 40, seed=1)


def test_maps_of_every_baseline(rois, maps):
    assert list(maps) == ["all 255", "centred Gaussian", "mean training mask", "smooth noise"]
    for name, grey in maps.items():
        assert grey.shape == rois.mask.shape
        assert grey.dtype == np.uint8
        assert (grey.max(axis=(1, 2)) == 255).all()
        assert (grey.min(axis=(1, 2)) == (255 if name == "all 255" else 0)).all()


def test_the_gaussian_has_its_width(maps):
    grey = maps["centred Gaussian"]
    assert (grey == grey[0]).all()
    np.testing.assert_array_equal(grey[0], grey[0, ::-1, ::-1])
    np.testing.assert_array_equal(grey[0], grey[0].T)
    offsets = (np.arange(64) - 31.5) / 16
    profile = np.exp(-(offsets**2 + offsets[31] ** 2) / 2)
    corner = np.exp(-(offsets[0] ** 2))
    peak = np.exp(-(offsets[31] ** 2))
    expected = 255 * (profile - corner) / (peak - corner)
    np.testing.assert_allclose(grey[0, 31], expected, atol=0.51)


def test_the_mean_mask_is_that_of_abnormal_training_rois(rois, maps):
    chosen = [roi for roi in range(40) if roi % 3]
    mean = rois.mask[chosen].mean(axis=0)
    expected = 255 * (mean - mean.min()) / np.ptp(mean)
    for grey in maps["mean training mask"]:
        np.testing.assert_allclose(grey, expected, atol=0.51)
    masks = rois.mask.copy()
    masks[40:] = np.roll(masks[40:], 9, axis=2)
    other = baseline_maps(rois_of(masks), np.arange(60) < 40, seed=1)
    np.testing.assert_array_equal(other["mean training mask"], maps["mean training mask"])
    with pytest.raises(CamsegError, match="no abnormal ROI is on the training side"):
        baseline_maps(rois, np.arange(60) % 3 == 0, seed=1)


def test_noise_belongs_to_the_roi_and_the_seed(rois, maps):
    training = np.ones(30, bool)
    some = baseline_maps(rois.take(np.arange(59, 29, -1)), training, seed=1)["smooth noise"]
    np.testing.assert_array_equal(some[::-1], maps["smooth noise"][30:])
    other = baseline_maps(rois.take(np.arange(30)), training, seed=2)["smooth noise"]
    assert (other != maps["smooth noise"][:30]).any(axis=(1, 2)).all()
    assert len(np.unique(maps["smooth noise"], axis=0)) == 60


def test_noise_is_as_smooth_as_stated(maps):
    """Oracle: SciPy's Gaussian filter, by convolution."""
    for roi in (0, 17):
        white = generator(1, "smooth noise", f"r{roi}").normal(size=(64, 64))
        smooth = gaussian_filter(white, 8, mode="wrap", truncate=8)
        expected = 255 * (smooth - smooth.min()) / np.ptp(smooth)
        np.testing.assert_allclose(maps["smooth noise"][roi], expected, atol=0.51)


def test_what_the_floors_score_on_lesions_as_the_paper_pads_them():
    """Values of docs/protocol.md; a lesion fills about 0.4 of its ROI."""
    masks = padded_ellipses(200, 112)
    assert masks.mean() == pytest.approx(0.40, abs=0.01)
    maps = baseline_maps(rois_of(masks), np.ones(200, bool), seed=1)
    dice = {name: mean_dice(grey, masks).mean() for name, grey in maps.items()}
    assert dice["all 255"] == pytest.approx(0.57, abs=0.01)
    assert 0.45 < dice["centred Gaussian"] < 0.65
    assert dice["mean training mask"] == pytest.approx(0.89, abs=0.03)
    assert dice["smooth noise"] == pytest.approx(0.37, abs=0.03)
    rows, columns = np.mgrid[:112, :112] - 55.5
    radius = np.sqrt(0.4 / np.pi) * 112
    disc = np.broadcast_to(255 * (rows**2 + columns**2 < radius**2), masks.shape)
    assert mean_dice(disc.astype(np.uint8), masks).mean() == pytest.approx(0.92, abs=0.02)


def test_scaling_at_the_same_size_is_min_max():
    values = np.random.default_rng(0).normal(size=(3, 9, 9))
    low = values.min(axis=(1, 2), keepdims=True)
    expected = 255 * (values - low) / (values.max(axis=(1, 2), keepdims=True) - low)
    np.testing.assert_array_equal(to_grey(values, (9, 9)), np.rint(expected))
