import re
import textwrap

import keras
import numpy as np
import pytest

from camseg.errors import CamsegError
from camseg.networks import classifiers, own

SMALL = """
import keras

def build(size):
    images = keras.Input((size, size, 3))
    x = keras.layers.Conv2D(4, 3, strides=2, padding="same", use_bias=False)(images)
    x = keras.layers.ReLU()(keras.layers.BatchNormalization()(x))
    return keras.Model(images, keras.layers.Dropout(0.2)(x))
"""


@pytest.fixture
def written(tmp_path):
    """Write the user's code to a file; the network that it is, in a configuration."""

    def write(code, function="build"):
        (tmp_path / "mine.py").write_text(textwrap.dedent(code))
        return f"{tmp_path / 'mine.py'}:{function}"

    return write


def build(network, size=16, **options):
    keras.utils.set_random_seed(5)
    return classifiers.build(network, size=size, batchnorm_momentum=0.7, **options)


def assert_same_weights(one, other):
    for first, second in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(first, second)


def test_a_network_of_ones_own_is_the_hand_built_one_to_the_bit(written):
    model = build(written(SMALL), head="gap_dense", widths=[3], name="Mine")
    keras.utils.set_random_seed(5)
    images = keras.Input((16, 16, 3))
    x = keras.layers.Conv2D(4, 3, strides=2, padding="same", use_bias=False)(images)
    x = keras.layers.ReLU()(keras.layers.BatchNormalization(momentum=0.7)(x))
    x = keras.layers.GlobalAveragePooling2D()(keras.layers.Dropout(0.2)(x))
    x = keras.layers.Dense(3, activation="relu")(x)
    expected = keras.Model(images, keras.layers.Dense(2)(x))
    assert model.name == "Mine"
    assert_same_weights(model, expected)
    assert np.ptp(model.get_layer("logits").kernel.numpy()) > 0
    batch = np.random.default_rng(1).random((3, 16, 16, 3)).astype(np.float32)
    np.testing.assert_array_equal(model(batch), expected(batch))
    np.testing.assert_array_equal(model(batch, training=True), expected(batch, training=True))
    assert_same_weights(model, expected)  # moved by the same momentum


def test_one_that_is_keras_own_is_keras_own(written):
    code = """
    import keras

    def build(size):
        return keras.applications.MobileNetV2(
            include_top=False, weights=None, input_shape=(size, size, 3)
        )
    """
    assert_same_weights(build(written(code), size=64), build("MobileNetV2", size=64))


def test_its_weights_follow_the_seed_and_are_drawn_anew(written):
    model = build(written(SMALL))
    keras.utils.set_random_seed(6)
    other = classifiers.build(written(SMALL), size=16, batchnorm_momentum=0.7)
    first, again, second = (classifiers.untrained(model, seed) for seed in (1, 1, 2))
    assert_same_weights(first, again)
    kernels = [each.get_weights()[0] for each in (model, other, first, second)]
    assert len({kernel.tobytes() for kernel in kernels}) == 4


def test_initial_weights_from_a_file(written, tmp_path):
    network = written(SMALL)
    saved = own.base(network, 16)
    saved.save_weights(tmp_path / "a.weights.h5")
    model = build(network, weights=str(tmp_path / "a.weights.h5"))
    for first, second in zip(saved.get_weights(), model.get_weights(), strict=False):
        np.testing.assert_array_equal(first, second)
    keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)]).save_weights(
        tmp_path / "b.weights.h5"
    )
    with pytest.raises(CamsegError, match=r"mine.py:build: weights .* cannot be loaded"):
        build(network, weights=str(tmp_path / "b.weights.h5"))


GREY = np.random.default_rng(3).integers(0, 256, (3, 5, 4)).astype(np.uint8)


def test_images_are_scaled_to_1_unless_the_file_says_otherwise(written):
    expected = np.stack([GREY] * 3, axis=-1).astype(np.float32) / np.float32(255)
    found = classifiers.preprocess(written(SMALL), GREY)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, expected)


def test_the_files_preprocessing_is_what_feeds_the_network(written):
    network = written(
        SMALL
        + """
def preprocess(images):
    images -= 100
    return images.astype("float64") / 2
"""
    )
    before = GREY.copy()
    found = classifiers.preprocess(network, GREY)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, np.stack([(GREY - 100.0) / 2] * 3, axis=-1))
    np.testing.assert_array_equal(GREY, before)


def test_preprocessing_that_changes_the_shape_is_refused(written):
    network = written(SMALL + "\ndef preprocess(images):\n    return images[..., :1]\n")
    fault = r"mine.py: preprocess gives shape \(3, 5, 4, 1\) for images of shape \(3, 5, 4, 3\)"
    with pytest.raises(CamsegError, match=fault):
        classifiers.preprocess(network, GREY)


LAYER = """
import keras

@keras.saving.register_keras_serializable("test_own")
class {name}(keras.layers.Layer):
    def call(self, x):
        return 2 * x

def build(size):
    images = keras.Input((size, size, 3))
    return keras.Model(images, {name}()(images))
"""


