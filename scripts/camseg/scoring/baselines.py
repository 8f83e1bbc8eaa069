"""Floors: heat maps that no network made, to be scored like a network's.

Under the paper's padding a lesion fills about 0.4 of its ROI, always round the middle, and is
brighter than what is round it: maps that look at no image score, maps that look at brightness
score more, and a few outlines do better still. A network's score says something only beside theirs.
"""

from collections.abc import Callable, Iterable

import cv2
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from camseg.errors import CamsegError
from camseg.explanations.scaling import to_grey
from camseg.io.store import Rois
from camseg.scoring.localisation import histograms, otsu_level
from camseg.seeds import derive_seed, generator
from camseg.segmentation.outlines import draw_outlines

GAUSSIAN = 0.25  # standard deviation of the centred Gaussian, as a share of the ROI's sides
SMOOTHING = 0.125  # that of the filter that smooths noise, likewise
CENTRE = 0.0625  # and those of the two whose difference is contrast: this, and GAUSSIAN's
BOX = 1 / 1.4  # a lesion's width as a share of its ROI's, each side widened by the mean of 10-30 %
ITERATIONS = 5  # of GrabCut
OUTLINES = 5


def baseline_maps(name: str, rois: Rois, training: np.ndarray, seed: int) -> np.ndarray:
    """Return the maps of a baseline, a name of BASELINES, for abnormal ROIs: (n, H, W) uint8.

    `training` (n,) bool says which are training ROIs; `seed` with the ROI's id gives what is drawn.
    All but "all 255" are scaled to 0..255 as CAMs are, so that one that is constant, as of a ROI
    without any contrast, is all 0. What is said of S, the ROI's side, holds for height and width.
    Raises CamsegError if the baseline is of OF_TRAINING, and no ROI is for training.
    """
    if name in OF_TRAINING and not training.any():
        raise CamsegError("no abnormal ROI is on the training side: there is no mean mask")
    maps = BASELINES[name](rois, training, seed)
    return to_grey(maps, maps.shape[1:]) if maps.dtype != np.uint8 else maps


def all_255(rois: Rois, training: np.ndarray, seed: int) -> np.ndarray:
    """Return maps of 255 everywhere."""
    return np.full(rois.mask.shape, 255, np.uint8)


def centred_gaussian(rois: Rois, training: np.ndarray, seed: int) -> np.ndarray:
    """Return a Gaussian at the centre, of standard deviation S / 4, the same for every ROI."""
    return _for_every_roi(np.exp(-_squares_from_centre(rois) / (2 * GAUSSIAN**2)), rois)


def central_ellipse(rois: Rois, training: np.ndarray, seed: int) -> np.ndarray:
    """Return the ellipse in the middle 1 / 1.4 of each side: a lesion as the paper pads it.

    A disc here, since the ROI is the box resized to a square; the same for every ROI.
    """
    return _for_every_roi(_squares_from_centre(rois) <= (BOX / 2) ** 2, rois)


def mean_mask(rois: Rois, training: np.ndarray, seed: int) -> np.ndarray:
    """Return the training ROIs' mean mask, the same for every ROI, those of training too."""
    return _for_every_roi(rois.mask[training].mean(axis=0), rois)


def smooth_noise(rois: Rois, training: np.ndarray, seed: int) -> np.ndarray:
    """Return white noise behind a Gaussian filter of standard deviation S / 8.

    Opposite edges are joined, so that no place is preferred.
    """
    shape = rois.mask.shape[1:]
    frequencies = [np.fft.fftfreq(size) * size for size in shape]
    # by the filter, per axis
    passed = [np.exp(-2 * (np.pi * SMOOTHING * each) ** 2) for each in frequencies]
    noise = np.empty(rois.mask.shape)
    for roi, roi_id in enumerate(rois.roi_id):
        white = generator(seed, "smooth noise", roi_id).normal(size=shape)
        noise[roi] = np.fft.ifft2(np.fft.fft2(white) * np.outer(*passed)).real
    return noise


def brightness(rois: Rois, training: np.ndarray, seed: int) -> np.ndarray:
    """Return the ROIs themselves."""
    return rois.image.astype(np.float32)


def contrast(rois: Rois, training: np.ndarray, seed: int) -> np.ndarray:
    """Return the difference of Gaussians: the mean round a pixel, S / 16, less that at S / 4."""
    return _smooth(rois.image, CENTRE) - _smooth(rois.image, GAUSSIAN)


def otsu(rois: Rois, training: np.ndarray, seed: int) -> np.ndarray:
    """Return what of a ROI is above its own Otsu level."""
    counts = histograms(rois.image, np.zeros_like(rois.image)).sum(axis=1)
    return (rois.image > otsu_level(counts)[:, np.newaxis, np.newaxis]).astype(np.float32)


