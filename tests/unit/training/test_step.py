import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.framework.kernels import get_registered_kernels_for_op

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


def pooled(**options):
    """Of the usual kinds of layers; `options` are those of all but the last."""
    keras.utils.set_random_seed(4)
    layers, images = keras.layers, keras.Input((8, 8, 3))
    x = layers.Conv2D(6, 3, use_bias=False, **options)(images)
    x = layers.ReLU(**options)(layers.BatchNormalization(momentum=0.9, **options)(x))
    x = layers.SeparableConv2D(6, 3, padding="same", use_bias=False, **options)(x)
    x = layers.BatchNormalization(momentum=0.9, **options)(x)
    x = layers.MaxPooling2D(3, 2, padding="same", **options)(x)
    x = layers.AveragePooling2D(2, **options)(x)
    x = layers.Dense(5, **options)(layers.GlobalAveragePooling2D(**options)(x))
    return keras.Model(images, layers.Dense(2, name="logits")(x), name="pooled")


def steps(model, **options):
    """Losses of three steps of the first twenty ROIs."""
    adam = step.Adam(model.trainable_variables, 0.01)
    take = step.trace_step(model, adam, **options)
    examples, batch = make_examples(), np.arange(20)
    labels = examples.labels.astype(np.int32)
    return [float(take(examples.inputs(batch), labels)[0]) for _ in range(3)]


@pytest.mark.parametrize("fused", [True, False])
def test_steps_in_bfloat16_are_those_of_keras_mixed_precision(fused):
    """Keras' own network of layers with that policy; of float32 to what bfloat16 can tell apart."""
    ours, theirs = pooled(), pooled(dtype="mixed_bfloat16")
    losses = steps(ours, fused=fused, precision="bfloat16")
    theirs.compile(
        keras.optimizers.Adam(0.01), keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    )
    examples, batch = make_examples(), np.arange(20)
    expected = [
        theirs.train_on_batch(examples.inputs(batch), examples.labels[batch]) for _ in range(3)
    ]
    plain = steps(pooled())
    assert losses == pytest.approx(expected, rel=1e-3 if fused else 1e-5)
    assert losses == pytest.approx(plain, rel=1e-2)
    assert losses != pytest.approx(plain, rel=1e-5)
    assert {variable.dtype for variable in ours.variables} == {"float32"}
    assert {layer.dtype_policy.name for layer in ours.layers} == {"float32"}


def test_what_of_a_step_is_in_bfloat16():
    model = pooled()
    adam = step.Adam(model.trainable_variables, 0.01)
    take = step.trace_step(model, adam, precision="bfloat16")
    found = {}
    for each in take.graph.get_operations():
        found.setdefault(each.type, set()).update(given.dtype for given in each.inputs)
    assert found["Conv2D"] == found["DepthwiseConv2dNative"] == found["MaxPool"] == {tf.bfloat16}
    assert found["FusedBatchNormV3"] == {tf.bfloat16, tf.float32}  # statistics, scale and offset
    assert found["MatMul"] == {tf.bfloat16, tf.float32}  # the hidden layer, and the logits
    assert found["SparseSoftmaxCrossEntropyWithLogits"] == {tf.float32, tf.int32}
    assert found["ResourceApplyAdam"] == {tf.resource, tf.float32}
    assert [each.dtype for each in take.outputs] == [tf.float32, tf.float32]


@pytest.mark.skipif(not tf.test.is_built_with_cuda(), reason="TensorFlow is built for no GPU")
@pytest.mark.parametrize("fused", [True, False])
def test_every_operation_of_a_step_in_bfloat16_has_a_kernel_for_gpus(fused):
    """TensorFlow knows which it has, with or without a GPU."""
    model = pooled()
    adam = (step.Adam if fused else step.StockAdam)(model.trainable_variables, 0.01)
    take = step.trace_step(model, adam, fused=fused, precision="bfloat16")
    missing = set()
    for each in take.graph.get_operations():
        registered = get_registered_kernels_for_op(each.type).kernel
        fits = [
            kernel.device_type in ("GPU", "DEFAULT")
            and all(
                not rule.allowed_values.list.type
                or each.get_attr(rule.name) in rule.allowed_values.list.type
                for rule in kernel.constraint
            )
            for kernel in registered
        ]
        if not any(fits):
            missing.add(each.type)
    assert not missing


@pytest.mark.parametrize("fused", [True, False])
def test_steps_by_xla_are_the_same_up_to_rounding(fused):
    ours, plain = pooled(), pooled()
    losses = steps(ours, fused=fused, xla=True)
    assert losses == pytest.approx(steps(plain, fused=fused), rel=1e-4)
    for our, their in zip(ours.weights, plain.weights, strict=True):
        np.testing.assert_allclose(our, their, rtol=1e-2, atol=1e-4, err_msg=our.path)


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize(("window", "strides"), [(2, 2), (3, 2), ((3, 2), (1, 3)), (2, 3)])
@pytest.mark.parametrize("size", [7, 8])
def test_the_maximum_of_shifted_images_is_max_pooling(padding, window, strides, size):
    layer = keras.layers.MaxPooling2D(window, strides, padding)
    images = tf.constant(-np.random.default_rng(1).random((2, size, size + 2, 3), np.float32))
    found = []
    for call in (layer, lambda images: step._maximum_call(layer, images)):
        with tf.GradientTape() as tape:
            tape.watch(images)
            pooled = call(images)
            score = tf.reduce_sum(
                pooled * tf.reshape(tf.range(tf.size(pooled), dtype=tf.float32), pooled.shape)
            )
        found.append((pooled, tape.gradient(score, images)))
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6)


def test_what_xla_cannot_compile_is_told_in_a_line():
    class Foreign(keras.layers.Layer):
        def call(self, x):
            return x * tf.ensure_shape(tf.numpy_function(np.ones_like, [x], tf.float32), x.shape)

    images = keras.Input((8, 8, 3))
    x = keras.layers.GlobalAveragePooling2D()(Foreign()(keras.layers.Conv2D(2, 3)(images)))
    model = keras.Model(images, keras.layers.Dense(2)(x), name="seen")
    said = (
        r"^seen: its training step cannot be compiled by XLA: .*PyFunc.*; set training: xla: false$"
    )
    with pytest.raises(CamsegError, match=said):
        steps(model, xla=True)
