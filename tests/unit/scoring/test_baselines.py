import cv2
import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from scipy.optimize import minimize

from camseg.errors import CamsegError
from camseg.explanations.scaling import to_grey
from camseg.io import store
from camseg.scoring.baselines import BASELINES, OF_TRAINING, baseline_maps, pixel_features
from camseg.scoring.dice import mean_dice
from camseg.seeds import generator
from conftest import padded_ellipses


def rois_of(masks: np.ndarray, images: np.ndarray | None = None) -> store.Rois:
    """Abnormal ROIs of given masks, their images bright and noisy where the mask is 1."""
    names = np.array([f"r{number}" for number in range(len(masks))], dtype=object)
    if images is None:
        noise = np.random.default_rng(0).normal(90, 12, masks.shape)
        images = np.clip(noise + 60 * masks, 0, 255).astype(np.uint8)
    return store.Rois(
        image=images,
        mask=masks,
        label=masks.any(axis=(1, 2)).astype(np.uint8),
        roi_id=names,
        patient_id=names,
        view=names,
        pathology=names,
        lesion_type=names,
        box=np.zeros((len(masks), 4), np.int32),
    )


TRAINING = np.arange(40) < 25


@pytest.fixture(scope="module")
def rois():
    return rois_of(padded_ellipses(40, 64))


def all_maps(rois: store.Rois, training: np.ndarray, seed: int = 1) -> dict[str, np.ndarray]:
    return {name: baseline_maps(name, rois, training, seed) for name in BASELINES}


@pytest.fixture(scope="module")
def maps(rois):
    return all_maps(rois, TRAINING)


def test_maps_of_every_baseline(rois, maps):
    assert list(maps) == [
        *["all 255", "centred Gaussian", "central ellipse", "mean training mask", "smooth noise"],
        *["brightness", "contrast", "Otsu", "GrabCut", "5 outlines"],
    ]
    for name, grey in maps.items():
        assert grey.shape == rois.mask.shape
        assert grey.dtype == np.uint8
        nothing = ~grey.any(axis=(1, 2))
        assert not nothing.any() or (name == "GrabCut" and nothing.mean() < 0.5)
        assert (grey.max(axis=(1, 2))[~nothing] == 255).all()
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


def test_the_mean_mask_is_that_of_training_rois(rois, maps):
    mean = rois.mask[:25].mean(axis=0)
    expected = 255 * (mean - mean.min()) / np.ptp(mean)
    for grey in maps["mean training mask"]:
        np.testing.assert_allclose(grey, expected, atol=0.51)
    with pytest.raises(CamsegError, match="no abnormal ROI is on the training side"):
        baseline_maps("mean training mask", rois, np.zeros(40, bool), 1)


@pytest.mark.parametrize("name", ["mean training mask", "5 outlines"])
def test_outlines_of_validation_rois_tell_nothing(rois, maps, name):
    masks = rois.mask.copy()
    masks[25:] = np.roll(masks[25:], 9, axis=2)
    other = baseline_maps(name, rois_of(masks, rois.image), TRAINING, 1)
    np.testing.assert_array_equal(other, maps[name])


@pytest.mark.parametrize("name", [name for name in BASELINES if name != "smooth noise"])
def test_height_and_width_are_alike_to_a_baseline(rois, name):
    """An oblong ROI turned on its side has the map turned on its side."""
    oblong = rois_of(rois.mask[:8, 8:56], rois.image[:8, 8:56])
    turned = rois_of(oblong.mask.swapaxes(1, 2), oblong.image.swapaxes(1, 2).copy())
    one, other = (baseline_maps(name, each, np.arange(8) < 6, 1) for each in (oblong, turned))
    assert one.shape == (8, 48, 64)
    differ = np.abs(one.astype(int) - other.swapaxes(1, 2))
    assert (differ > 1).mean() < (0.02 if name == "GrabCut" else 1e-9)  # it clusters at random


def test_noise_of_an_oblong_roi_is_as_smooth_along_both_sides(rois):
    (noise,) = baseline_maps("smooth noise", rois_of(rois.mask[:1, 16:48]), np.ones(1, bool), 1)
    white = generator(1, "smooth noise", "r0").normal(size=(32, 64))
    smooth = gaussian_filter(white, (4, 8), mode="wrap", truncate=8)
    expected = 255 * (smooth - smooth.min()) / np.ptp(smooth)
    np.testing.assert_allclose(noise, expected, atol=0.51)


def test_only_what_needs_training_rois_asks_for_them(rois):
    for name in BASELINES:
        if name in OF_TRAINING:
            with pytest.raises(CamsegError, match="training side"):
                baseline_maps(name, rois.take(np.arange(2)), np.zeros(2, bool), 1)
        else:
            baseline_maps(name, rois.take(np.arange(2)), np.zeros(2, bool), 1)


@pytest.mark.parametrize("name", ["smooth noise", "GrabCut"])
def test_what_is_drawn_belongs_to_the_roi_and_the_seed(rois, maps, name):
    order = np.arange(39, 19, -1)
    some = baseline_maps(name, rois.take(order), np.ones(20, bool), 1)
    np.testing.assert_array_equal(some, maps[name][order])
    other = baseline_maps(name, rois.take(np.arange(20)), np.ones(20, bool), 2)
    assert (other != maps[name][:20]).any()
    assert len(np.unique(maps[name], axis=0)) > 30  # GrabCut finds nothing in some


def test_noise_is_as_smooth_as_stated(maps):
    """Oracle: SciPy's Gaussian filter, by convolution."""
    for roi in (0, 17):
        white = generator(1, "smooth noise", f"r{roi}").normal(size=(64, 64))
        smooth = gaussian_filter(white, 8, mode="wrap", truncate=8)
        expected = 255 * (smooth - smooth.min()) / np.ptp(smooth)
        np.testing.assert_allclose(maps["smooth noise"][roi], expected, atol=0.51)


