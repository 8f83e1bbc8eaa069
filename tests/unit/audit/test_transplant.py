"""On ROIs with a planted cue that a network is built to find: in the lesion, or in the frame."""

import keras
import numpy as np
import pytest

from camseg.audit import regions, transplant
from camseg.explanations import explain
from camseg.explanations.options import MapOptions
from camseg.report import transplants

SIZE, N = 32, 12
IDS = np.array([f"{number}.abnormal" for number in range(N)], object)
GRID = 4, 4


def preprocess(images: np.ndarray) -> np.ndarray:
    return np.repeat(images[..., np.newaxis].astype(np.float32) / 255, 3, axis=-1)


def finder() -> keras.Model:
    """A network whose margin is how much fine checkerboard there is, wherever it is."""
    images = keras.Input((SIZE, SIZE, 3))
    x = keras.layers.Conv2D(2, 2, activation="relu", padding="same")(images)
    x = keras.layers.AveragePooling2D(SIZE // GRID[0])(x)
    logits = keras.layers.Dense(2)(keras.layers.GlobalAveragePooling2D()(x))
    model = keras.Model(images, logits)
    board = np.array([[1, -1], [-1, 1]]) / 3
    filters = np.repeat(np.stack([board, -board], axis=-1)[:, :, np.newaxis], 3, axis=2)
    head = np.array([[-10, 10], [-10, 10]])
    model.set_weights([filters, np.zeros(2), head, np.array([1, -1])])
    return model


def planted(where: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Abnormal ROIs with a cue in the "lesion" or the "frame", normal ones, the lesions' masks."""
    random = np.random.default_rng(5)
    grey = random.integers(90, 130, (2, N, SIZE, SIZE))
    y, x = np.mgrid[:SIZE, :SIZE]
    masks = np.stack([np.hypot(y - row, x - 16) < 9 for row in random.integers(13, 19, N)])
    frame = np.minimum(np.minimum(y, SIZE - 1 - y), np.minimum(x, SIZE - 1 - x)) < 4
    cue = masks if where == "lesion" else np.broadcast_to(frame & ~masks, masks.shape)
    strength = random.integers(60, 120, (N, 1, 1))
    grey[0] += cue * strength * (-1) ** (y + x)
    return *grey.clip(0, 255).astype(np.uint8), masks.astype(np.uint8)


def measure(
    model: keras.Model,
    where: str = "lesion",
    maps: np.ndarray | None = None,
    size: int = 5,
    **options: object,
):
    images, normal, masks = planted(where)
    if maps is None:
        maps, _ = explain.explain(model, preprocess(images))
    common: dict = {"preprocess": preprocess, "seed": 1, "batch_size": size, "grid": GRID}
    common |= {"explanation": "grad_cam", "options": MapOptions(**options)}
    common.setdefault("mirrored", True)
    found = transplant.measure(model, images, normal, masks, maps, IDS, **common)
    return images, normal, masks, found


def test_noise_is_enlarged_as_the_maps_are_and_keeps_its_sign():
    """Where the maps' negative values count for nothing, half of the noise would be one level."""
    found = [
        measure(finder(), **options)[-1].query("region == 'noise top'")["changed"].to_numpy()
        for options in ({}, {"sign": "positive"}, {"smoothing": 0.2}, {"resize": "nearest"})
    ]
    np.testing.assert_array_equal(found[0], found[1])
    assert all((found[0] != other).any() for other in found[2:])


def shares(found):
    found = found.assign(roi_id=IDS[found["roi"]], patient_id=IDS[found["roi"]], side="validation")
    evidence = transplants.evidence([found], "validation", np.random.default_rng(0))
    assert evidence.n == N
    return evidence.shares


def test_a_cue_in_the_lesion_and_one_in_the_frame_swap_outline_and_complement():
    lesion, frame = (shares(measure(finder(), where)[-1]) for where in ("lesion", "frame"))
    assert lesion["outline"].value > 0.85  # its edge is soft
    assert abs(lesion["complement"].value) < 0.15
    assert abs(frame["outline"].value) < 0.15
    assert frame["complement"].value > 0.85
    for found in (lesion, frame):  # the margin is a sum over places
        assert found["outline"].value + found["complement"].value == pytest.approx(1, abs=0.05)
        assert found["CAM top"].value > found["noise top"].value > found["CAM bottom"].value
        assert found["CAM top"].value > found["untrained top"].value
    assert transplants.reading(lesion, 1)[0] == "Depends on the lesion."
    assert transplants.reading(frame, 1)[0].startswith("Shortcut: ")
    for found in (lesion, frame):
        assert transplants.reading(found, 1)[1] == "The map shows where (locality 1.00)."


def test_margins_are_those_of_the_images_put_together():
    model = finder()
    before = model.get_weights()
    images, normal, masks, found = measure(model)
    for weight, old in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, old)

    def margin(images):
        logits = model.predict(preprocess(images), verbose=0)
        return logits[:, 1] - logits[:, 0]

    mirrored = normal[:, :, ::-1]
    black = np.zeros_like(images)
    expected = {
        "outline": regions.replaced(images, mirrored, masks),
        "complement": regions.replaced(images, mirrored, 1 - masks),
        "blackened outline": regions.replaced(images, black, masks),
    }
    for region, changed in expected.items():
        rows = found[found["region"] == region]
        np.testing.assert_allclose(rows["margin"], margin(images), rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(rows["normal"], margin(mirrored), rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(rows["changed"], margin(changed), rtol=1e-4, atol=1e-5)
    # a map that is the mask itself: its top is the outline
    *_, given = measure(model, maps=255 * masks)
    of = given.groupby("region")["changed"]
    np.testing.assert_array_equal(of.get_group("CAM top"), of.get_group("outline"))
    assert set(found["region"]) == set(transplants.REGIONS)
    assert found.groupby("region")["draw"].nunique().to_dict() == dict.fromkeys(
        transplants.REGIONS, 1
    ) | {"untrained top": 3}


def test_a_map_that_shows_no_place_has_no_top():
    *_, masks = planted("lesion")
    maps = masks * np.uint8(255)
    maps[3] = 0
    *_, found = measure(finder(), maps=maps, size=12)
    missing = found[found["changed"].isna()]
    assert list(zip(missing["roi"], missing["region"], strict=True)) == [
        (3, "CAM top"),
        (3, "CAM bottom"),
    ]


def test_all_validation_pairs_are_taken_and_few_of_training():
    sides = np.array(["train"] * 40 + ["validation"] * 30, object)
    chosen = transplant.sample(sides, seed=1)
    assert (chosen[-30:] == np.arange(40, 70)).all()
    assert len(set(chosen)) == transplant.TRAINING + 30
    assert (np.diff(chosen) > 0).all()
    assert not np.array_equal(chosen, transplant.sample(sides, seed=2))
    assert transplant.sample(sides[35:45], seed=1).tolist() == list(range(10))
    others = np.append(sides, ["selection"] * 9).astype(object)
    assert transplant.sample(others, seed=1).tolist() == chosen.tolist()
    assert transplant.sample(sides[:0], seed=1).tolist() == []
