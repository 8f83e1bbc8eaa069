import keras
import numpy as np
import pytest
import tensorflow as tf

from camseg.errors import CamsegError
from camseg.training import loop, step
from tiny import make_examples, make_settings, tiny_model


def test_adam_equals_keras():
    random = np.random.default_rng(1)
    shapes = [(3, 3, 2, 4), (4,), (), (7, 5)]
    starts = [random.normal(size=shape).astype(np.float32) for shape in shapes]
    ours, theirs = ([keras.Variable(start) for start in starts] for _ in range(2))
    adam = step.Adam(ours, 3e-3)
    reference = keras.optimizers.Adam(3e-3)
    for _ in range(30):
        scale = 10 ** random.uniform(-8, 2)  # below and above epsilon
        gradients = [tf.constant(scale * random.normal(size=s), tf.float32) for s in shapes]
        adam.apply(gradients)
        reference.apply(gradients, theirs)
        for our, their in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(our.numpy(), their.numpy(), rtol=2e-6, atol=1e-6)


@pytest.mark.parametrize("options", [{}, {"scale": False}, {"center": False}])
def test_step_and_inference_equal_stock_keras(options):
    ours, theirs = tiny_model(**options), tiny_model(**options)
    take = step.trace_step(ours, step.Adam(ours.trainable_variables, 0.01))
    theirs.compile(
        keras.optimizers.Adam(0.01), keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    )
    examples = make_examples()
    for batch in loop.batches(np.arange(20), 8):
        loss, _ = take(examples.inputs(batch), examples.labels[batch].astype(np.int32))
        expected = theirs.train_on_batch(examples.inputs(batch), examples.labels[batch])
        assert loss.numpy() == pytest.approx(float(expected), rel=1e-5)
    for our, their in zip(ours.weights, theirs.weights, strict=True):
        np.testing.assert_allclose(our, their, rtol=1e-4, atol=1e-6, err_msg=our.path)
    everything = examples.inputs(np.arange(20))
    logits = step.trace_inference(ours)(everything)
    np.testing.assert_allclose(logits, ours(everything, training=False), rtol=1e-4, atol=1e-6)


def test_class_weights_are_those_of_keras():
    ours, theirs = tiny_model(), tiny_model()
    adam = step.Adam(ours.trainable_variables, 0.01)
    take = step.trace_step(ours, adam, step.classification(np.array([0.5, 2], np.float32)))
    theirs.compile(
        keras.optimizers.Adam(0.01), keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    )
    examples, batch = make_examples(), np.arange(7)
    loss, _ = take(examples.inputs(batch), examples.labels[batch].astype(np.int32))
    expected = theirs.train_on_batch(
        examples.inputs(batch), examples.labels[batch], class_weight={0: 0.5, 1: 2.0}
    )
    assert loss.numpy() == pytest.approx(float(expected), rel=1e-5)
    for our, their in zip(ours.weights, theirs.weights, strict=True):
        np.testing.assert_allclose(our, their, rtol=1e-4, atol=1e-6, err_msg=our.path)


def test_a_frozen_batch_normalization_keeps_its_statistics():
    model = tiny_model()
    layer = model.layers[2]
    layer.trainable = False
    before = [weight.numpy() for weight in layer.weights]
    loop.train(model, make_examples(), make_examples(seed=2), make_settings())
    for weight, old in zip(layer.weights, before, strict=True):
        np.testing.assert_array_equal(weight, old)


def test_batch_normalization_of_vectors_and_along_other_axes_is_keras_own():
    """Which the fused kernel, of images with their channels last, does not know."""

    def model():
        keras.utils.set_random_seed(4)
        images = keras.Input((8, 8, 3))
        x = keras.layers.BatchNormalization(axis=1)(keras.layers.Conv2D(4, 3)(images))
        x = keras.layers.Dense(5)(keras.layers.GlobalAveragePooling2D()(x))
        return keras.Model(images, keras.layers.Dense(2)(keras.layers.BatchNormalization()(x)))

    ours, theirs = model(), model()
    examples, batch = make_examples(), np.arange(20)
    take = step.trace_step(ours, step.Adam(ours.trainable_variables, 0.01))
    theirs.compile(
        keras.optimizers.Adam(0.01), keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    )
    loss, _ = take(examples.inputs(batch), examples.labels[batch].astype(np.int32))
    expected = theirs.train_on_batch(examples.inputs(batch), examples.labels[batch])
    assert loss.numpy() == pytest.approx(float(expected), rel=1e-5)
    for our, their in zip(ours.non_trainable_weights, theirs.non_trainable_weights, strict=True):
        np.testing.assert_allclose(our, their, rtol=1e-5, atol=1e-7, err_msg=our.path)


class Placed(keras.layers.Layer):
    """Adds what it has learned of each row: a gradient of single rows, and weights never used."""

    def __init__(self, idle=False):
        super().__init__()
        self.rows = keras.layers.Embedding(6, 4)
        self.idle = idle

    def build(self, shape):
        self.rows.build(())
        if self.idle:
            self.unused = self.add_weight(shape=(3,), name="unused")

    def call(self, x):
        return x + self.rows(np.arange(6))[:, np.newaxis]


def placed(idle=False):
    keras.utils.set_random_seed(4)
    images = keras.Input((8, 8, 3))
    x = Placed(idle)(keras.layers.Conv2D(4, 3)(images))
    x = keras.layers.GlobalAveragePooling2D()(keras.layers.ReLU()(x))
    return keras.Model(images, keras.layers.Dense(2)(x), name="placed")


def test_a_gradient_of_single_rows_is_applied_as_keras_applies_it():
    ours, theirs = placed(), placed()
    theirs.compile(
        keras.optimizers.Adam(0.01), keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    )
    examples, batch = make_examples(), np.arange(20)
    take = step.trace_step(ours, step.Adam(ours.trainable_variables, 0.01))
    for _ in range(3):
        take(examples.inputs(batch), examples.labels[batch].astype(np.int32))
        theirs.train_on_batch(examples.inputs(batch), examples.labels[batch])
    for our, their in zip(ours.weights, theirs.weights, strict=True):
        np.testing.assert_allclose(our, their, rtol=1e-3, atol=1e-5, err_msg=our.path)


def test_weights_that_nothing_depends_on_are_named():
    model = placed(idle=True)
    with pytest.raises(CamsegError, match=r"^placed: the weights placed.*/unused do not take part"):
        step.trace_step(model, step.Adam(model.trainable_variables, 0.01))
