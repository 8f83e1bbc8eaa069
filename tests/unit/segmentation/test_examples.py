import numpy as np
import pytest
from scipy.special import expit

from camseg.errors import CamsegError
from camseg.segmentation.examples import Outlined, losses
from camseg.training import augmentation

RANDOM = np.random.default_rng(3)
IMAGES = RANDOM.integers(0, 256, (5, 8, 8)).astype(np.uint8)
MASKS = (IMAGES > 128).astype(np.uint8)


def outlined(masks=MASKS, channel=None):
    second = None if channel is None else lambda index: channel[index]
    return Outlined(IMAGES, lambda index: masks[index], second)


def test_inputs_and_targets():
    index = np.array([3, 0])
    alone, both = outlined(), outlined(channel=255 - IMAGES)
    np.testing.assert_allclose(alone.inputs(index)[..., 0], IMAGES[index] / 127.5 - 1, atol=1e-6)
    assert both.inputs(index).shape == (2, 8, 8, 2)
    np.testing.assert_allclose(both.inputs(index).sum(axis=-1), 0, atol=1e-6)
    np.testing.assert_array_equal(alone.targets(index), MASKS[index])
    assert alone.inputs(index).dtype == alone.targets(index).dtype == np.float32


def test_masks_and_maps_turn_with_their_roi():
    """Of a mask that is what is bright in its ROI, so it is after a flip and a rotation."""
    n, size = 4, 64
    y, x = np.indices((size, size)) / size
    discs = [np.hypot(y - 0.3, x - 0.1 * (k + 3)) < 0.2 for k in range(n)]
    images = (200 * np.array(discs)).astype(np.uint8)
    examples = Outlined(images, lambda index: images[index] // 200, lambda index: images[index])
    augment = augmentation.draw(n, flips=True, rotation=30, seed=1, epoch=2)
    assert augment.flips.any()
    index = np.array([2, 0, 3])
    inputs, targets = examples.inputs(index, augment), examples.targets(index, augment)
    np.testing.assert_array_equal(inputs[..., 0], inputs[..., 1])
    grey = (inputs[..., 0] + 1) * 127.5
    np.testing.assert_array_equal(targets, grey >= 100)
    assert (targets != examples.targets(index)).any(axis=(1, 2)).all()


def test_loss_by_definition():
    logits = RANDOM.normal(0, 2, (5, 8, 8)).astype(np.float32)
    masks = MASKS.astype(np.float32)
    masks[0] = 0
    found = losses(masks, logits).numpy()
    for roi in range(5):
        p, m = expit(logits[roi].astype(float)), masks[roi]
        entropy = -(m * np.log(p) + (1 - m) * np.log(1 - p)).mean()
        dice = 2 * (p * m).sum() / (p.sum() + m.sum())
        assert found[roi] == pytest.approx(entropy + (1 - dice if m.any() else 0), rel=1e-5)


def test_nothing_called_in_a_normal_roi_costs_nothing():
    empty = np.zeros((1, 8, 8), np.float32)
    assert losses(empty, empty - 50).numpy() == pytest.approx(0, abs=1e-6)
    assert losses(empty, empty + 50).numpy() == pytest.approx(50)


def test_dice_of_a_history():
    logits = np.full((3, 2, 2), -1.0)
    masks = np.zeros((3, 2, 2), np.float32)
    logits[1, 0], masks[1, :, 0] = 1, 1  # a row for a column
    masks[2, 0] = 1  # and nothing for something
    assert outlined().score(logits, masks)["dice"].tolist() == [1, 0.5, 0]


def test_nothing_to_learn_is_said():
    with pytest.raises(CamsegError, match="all masks of 5 training ROIs are empty: nothing to lea"):
        outlined(np.zeros_like(MASKS)).check("training")
    with pytest.raises(CamsegError, match=r"^1 training ROI to segment: at least 2 are needed"):
        Outlined(IMAGES[:1], lambda index: MASKS[index]).check("training")
    outlined().check("training")