def test_registered_layers_are_known_once_the_code_has_run(written, tmp_path):
    network = written(LAYER.format(name="Doubled"))
    model = build(network)
    model.save(tmp_path / "model.keras")
    keras.saving.get_custom_objects().clear()
    with pytest.raises(TypeError, match="Doubled"):
        keras.models.load_model(tmp_path / "model.keras")
    own._run.cache_clear()
    assert own.load(network).build(8).output_shape == (None, 8, 8, 3)
    loaded = keras.models.load_model(tmp_path / "model.keras", safe_mode=True)
    assert_same_weights(loaded, model)


def test_code_runs_once_and_leaves_nothing_beside_it(written, tmp_path):
    network = written(
        SMALL + "\nwith open(__file__ + '.runs', 'a') as file:\n    file.write('x')\n"
    )
    build(network)
    classifiers.preprocess(network, GREY)
    assert (tmp_path / "mine.py.runs").read_text() == "x"
    assert {path.name for path in tmp_path.iterdir()} == {"mine.py", "mine.py.runs"}
    assert own.load("VGG16") is None


MODEL = "import keras\n\ndef build(size):\n    x = images = keras.Input((size, size, 3))\n    {}\n"
KERAS = "keras.layers"
REFUSED = {
    "x.y": r"mine.py:5: AttributeError: .*'y'",
    "raise SystemExit(0)": "mine.py:5: SystemExit: 0",
    "return keras.layers.Dense('many')": "mine.py:5: ValueError: ",
    "pass": r"mine.py: build\(16\) returns NoneType: must be a keras.Model",
    f"return keras.Sequential([{KERAS}.Conv2D(2, 3)])": r"returns Sequential: must be .* a Sequen",
    "return keras.Model(keras.Input((16, 16, 1)), x)": "mine.py:5: ",
    "x = keras.Input((16, 16, 1)); return keras.Model(x, x)": (
        r"takes \(None, 16, 16, 1\): must be images of shape \(None, 16, 16, 3\)"
    ),
    "x = keras.Input((None, None, 3)); return keras.Model(x, x)": (
        r"takes \(None, None, None, 3\): must be images of shape"
    ),
    "return keras.Model([x, y := keras.Input((3,))], x * 1)": (
        r"takes \(None, 16, 16, 3\) and \(None, 3\)"
    ),
    f"return keras.Model(x, {KERAS}.GlobalAveragePooling2D()(x))": (
        r"gives \(None, 3\): must be the last feature map"
    ),
    "return keras.Model(x, [x * 1, x * 2])": r"gives \(None, 16, 16, 3\) and \(None, 16, 16, 3\)",
    f"return keras.Model(x, {KERAS}.MaxPooling2D(16)(x))": (
        "gives a map of 1 x 1 cells, in which there is nothing to show: must be at least 2 x 2"
    ),
    f"return keras.Model(x, {KERAS}.Conv2D(2, 3, dtype='mixed_float16')(x))": (
        "computes in float16: must be float32"
    ),
    f"return keras.Model(x, {KERAS}.ReLU(name='logits')(x))": "has a layer named logits",
    f"return keras.Model(x, {KERAS}.ReLU(name='hidden_1')(x))": "has a layer named hidden_1",
    f"return keras.Model(x, {KERAS}.Lambda(lambda y: y + 1)(x))": (
        "mine.py: the model cannot be read again once it is saved: .* use no Lambda layer: "
    ),
    f"return keras.Model(x, type('Odd', ({KERAS}.Layer,), {{'call': lambda s, y: y}})()(x))": (
        "cannot be read again once it is saved: .*register_keras_serializable"
    ),
    f"return keras.Model(x, {KERAS}.Conv2D(2, 3, kernel_initializer={KERAS[:5]}.initializers."
    "GlorotUniform(3))(x))": "mine.py: an initializer has a seed",
}


@pytest.mark.parametrize("line", REFUSED)
def test_what_cannot_be_trained_and_explained_is_refused_in_one_line(written, line):
    with pytest.raises(CamsegError, match=REFUSED[line]) as error:
        build(written(MODEL.format(line)))
    assert "\n" not in str(error.value)


def test_code_that_sets_keras_otherwise_is_refused(written):
    code = MODEL.format("keras.config.set_floatx('float16'); return keras.Model(x, x * 1)")
    try:
        with pytest.raises(CamsegError, match="Keras is set to floatx float16"):
            build(written(code))
    finally:
        keras.config.set_floatx("float32")


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("import nowhere_at_all", "mine.py:1: ModuleNotFoundError: No module named 'nowhere_at_al"),
        ("def build(size:", r"mine.py: SyntaxError: .*line 1"),
        ("def bild(size): pass", "mine.py: AttributeError: .*has no attribute 'build'"),
        ("def build(): pass", "mine.py: TypeError: .*takes 0 positional arguments but 1 was given"),
    ],
)
def test_code_that_cannot_run_is_told_with_its_line(written, code, fault):
    with pytest.raises(CamsegError, match=fault) as error:
        build(written(code))
    assert "\n" not in str(error.value)


def test_a_fault_in_the_preprocessing_names_its_line(written):
    network = written(SMALL + "\ndef preprocess(images):\n    return images / nothing\n")
    line = len(SMALL.splitlines()) + 3
    with pytest.raises(CamsegError, match=re.escape(f"mine.py:{line}: NameError: name 'nothing'")):
        classifiers.preprocess(network, GREY)
