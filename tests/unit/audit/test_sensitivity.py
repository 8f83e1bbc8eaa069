import keras
import numpy as np
import pandas as pd
import pytest

from camseg.audit import sensitivity
from camseg.errors import CamsegError
from camseg.explanations import explain
from camseg.explanations.options import Enlargement, GreyRule
from camseg.report.audits import read_measured
from camseg.scoring.dice import mean_dice


def preprocess(images: np.ndarray) -> np.ndarray:
    return np.repeat(images[..., np.newaxis].astype(np.float32) / 255, 3, axis=-1)


def small_model() -> keras.Model:
    images = keras.Input((16, 16, 3))
    x = keras.layers.Conv2D(4, 3, padding="same", activation="relu")(images)
    x = keras.layers.MaxPooling2D(2)(x)
    x = keras.layers.ReLU()(keras.layers.Conv2D(5, 3, padding="same")(x))
    model = keras.Model(images, keras.layers.Dense(2)(keras.layers.GlobalAveragePooling2D()(x)))
    random = np.random.default_rng(0)
    model.set_weights([random.normal(size=w.shape) for w in model.get_weights()])
    return model


def measure(model: keras.Model, explanation: str = "grad_cam", **own):
    random = np.random.default_rng(1)
    images = random.integers(0, 256, (5, 16, 16)).astype(np.uint8)
    masks = random.integers(0, 2, (5, 16, 16)).astype(np.uint8)
    measured = sensitivity.measure(
        model,
        images,
        masks,
        np.ones(5, np.uint8),
        preprocess=preprocess,
        explanation=explanation,
        enlargement=Enlargement(**own),
        batch_size=2,
    )
    return images, masks, measured


def test_every_combination_is_what_explaining_with_it_gives():
    model = small_model()
    images, masks, measured = measure(model)
    choices = ["score", "target", "layer", "sign", "resize", "smoothing"]
    assert len(measured) == len(measured[choices].drop_duplicates()) == 3 * 3 * 3 * 3 * 3
    for row in measured[measured["layer"] == "pooled"].to_dict("records"):
        options = {name: row[name] for name in ("score", "target")}
        options["rule"] = GreyRule(**{name: row[name] for name in choices[3:]})
        grey, _ = explain.explain(model, preprocess(images), labels=np.ones(5, int), **options)
        assert row["dice"] == pytest.approx(mean_dice(grey, masks).mean(), abs=1e-3)
        assert row["degenerate"] == (grey.max(axis=(1, 2)) == 0).sum()
    dice = measured.set_index(choices)["dice"]
    np.testing.assert_array_equal(
        dice.xs("abnormal", level="target"), dice.xs("true", level="target")
    )
    assert measured.groupby("layer")["dice"].first().nunique() == 3


@pytest.mark.parametrize(
    ("own", "ways"),
    [
        ({}, [("bilinear", 0), ("bilinear", 0.05), ("nearest", 0)]),
        ({"resize": "nearest"}, [("bilinear", 0), ("nearest", 0), ("nearest", 0.05)]),
        (
            {"smoothing": 0.05},
            [("bilinear", 0), ("bilinear", 0.05), ("nearest", 0.05)],
        ),
        (
            {"smoothing": 0.2},
            [("bilinear", 0), ("bilinear", 0.05), ("bilinear", 0.2), ("nearest", 0.2)],
        ),
    ],
)
def test_each_choice_is_varied_with_the_others_as_in_the_study(own, ways, tmp_path):
    found = [
        (rule.sign, rule.resize, rule.smoothing) for rule in sensitivity.rules(Enlargement(**own))
    ]
    signs = ("signed", "positive", "absolute")
    assert sorted(found) == sorted((sign, *way) for sign in signs for way in ways)
    _, _, measured = measure(small_model(), "cam", **own)
    path = tmp_path / "measured.tsv"
    measured.to_csv(path, sep="\t", index=False)
    pd.testing.assert_frame_equal(read_measured(path), measured)
    for lost in (0, len(measured) - 1):
        measured.drop(index=lost).to_csv(path, sep="\t", index=False)
        with pytest.raises(CamsegError, match="lacks some combination of choices"):
            read_measured(path)


def test_a_method_of_the_pooled_layer_alone_is_measured_there(tmp_path):
    model = small_model()
    _, _, measured = measure(model, "cam")
    assert set(measured["layer"]) == {"pooled"}
    assert len(measured) == 3 * 3 * 3 * 3
    measured.to_csv(tmp_path / "cam.tsv", sep="\t", index=False)
    pd.testing.assert_frame_equal(read_measured(tmp_path / "cam.tsv"), measured)
    # behind pooling and one dense layer, Grad-CAM is the same
    _, _, others = measure(model)
    others = others[others["layer"] == "pooled"].reset_index(drop=True)
    pd.testing.assert_frame_equal(measured, others, atol=1e-3)


def test_layers_that_a_model_has_not_are_left_out():
    images = keras.Input((16, 16, 3))
    features = keras.layers.Dense(3)(keras.layers.AveragePooling2D(4)(images))
    pooled = keras.layers.GlobalAveragePooling2D()(features)
    _, _, measured = measure(keras.Model(images, keras.layers.Dense(2)(pooled)))
    assert set(measured["layer"]) == {"pooled", "finer"}


def test_a_method_of_the_input_is_measured_without_layers(tmp_path):
    model = small_model()
    images, masks, measured = measure(model, "saliency")
    assert set(measured["layer"]) == {"input"}
    assert len(measured) == 3 * 3 * 3 * 3
    measured.to_csv(tmp_path / "saliency.tsv", sep="\t", index=False)
    pd.testing.assert_frame_equal(read_measured(tmp_path / "saliency.tsv"), measured)
    grey, _ = explain.explain(model, preprocess(images), explanation="saliency")
    assert measured["dice"].iloc[0] == pytest.approx(mean_dice(grey, masks).mean(), abs=1e-3)


def test_degenerate_maps_are_counted():
    model = small_model()
    model.set_weights([np.nan * weight for weight in model.get_weights()])
    _, _, measured = measure(model)
    assert (measured["degenerate"] == 5).all()
    assert (measured["dice"] == 0).all()
