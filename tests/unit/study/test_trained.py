import zipfile

import keras
import pytest

from camseg.errors import CamsegError
from camseg.study.trained import check_trained

SIDE = 16
Dense, GAP = keras.layers.Dense, keras.layers.GlobalAveragePooling2D


def saved(folder, *end, shape=(SIDE, SIDE, 3)):
    images = keras.Input(shape)
    x = GAP()(keras.layers.Conv2D(4, 3)(images))
    for layer in end:
        x = layer(x)
    keras.Model(images, x).save(folder / "given.keras")
    return str(folder / "given.keras")


@pytest.mark.parametrize(
    "end",
    [
        [Dense(2)],
        [Dense(8, "relu"), keras.layers.Dropout(0.5), Dense(2, None)],
        [Dense(2), keras.layers.Rescaling(3)],
    ],
)
def test_logits_of_rois_are_taken(tmp_path, end):
    check_trained(saved(tmp_path, *end), SIDE)
    check_trained(saved(tmp_path, Dense(2), shape=(None, None, 3)), SIDE)
    layers = [keras.Input((SIDE, SIDE, 3)), keras.layers.Conv2D(4, 3), GAP(), Dense(2)]
    keras.Sequential(layers).save(tmp_path / "given.keras")
    check_trained(str(tmp_path / "given.keras"), SIDE)


@pytest.mark.parametrize(
    ("end", "fault"),
    [
        (
            [Dense(2, "softmax", name="last")],
            r"ends in softmax \(layer last\): must give the logits",
        ),
        ([Dense(2), keras.layers.Softmax(name="last")], r"ends in softmax \(layer last\)"),
        ([Dense(2), keras.layers.Activation("sigmoid", name="last")], "ends in sigmoid"),
        ([Dense(1)], "gives 1 outputs: must be two logits, normal and abnormal, in this order"),
        ([Dense(1, "sigmoid")], "gives 1 outputs"),
    ],
)
def test_what_gives_no_two_logits_is_refused(tmp_path, end, fault):
    path = saved(tmp_path, *end)
    with pytest.raises(CamsegError, match=f"^{path}: {fault}") as error:
        check_trained(path, SIDE)
    assert "\n" not in str(error.value)
    layers = [keras.Input((SIDE, SIDE, 3)), keras.layers.Conv2D(4, 3), GAP(), Dense(2, "softmax")]
    keras.Sequential(layers).save(path)
    with pytest.raises(CamsegError, match="ends in softmax"):
        check_trained(path, SIDE)


@pytest.mark.parametrize("shape", [(SIDE, SIDE, 1), (32, 32, 3), (SIDE, 32, 3), (None, SIDE, 4)])
def test_other_images_than_the_rois_are_refused(tmp_path, shape):
    path = saved(tmp_path, Dense(2), shape=shape)
    with pytest.raises(CamsegError, match=r"takes images of .*: must be \(16, 16, 3\), the size"):
        check_trained(path, SIDE)


def test_what_is_no_such_file_is_refused(tmp_path):
    path = tmp_path / "given.keras"
    with pytest.raises(CamsegError, match=f"^there is no file {path}$"):
        check_trained(str(path), SIDE)
    for content in (None, "{}", "[1]", "{", '{"config": 3}', '{"config": {"layers": []}}'):
        path.write_text("an older .h5, say")
        if content is not None:
            with zipfile.ZipFile(path, "w") as archive:
                archive.writestr("config.json", content)
        with pytest.raises(CamsegError, match=f"^{path}: (is no|holds no) model"):
            check_trained(str(path), SIDE)
