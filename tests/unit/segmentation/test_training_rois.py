from dataclasses import replace

import numpy as np
import pytest

from camseg.errors import CamsegError
from camseg.segmentation import training_rois
from camseg.segmentation.outlines import draw_outlines
from camseg.segmentation.pseudo_masks import pseudo_masks
from camseg.segmentation.training_rois import Given
from made import make_rois

N = 40
NAMES = [f"roi-{number:02}" for number in range(N)]
ROIS = replace(
    make_rois(NAMES),
    label=(np.arange(N) % 2).astype(np.uint8),
    patient_id=np.array([f"patient-{number // 2}" for number in range(N)], object),
)
TRAINING = np.arange(N) < 30
SIDES = np.where(TRAINING, "train", "validation")
MAPS = np.random.default_rng(1).integers(0, 256, ROIS.image.shape).astype(np.uint8)
ALL = np.arange(N)


def choose(segmenter, normal=True, seed=1):
    return training_rois.choose(segmenter, ROIS.label, TRAINING, normal=normal, seed=seed)


def test_all_training_rois_or_the_abnormal_ones():
    for segmenter in ("unet", "pseudo_masks-x", "fused-x"):
        assert choose(segmenter).tolist() == list(range(30))
        assert choose(segmenter, normal=False).tolist() == list(range(1, 30, 2))


def test_more_outlines_are_the_fewer_and_others():
    few, more, every = (choose(f"few_outlines-{count}") for count in (3, 7, 15))
    for count, places in ((3, few), (7, more), (15, every)):
        assert len(places) == 2 * count
        assert ROIS.label[places].sum() == count
    assert set(few) < set(more) < set(every) == set(range(30))
    assert set(choose("few_outlines-3", normal=False)) == set(few[ROIS.label[few] == 1])
    assert set(choose("few_outlines-7", seed=2)) != set(more)


def test_the_few_are_those_of_the_pixel_regression():
    """Which is drawn among the abnormal ROIs alone: the floor of as many outlines."""
    abnormal = ROIS.take(ROIS.label == 1)
    drawn = draw_outlines(np.flatnonzero(TRAINING[ROIS.label == 1]), 5, 1)
    few = ROIS.roi_id[choose("few_outlines-5", normal=False)]
    assert set(few) == set(abnormal.roi_id[drawn])


def test_more_outlines_than_there_are():
    with pytest.raises(CamsegError, match=r"config: segmentation.outlines: 16: there are 15 abnor"):
        choose("few_outlines-16")


def test_what_stands_for_outlines():
    given = Given(MAPS, 255 - MAPS)
    index = np.array([9, 4, 1])
    normal = ROIS.label[index] == 0
    for segmenter, expected in (
        ("unet", ROIS.mask),
        ("pseudo_masks-x", pseudo_masks(MAPS)),
        ("pseudo_masks_again-x", MAPS < 128),  # of 255 - MAPS above 127
    ):
        found = training_rois.masks(segmenter, ROIS, given)(index)
        assert found.dtype == np.uint8
        abnormal = ~normal | (segmenter == "unet")
        np.testing.assert_array_equal(found[abnormal], expected[index][abnormal])
        assert segmenter == "unet" or not found[normal].any()
    with pytest.raises(CamsegError, match=r"^needs a CAM of each ROI"):
        training_rois.masks("pseudo_masks-x", ROIS, Given())
    with pytest.raises(CamsegError, match=r"^needs a map of each ROI"):
        training_rois.masks("pseudo_masks_again-x", ROIS, Given())


def test_the_second_channel():
    def channel(segmenter, rois=ROIS, sides=SIDES, maps=MAPS):
        return training_rois.channel(segmenter, rois, sides, Given(maps), seed=1)

    assert channel("unet") is None
    np.testing.assert_array_equal(channel("fused-x")(ALL), MAPS)
    with pytest.raises(CamsegError, match=r"^needs a CAM of each ROI"):
        channel("fused-x", maps=None)
    shuffled = channel("fused_shuffled-x")(ALL)
    owners = [int(np.flatnonzero((each == MAPS).all(axis=(1, 2)))[0]) for each in shuffled]
    assert (ROIS.patient_id[owners] != ROIS.patient_id).all()
    assert (SIDES[owners] == SIDES).all()
    assert 0.2 < (ROIS.label[owners] == ROIS.label).mean() < 0.8  # the label chooses nothing
    back = ALL[::-1]  # in another order, each has the same one
    turned = channel("fused_shuffled-x", ROIS.take(back), SIDES[back], MAPS[back])(ALL)
    np.testing.assert_array_equal(turned[::-1], shuffled)
