import keras
import numpy as np

from camseg.audit.untrained import DRAWS, untrained_maps
from camseg.explanations.explain import explain
from camseg.explanations.options import GreyRule, MapOptions
from tiny import tiny_model, to_input

IMAGES = np.random.default_rng(0).integers(0, 256, (5, 8, 8)).astype(np.uint8)


def maps_of(model: keras.Model, seed: int = 1, **options) -> list[np.ndarray]:
    choices = {"preprocess": to_input, "batch_size": 2, "explanation": "grad_cam"}
    return list(untrained_maps(model, IMAGES, seed=seed, options=MapOptions(**options), **choices))


def test_each_draw_is_the_map_of_weights_as_a_network_begins_with():
    model = tiny_model()
    draws = maps_of(model)
    assert len(draws) == DRAWS > 2
    assert len({grey.tobytes() for grey in draws}) == DRAWS
    np.testing.assert_array_equal(
        draws[-1], explain(model, to_input(IMAGES))[0]
    )  # its last weights
    assert not model.get_layer("logits").get_weights()[1].any()  # biases begin at 0


def test_maps_by_the_input_are_of_each_draw():
    model = tiny_model()
    choices = {"preprocess": to_input, "batch_size": 2, "explanation": "smooth_grad"}
    draws = untrained_maps(model, IMAGES, seed=1, options=MapOptions(), **choices)
    for drawn in draws:
        expected, _ = explain(model, to_input(IMAGES), explanation="smooth_grad", batch_size=2)
        np.testing.assert_array_equal(drawn, expected)


def test_the_draws_follow_from_the_seed_alone():
    trained = tiny_model()
    trained.set_weights([weights + 1 for weights in trained.get_weights()])
    first, again, other = maps_of(tiny_model()), maps_of(trained), maps_of(tiny_model(), seed=2)
    np.testing.assert_array_equal(first, again)
    assert (np.array(first) != other).any()


def test_maps_are_scaled_as_the_studys():
    model = tiny_model()
    rule = {"sign": "absolute", "resize": "nearest", "smoothing": 0.1}
    draws = maps_of(model, **rule)
    expected, _ = explain(model, to_input(IMAGES), rule=GreyRule(**rule))
    np.testing.assert_array_equal(draws[-1], expected)
