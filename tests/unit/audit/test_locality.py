import keras
import numpy as np
import pytest

from camseg.audit import locality
from camseg.explanations import explain
from camseg.report.audits import slopes

LOCAL = {"filters": 3, "kernel_size": 8, "strides": 8, "use_bias": False}


def preprocess(images: np.ndarray) -> np.ndarray:
    return np.repeat(images[..., np.newaxis].astype(np.float32) / 255, 3, axis=-1)


def images(n: int = 3, size: int = 32) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (n, size, size)).astype(np.uint8)


def model_of(*layers: keras.Layer, size: int = 32, flat: bool = False) -> keras.Model:
    image = keras.Input((size, size, 3))
    x = image
    pool = keras.layers.Flatten() if flat else keras.layers.GlobalAveragePooling2D()
    head = [pool, keras.layers.Dense(5, activation="relu"), keras.layers.Dense(2)]
    for layer in [*layers, *head]:
        x = layer(x)
    model = keras.Model(image, x)
    random = np.random.default_rng(0)
    model.set_weights([random.normal(size=weight.shape) for weight in model.get_weights()])
    return model


def centres(model: keras.Model, shown: np.ndarray, explanation: str = "grad_cam"):
    options = {"explanations": [explanation], "score": "margin"}
    return locality.centres(model, shown, preprocess=preprocess, **options)[explanation]


def seen_slopes(*layers: keras.Layer) -> tuple[float, float]:
    return tuple(slopes(centres(model_of(*layers), images())).values())


def test_a_cell_of_one_convolution_looks_where_it_is_drawn():
    model = model_of(keras.layers.Conv2D(**LOCAL))
    even = np.random.default_rng(2).normal(size=3) * np.ones((8, 8, 3, 3))
    model.layers[1].set_weights([even])
    found = centres(model, images())
    assert len(found) == 3 * 4 * 4
    for axis in ("row", "column"):
        np.testing.assert_allclose(found[f"place_{axis}"], (found[axis] + 0.5) / 4)
        np.testing.assert_allclose(found[f"centre_{axis}"], found[f"place_{axis}"], atol=1e-6)
    # off the middle, but as far in every cell
    assert seen_slopes(keras.layers.Conv2D(**LOCAL)) == pytest.approx((1, 1), abs=1e-5)


def test_cells_behind_a_pooling_of_everything_look_at_no_place():
    everything = [keras.layers.AveragePooling2D(32), keras.layers.UpSampling2D(4)]
    model = model_of(*everything, keras.layers.Conv2D(3, 1))
    found = centres(model, images())
    np.testing.assert_allclose(found[["centre_row", "centre_column"]], 0.5, atol=1e-6)
    assert tuple(slopes(found).values()) == pytest.approx((0, 0), abs=1e-5)


def test_rows_and_columns_are_told_apart():
    local = keras.layers.Conv2D(**LOCAL)
    along = [keras.layers.AveragePooling2D((1, 4)), keras.layers.UpSampling2D((1, 4))]
    assert seen_slopes(local, *along) == pytest.approx((1, 0), abs=1e-5)


@pytest.mark.parametrize(
    ("explanation", "flat"), [("grad_cam", 0), ("grad_cam", 1), ("hires_cam", 1), ("layer_cam", 1)]
)
def test_a_cell_is_one_of_the_map(explanation, flat):
    """Oracle: the map itself, of images of which one value at a time is changed."""
    layers = [
        keras.layers.Conv2D(4, 3, padding="same", activation="relu"),
        keras.layers.MaxPooling2D(4),
    ]
    model, shown = model_of(*layers, size=8, flat=flat), images(1, 8)
    batch = preprocess(shown)
    options = {"explanation": explanation, "score": "margin"}
    derivatives = explain.differentiate(model, batch)
    raw = explain.raw_maps(derivatives, target="abnormal", **options)
    weights = explain.raw_weights(derivatives, **options)
    assert weights.shape == derivatives.features.shape
    np.testing.assert_allclose(
        (derivatives.features * weights).sum(axis=3), raw, rtol=1e-4, atol=1e-4
    )
    step = 1e-3
    moved = np.repeat(batch, batch.size, axis=0)
    moved.reshape(batch.size, -1)[np.diag_indices(batch.size)] += step
    changed = explain.raw_maps(explain.differentiate(model, moved), target="abnormal", **options)
    gradient = np.abs(changed - raw).reshape(8, 8, 3, 2, 2).sum(axis=2) / step
    for cell in centres(model, shown, explanation).itertuples():
        strength = gradient[:, :, cell.row, cell.column]
        expected = [
            strength.sum(axis=1 - axis) @ np.arange(0.5, 8) / 8 / strength.sum() for axis in (0, 1)
        ]
        assert (cell.centre_row, cell.centre_column) == pytest.approx(expected, abs=0.01)


def test_pixels_of_gradients_by_the_input_look_at_themselves():
    """By definition: with the gradient held fixed, nothing else changes them."""
    found = centres(model_of(keras.layers.Conv2D(**LOCAL)), images(), "saliency")
    assert len(found) == 3 * 4 * 4
    assert sorted(set(found["row"])) == [0, 10, 21, 31]
    for axis in ("row", "column"):
        np.testing.assert_allclose(found[f"centre_{axis}"], found[f"place_{axis}"])
    assert tuple(slopes(found).values()) == pytest.approx((1, 1))


def test_cells_that_nothing_changes_have_no_centre():
    model = model_of(keras.layers.Conv2D(**LOCAL))
    model.layers[1].set_weights([np.zeros((8, 8, 3, 3))])
    found = centres(model, images())
    assert found[["centre_row", "centre_column"]].isna().all(axis=None)


def test_large_grids_and_many_rois_are_sampled():
    model = model_of(keras.layers.Conv2D(3, 2, strides=2), size=14)
    found = centres(model, images(9, 14))
    assert sorted(set(found["row"])) == sorted(set(found["column"])) == [0, 2, 4, 6]
    assert set(found["roi"]) == set(range(locality.ROIS))
    assert len(found) == locality.ROIS * locality.CELLS**2


def test_several_explanations_at_a_time_give_what_each_gives_by_itself():
    model, several = (
        model_of(keras.layers.Conv2D(**LOCAL), flat=True),
        ["grad_cam", "layer_cam", "saliency"],
    )
    options = {"explanations": several, "score": "margin", "preprocess": preprocess}
    found = locality.centres(model, images(), **options)
    assert list(found) == several
    for each in several:
        assert found[each].equals(centres(model, images(), each))
    assert not found["grad_cam"].equals(found["layer_cam"])