def test_the_ellipse_is_a_lesion_of_the_mean_padding(rois, maps):
    (ellipse,) = np.unique(maps["central ellipse"], axis=0)
    mean = padded_ellipses(400, 64).mean(axis=0)
    assert (ellipse == 255).mean() == pytest.approx(np.pi / 4 / 1.4**2, abs=0.01)
    assert mean[ellipse == 255].mean() > 0.85
    assert mean[ellipse == 0].mean() < 0.12


def test_maps_of_brightness_by_opencv_and_scipy(rois, maps):
    for roi, image in enumerate(rois.image):
        grey = image.astype(float)
        expected = 255 * (grey - grey.min()) / np.ptp(grey)
        np.testing.assert_allclose(maps["brightness"][roi], expected, atol=0.51)
        _, above = cv2.threshold(image, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
        np.testing.assert_array_equal(maps["Otsu"][roi], above)
        centre, surround = (gaussian_filter(grey, sigma, truncate=8) for sigma in (4, 16))
        contrast = centre - surround
        expected = 255 * (contrast - contrast.min()) / np.ptp(contrast)
        np.testing.assert_allclose(maps["contrast"][roi], expected, atol=2)


def test_grab_cut_finds_a_bright_ellipse_and_nothing_without_contrast():
    masks = padded_ellipses(3, 64)
    images = np.where(masks, 200, 60) + np.random.default_rng(0).integers(-9, 10, masks.shape)
    images[2] = 7
    found = baseline_maps("GrabCut", rois_of(masks, images.astype(np.uint8)), np.ones(3, bool), 1)
    assert (mean_dice(found, masks)[:2] > 0.95).all()
    assert not found[2].any()


def test_five_outlines_are_enough_for_a_regression_that_another_program_finds_too(rois, maps):
    """Oracle: the same loss, minimised by SciPy, on all training ROIs of a set of five."""
    some = rois.take(np.arange(8))
    training = np.arange(8) < 5
    x = np.concatenate([pixel_features(image) for image in some.image]).astype(float)
    of_training = np.repeat(training, 64 * 64)
    x = (x - x[of_training].mean(axis=0)) / x[of_training].std(axis=0)
    sign = 2.0 * some.mask.ravel()[of_training] - 1

    def loss(beta):
        margins = x[of_training] @ beta[:-1] + beta[-1]
        slope = -sign / (1 + np.exp(sign * margins))
        gradient = np.append(slope @ x[of_training] + beta[:-1], slope.sum())
        return np.logaddexp(0, -sign * margins).sum() + (beta[:-1] ** 2).sum() / 2, gradient

    beta = minimize(loss, np.zeros(8), jac=True, method="BFGS", options={"gtol": 1e-7}).x
    probability = (1 / (1 + np.exp(-x @ beta[:-1] - beta[-1]))).reshape(8, 64, 64)
    found = baseline_maps("5 outlines", some, training, 1)
    for grey, values in zip(found, probability, strict=True):
        expected = 255 * (values - values.min()) / np.ptp(values)
        np.testing.assert_allclose(grey, expected, atol=0.6)
    assert mean_dice(maps["5 outlines"], rois.mask).mean() > 0.8


def test_the_five_are_drawn_with_the_seed(rois, maps):
    assert (maps["5 outlines"] != baseline_maps("5 outlines", rois, TRAINING, 2)).any()


def test_features_of_a_pixel_by_scipy(rois):
    image = rois.image[3].astype(float)
    means = [gaussian_filter(image, sigma, truncate=8) for sigma in (2, 4, 8, 16)]
    spread = np.sqrt(gaussian_filter(image**2, 4, truncate=8) - means[1] ** 2)
    gradient = np.hypot(*np.gradient(means[0]))
    expected = np.stack([image, *means, spread, gradient], axis=-1).reshape(64 * 64, 7)
    np.testing.assert_allclose(pixel_features(rois.image[3]), expected, atol=0.5)


def test_a_roi_without_contrast_and_masks_without_a_background():
    masks = np.ones((2, 16, 16), np.uint8)
    maps = all_maps(rois_of(masks, np.full_like(masks, 50)), np.ones(2, bool))
    for name in ("brightness", "contrast", "Otsu", "GrabCut", "5 outlines", "mean training mask"):
        assert not maps[name].any()


def test_what_the_floors_score_on_lesions_as_the_paper_pads_them():
    """Values of docs/protocol.md; a lesion fills about 0.4 of its ROI."""
    masks = padded_ellipses(200, 112)
    assert masks.mean() == pytest.approx(0.40, abs=0.01)
    rois = rois_of(masks)
    blind = list(BASELINES)[:5]
    maps = {name: baseline_maps(name, rois, np.ones(200, bool), 1) for name in blind}
    dice = {name: mean_dice(grey, masks).mean() for name, grey in maps.items()}
    assert dice["all 255"] == pytest.approx(0.57, abs=0.01)
    assert 0.45 < dice["centred Gaussian"] < 0.65
    assert dice["mean training mask"] == pytest.approx(0.89, abs=0.03)
    assert dice["smooth noise"] == pytest.approx(0.37, abs=0.03)
    assert dice["central ellipse"] == pytest.approx(0.92, abs=0.02)


def test_scaling_at_the_same_size_is_min_max():
    values = np.random.default_rng(0).normal(size=(3, 9, 9))
    low = values.min(axis=(1, 2), keepdims=True)
    expected = 255 * (values - low) / (values.max(axis=(1, 2), keepdims=True) - low)
    np.testing.assert_array_equal(to_grey(values, (9, 9)), np.rint(expected))