def grab_cut(rois: Rois, training: np.ndarray, seed: int) -> np.ndarray:
    """Return what GrabCut (Rother et al., 2004) takes for the object in the central box.

    The box is 1 / 1.4 of each side, as the ellipse; five iterations, OpenCV's own settings.
    """
    height, width = rois.mask.shape[1:]
    y, x = (round(size * (1 - BOX) / 2) for size in (height, width))
    box = (x, y, width - 2 * x, height - 2 * y)
    found = np.empty(rois.mask.shape, np.float32)
    for roi, (image, roi_id) in enumerate(zip(rois.image, rois.roi_id, strict=True)):
        cv2.setRNGSeed(derive_seed(seed, "GrabCut", roi_id) % 2**31)
        labels = np.zeros(image.shape, np.uint8)
        colour = cv2.merge([image] * 3)
        other, own = np.zeros((2, 1, 65))  # what background and object look like, to be filled in
        cv2.grabCut(colour, labels, box, other, own, ITERATIONS, cv2.GC_INIT_WITH_RECT)
        found[roi] = (labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)
    return found


def five_outlines(rois: Rois, training: np.ndarray, seed: int) -> np.ndarray:
    """Return a pixel's probability of being lesion, by logistic regression on 5 training ROIs.

    The ROIs (all, if they are fewer) are drawn; each of their pixels is an example, with its
    `pixel_features` in units of their standard deviations. Where it lies is no feature. They are
    among the ROIs that get a map. 0.5 everywhere if their masks leave no pixel out.
    """
    places = draw_outlines(np.flatnonzero(training), OUTLINES, seed)
    model = pixel_regression(rois.image[places], rois.mask[places])
    return lesion_probability(model, rois.image)


def pixel_regression(images: Iterable, masks: Iterable) -> Pipeline | None:
    """Return the regression of masks on the `pixel_features` of images, both (H, W) uint8 each.

    Sizes may differ. None if the masks leave no pixel out.
    """
    lesion = np.concatenate([mask.ravel() for mask in masks])
    if lesion.all():
        return None
    model = make_pipeline(StandardScaler(), LogisticRegression(solver="newton-cholesky", tol=1e-8))
    return model.fit(np.concatenate([pixel_features(image) for image in images]), lesion)


def lesion_probability(model: Pipeline | None, images: np.ndarray) -> np.ndarray:
    """Return what a `pixel_regression` says of images (n, H, W) uint8, pixel by pixel: likewise."""
    if model is None:
        return np.full(images.shape, 0.5)
    maps = [model.predict_proba(pixel_features(image))[:, 1] for image in images]
    return np.reshape(maps, images.shape)


def pixel_features(image: np.ndarray) -> np.ndarray:
    """Return what the regression knows of each pixel of an image (H, W) uint8: (H * W, 7) float64.

    Its grey level; the Gaussian means round it of standard deviation S / 32, S / 16, S / 8 and
    S / 4; the standard deviation in the second of them; the size of the first one's gradient.
    """
    grey = image[np.newaxis].astype(np.float32)
    means = [_smooth(grey, scale) for scale in (1 / 32, 1 / 16, 1 / 8, 1 / 4)]
    variance = np.maximum(_smooth(grey * grey, 1 / 16) - means[1] * means[1], 0)
    gradient = np.hypot(*np.gradient(means[0][0]))[np.newaxis]
    features = [grey, *means, np.sqrt(variance), gradient]
    return np.stack(features, axis=-1, dtype=np.float64).reshape(image.size, 7)


BASELINES: dict[str, Callable[[Rois, np.ndarray, int], np.ndarray]] = {
    "all 255": all_255,
    "centred Gaussian": centred_gaussian,
    "central ellipse": central_ellipse,
    "mean training mask": mean_mask,
    "smooth noise": smooth_noise,
    "brightness": brightness,
    "contrast": contrast,
    "Otsu": otsu,
    "GrabCut": grab_cut,
    "5 outlines": five_outlines,
}
OF_TRAINING = ("mean training mask", "5 outlines")  # those that need training ROIs
OF_IMAGES = ("brightness", "contrast", "Otsu", "GrabCut", "5 outlines")  # and those, images


def _smooth(images: np.ndarray, share: float) -> np.ndarray:
    """Return images (n, H, W) as float32 behind a Gaussian filter, edges mirrored.

    `share` of each side is the filter's standard deviation along it.
    """
    down, along = (share * size for size in images.shape[1:])
    return np.stack(
        [
            cv2.GaussianBlur(image, (0, 0), along, sigmaY=down, borderType=cv2.BORDER_REFLECT)
            for image in images.astype(np.float32)
        ]
    )


def _squares_from_centre(rois: Rois) -> np.ndarray:
    """Return each pixel's squared distance from the ROI's centre, its sides being 1: (H, W)."""
    sides = rois.mask.shape[1:]
    return np.add.outer(*(((np.arange(n) - (n - 1) / 2) / n) ** 2 for n in sides))


def _for_every_roi(values: np.ndarray, rois: Rois) -> np.ndarray:
    return np.repeat(to_grey(values[np.newaxis], values.shape), len(rois), axis=0)
