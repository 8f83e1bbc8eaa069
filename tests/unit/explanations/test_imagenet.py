import cv2
import keras
import numpy as np
import pytest

from camseg.errors import CamsegError
from camseg.explanations import imagenet
from camseg.explanations.scaling import to_grey


@pytest.fixture(scope="module")
def model():
    """A network of one convolution, with a head like Xception's."""
    keras.utils.set_random_seed(0)
    images = keras.Input((imagenet.SIDE, imagenet.SIDE, 3))
    x = keras.layers.Conv2D(5, 31, strides=30, activation="relu", name="features")(images)
    x = keras.layers.GlobalAveragePooling2D(name="avg_pool")(x)
    x = keras.layers.Dense(1000, bias_initializer="normal", name="predictions")(x)
    return keras.Model(images, x)


def test_the_cam_is_of_the_most_probable_classs_logit(model):
    """Oracle: equation 2, from features and head weights; the image needs no resizing."""
    image = np.random.default_rng(0).integers(0, 256, (299, 299, 3), np.uint8)
    prediction = imagenet.predict(model, image)
    images = (image[np.newaxis] / 127.5 - 1).astype(np.float32)
    extractor = keras.Model(model.input, model.get_layer("features").output)
    features = extractor.predict(images, verbose=0).astype(float)
    kernel, bias = model.get_layer("predictions").get_weights()
    logits = features.mean(axis=(0, 1, 2)) @ kernel + bias
    assert prediction.index == logits.argmax()
    odds = np.exp(logits - logits.max())
    assert prediction.probability == pytest.approx(1 / odds.sum(), rel=1e-4)
    raw = (features @ kernel[:, prediction.index]).astype(np.float32)
    expected = to_grey(raw, (299, 299))[0]
    assert np.abs(prediction.cam.astype(int) - expected).max() <= 1


@pytest.mark.parametrize("shape", [(40, 700, 3), (350, 60, 3)])
def test_the_map_has_the_images_size(model, shape):
    image = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    prediction = imagenet.predict(model, image)
    assert prediction.cam.shape == shape[:2]
    assert (prediction.cam.min(), prediction.cam.max()) == (0, 255)


def test_images_are_read_as_eight_bit_rgb(tmp_path):
    image = np.zeros((20, 30, 3), np.uint8)
    image[:, 10:] = (10, 120, 250)  # blue, green, red as OpenCV writes
    for name in ("a.png", "a.jpg", "a.tiff"):
        cv2.imwrite(str(tmp_path / name), image)
        read = imagenet.read_image(tmp_path / name)
        assert read.shape == (20, 30, 3)
        assert np.abs(read[10, 25].astype(int) - (250, 120, 10)).max() <= 3
    deep = image[..., 0].astype(np.uint16) * 257
    cv2.imwrite(str(tmp_path / "deep.png"), deep)
    assert imagenet.read_image(tmp_path / "deep.png")[10, 25].tolist() == [10, 10, 10]
    cv2.imwrite(str(tmp_path / "large.png"), np.full((40, 3000), 7, np.uint8))
    read = imagenet.read_image(tmp_path / "large.png")
    assert read.shape == (20, 1500, 3)
    assert (read == 7).all()


def test_what_is_no_image_is_named(tmp_path):
    (tmp_path / "text.jpg").write_text("no image")
    for name in ("text.jpg", "missing.png"):
        with pytest.raises(CamsegError, match=f"{name}: cannot be read as an image") as error:
            imagenet.read_image(tmp_path / name)
        assert "\n" not in str(error.value)


def test_weights_that_cannot_be_downloaded_or_read_are_one_line(tmp_path, monkeypatch):
    (tmp_path / "bad.h5").write_text("no weights")
    for name in ("bad.h5", "missing.h5"):
        with pytest.raises(CamsegError, match=f"{name}: cannot be read as weights") as error:
            imagenet.load_xception(str(tmp_path / name))
        assert "\n" not in str(error.value)

    def offline(**options):
        raise Exception("URL fetch failure on https://example.org/xception.h5:\nNone")

    monkeypatch.setattr(keras.applications, "Xception", offline)
    with pytest.raises(CamsegError, match=r"cannot be downloaded: URL .*set figure1: weights to"):
        imagenet.load_xception("imagenet")


def test_classes_have_names_or_else_their_index(monkeypatch, capsys):
    def decode(probabilities, top):
        return [
            [("n0", f"name_{row.argmax()}", row.max()) for _ in range(top)] for row in probabilities
        ]

    monkeypatch.setattr(keras.applications.xception, "decode_predictions", decode)
    assert imagenet.class_name(386) == "name_386"

    def offline(probabilities, top):
        raise Exception("URL fetch failure")

    monkeypatch.setattr(keras.applications.xception, "decode_predictions", offline)
    assert imagenet.class_name(386) == "class 386"
    assert "URL fetch failure" in capsys.readouterr().out


@pytest.mark.slow
def test_xceptions_weights_come_from_a_file(tmp_path):
    keras.utils.set_random_seed(3)
    stock = keras.applications.Xception(weights=None)
    stock.save_weights(tmp_path / "x.weights.h5")
    model = imagenet.load_xception(str(tmp_path / "x.weights.h5"))
    for saved, loaded in zip(stock.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(saved, loaded)
    image = np.random.default_rng(0).integers(0, 256, (120, 80, 3), np.uint8)
    prediction = imagenet.predict(model, image)
    assert prediction.cam.shape == (120, 80)
    assert prediction.cam.max() == 255
    few = keras.applications.Xception(weights=None, classes=7)
    few.save_weights(tmp_path / "few.weights.h5")
    with pytest.raises(CamsegError, match=r"few.weights.h5: cannot be read as weights"):
        imagenet.load_xception(str(tmp_path / "few.weights.h5"))
