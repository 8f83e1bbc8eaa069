import keras
import numpy as np
import pytest
import tensorflow as tf

from camseg.segmentation import unet
from camseg.segmentation.examples import losses
from camseg.training import step


def parameters(width, channels):
    """Weights by hand: two 3 x 3 convolutions a block without bias, four numbers a channel."""

    def block(before, after):
        return 9 * before * after + 9 * after * after + 2 * 4 * after

    levels = [width * 2**level for level in range(5)]
    down = sum(block(before, after) for before, after in zip([channels, *levels], levels))  # noqa: B905
    up = sum(4 * 2 * each * each + each + block(2 * each, each) for each in levels[:-1])
    return down + up + width + 1


@pytest.mark.parametrize(("width", "channels"), [(4, 1), (3, 2)])
def test_its_weights_are_those_of_the_published_shape(width, channels):
    model = unet.build(32, channels, width=width, batchnorm_momentum=0.9)
    assert model.count_params() == parameters(width, channels)
    momenta = {each.momentum for each in model.layers if hasattr(each, "momentum")}
    assert momenta == {0.9}


@pytest.mark.parametrize("size", [32, 41])
def test_a_map_is_as_large_as_its_roi_and_lies_where_it_does(size):
    """Whatever the size: what changes in one corner changes the map there, and not far from it."""
    keras.utils.set_random_seed(1)
    model = unet.build(size, 1, width=4, batchnorm_momentum=None)
    images = np.zeros((2, size, size, 1), np.float32)
    images[1, -2:, -2:] = 9
    first, second = np.asarray(model(images, training=False))
    assert first.shape == (size, size)
    change = np.abs(second - first)
    assert change[-4:, -4:].mean() > 5 * change[:-8, :-8].mean()


@pytest.mark.parametrize(
    ("options", "near"), [({"precision": "bfloat16"}, 0.01), ({"xla": True}, 1e-4)]
)
def test_its_steps_in_bfloat16_and_by_xla_are_those_of_float32(options, near):
    random = np.random.default_rng(1)
    images = random.normal(size=(4, 21, 21, 1)).astype(np.float32)
    masks = (images[..., 0] > 0.5).astype(np.float32)
    task = step.Task(tf.TensorSpec((None, 21, 21), tf.float32), losses)
    found = []
    for each in ({}, options):
        keras.utils.set_random_seed(1)
        model = unet.build(21, 1, width=3, batchnorm_momentum=0.9)
        take = step.trace_step(model, step.Adam(model.trainable_variables, 0.01), task, **each)
        found.append([float(take(images, masks)[0]) for _ in range(3)])
        assert take(images, masks)[1].dtype == tf.float32
    assert found[1] == pytest.approx(found[0], rel=near)
    assert found[1] != found[0]
    assert found[1][2] < found[1][0]
