"""Maps against those of other libraries, on small networks: what must agree, and what differs why.

Their maps are taken before ReLU, scaling and enlarging, which are options of theirs, and steps of
`to_grey` here. Where they draw at random, they are given what is drawn here.
"""

import itertools
from importlib import import_module

import keras
import numpy as np
import pytest

from camseg.explanations import explain
from camseg.explanations.methods import grad_cam_pp, kernel_shap, occlusion
from camseg.explanations.noise import DRAWS, NOISE, noisy
from camseg.seeds import generator

SIDE = 32
CELLS = 64  # of the features' grid
TARGETS = {"logit": (0.0, 1.0), "margin": (-1.0, 1.0)}  # of the logits, normal and abnormal
# not pinned, as it asks for opencv-python, whose files are those of opencv-python-headless, too
WITHOUT_XPLIQUE = "needs pip install --no-deps xplique==1.3.3"

# of Keras, of a list of one input
pytestmark = pytest.mark.filterwarnings("ignore:The structure of `inputs`:UserWarning")


def network(head: str = "gap", *, activation: str = "relu", stride: int = 2, side: int = SIDE):
    given = keras.Input((side, side, 3))
    x = keras.layers.Conv2D(6, 3, strides=stride, padding="same", activation=activation)(given)
    x = keras.layers.Conv2D(
        8, 3, strides=stride, padding="same", activation=activation, name="features"
    )(x)
    pool = keras.layers.GlobalAveragePooling2D() if head == "gap" else keras.layers.Flatten()
    x = pool(x)
    if head != "gap":  # gradients differ from place to place
        x = keras.layers.Dense(10, activation=activation)(x)
    model = keras.Model(given, keras.layers.Dense(2)(x))
    random = np.random.default_rng(5)
    for each in model.weights:
        spread = 0.1 if each.ndim == 1 else 2 / np.sqrt(np.prod(each.shape[:-1]))
        each.assign(random.normal(scale=spread, size=each.shape))
    return model


def images(n: int = 3, side: int = SIDE) -> np.ndarray:
    """Smooth images, the darkest value of each 0, which others take for what is absent."""
    rows, columns = np.mgrid[:side, :side] / side
    random = np.random.default_rng(6)
    waves = random.uniform(0, 9, size=(n, 3, 3))
    each = [np.sin(a * rows + b * columns + c) for a, b, c in waves.reshape(-1, 3)]
    drawn = np.stack(each, axis=-1).reshape(side, side, n, 3).transpose(2, 0, 1, 3)
    drawn = drawn + random.normal(scale=0.2, size=drawn.shape)
    return (drawn - drawn.min(axis=(1, 2), keepdims=True)).astype(np.float32)


def ours(model: keras.Model, explanation: str, given: np.ndarray | None = None, **options):
    options = {"score": "margin"} | options
    given = images() if given is None else given
    return explain.explain(model, given, explanation=explanation, **options)[1]


def assert_same(found: np.ndarray, expected: np.ndarray, rtol: float = 1e-4) -> None:
    """Within a share of the largest value, of maps that are none of them flat."""
    assert found.shape == expected.shape
    assert np.ptp(expected, axis=(1, 2)).min() > 0
    np.testing.assert_allclose(found, expected, rtol=0, atol=rtol * np.abs(expected).max())


def assert_alike(found: np.ndarray, expected: np.ndarray, least: float) -> None:
    """Correlated, map by map, and of the same spread within 20 %."""
    for one, other in zip(found, expected, strict=True):
        assert np.corrcoef(np.ravel(one), np.ravel(other))[0, 1] > least
        np.testing.assert_allclose(np.std(one), np.std(other), rtol=0.2)


def score_of(score: str):
    normal, abnormal = TARGETS[score]
    return lambda logits: normal * logits[:, 0] + abnormal * logits[:, 1]


FEATURES = {"penultimate_layer": "features", "seek_penultimate_conv_layer": False}
FEATURES |= {"expand_cam": False, "normalize_cam": False}


@pytest.mark.parametrize("score", TARGETS)
@pytest.mark.parametrize("head", ["gap", "flatten_dense"])
@pytest.mark.parametrize(
    ("explanation", "module", "name"),
    [("grad_cam", "gradcam", "Gradcam"), ("layer_cam", "layercam", "Layercam")],
)
def test_cams_of_tf_keras_vis(explanation, module, name, head, score):
    """They average gradients over the positions, or leave them, where they are summed here."""
    library = import_module(f"tf_keras_vis.{module}")
    model = network(head)
    theirs = getattr(library, name)(model)(
        score_of(score), images(), activation_modifier=None, **FEATURES
    )
    assert_same(ours(model, explanation, score=score), CELLS * np.asarray(theirs))


@pytest.mark.parametrize("head", ["gap", "flatten_dense"])
def test_grad_cam_pp_of_tf_keras_vis(head):
    """It differs: as the authors' program, it divides alpha by its sum over the positions.

    And it keeps the factor exp(Y) of all weights, and has no map before its ReLU.
    """
    library = import_module("tf_keras_vis.gradcam_plus_plus")
    model = network(head)
    theirs = library.GradcamPlusPlus(model)(score_of("margin"), images(), **FEATURES)
    made = explain.differentiate(model, images())
    gradient = made.gradients[1] - made.gradients[0]
    total = made.features.sum(axis=(1, 2), keepdims=True)
    alpha = np.divide(1, 2 + gradient * total, where=gradient != 0, out=np.zeros_like(gradient))
    whole = alpha.sum(axis=(1, 2), keepdims=True)
    margin = (made.logits[:, 1] - made.logits[:, 0])[:, np.newaxis, np.newaxis]
    weights = grad_cam_pp.weights(made.features, gradient) / np.where(whole == 0, 1, whole)
    expected = np.exp(margin) * (made.features * weights).sum(axis=3)
    assert_same(np.maximum(expected, 0), np.asarray(theirs), rtol=1e-3)


def test_score_cam_of_tf_keras_vis():
    """It weighs channels by the score itself, where here it is the softmax of its rise.

    That is proportional to exp(margin), which is what it gets for a score here: of the softmax of
    the logits, the abnormal share over the normal one. It enlarges with the corners of both grids
    on each other, which is nothing else where the features are as large as the image. Masks here
    are of 255 steps.
    """
    library = import_module("tf_keras_vis.scorecam")
    model = network("flatten_dense", stride=1)
    theirs = library.Scorecam(model)(
        lambda shares: shares[:, 1] / shares[:, 0], images(), activation_modifier=None, **FEATURES
    )
    found = ours(model, "score_cam")
    scale = np.asarray(theirs).sum(axis=(1, 2)) / found.sum(axis=(1, 2))
    assert (scale > 0).all()
    assert_same(scale[:, np.newaxis, np.newaxis] * found, np.asarray(theirs), rtol=5e-3)


@pytest.mark.parametrize("score", TARGETS)
def test_gradients_of_tf_keras_vis(score):
    library = import_module("tf_keras_vis.saliency")
    model = network()
    explainer = library.Saliency(model)
    theirs = explainer(score_of(score), images(), normalize_map=False)
    assert_same(ours(model, "saliency", score=score), np.asarray(theirs))
    gradient = explainer(
        score_of(score), images(), gradient_modifier=None, keepdims=True, normalize_map=False
    )
    expected = (images() * np.asarray(gradient)).sum(axis=3)
    assert_same(ours(model, "input_x_gradient", score=score), expected)


def test_gradients_of_noisy_images_of_tf_keras_vis(monkeypatch):
    """It averages the gradients' sizes if nothing else is said; here, gradients are averaged.

    It has no VarGrad, which is the mean of the gradients' squares less the square of their mean.
    """
    library = import_module("tf_keras_vis.saliency")
    drawn = [
        generator(0, "SmoothGrad", draw).standard_normal((1, SIDE, SIDE, 3), np.float32)
        for draw in range(DRAWS)
    ]
    monkeypatch.setattr(np.random, "normal", lambda mean, spread, shape: spread * np.stack(drawn))
    model = network("flatten_dense")
    explainer = library.Saliency(model)
    options = {"smooth_samples": DRAWS, "smooth_noise": NOISE}
    options |= {"keepdims": True, "normalize_map": False}
    mean, squares = (
        np.asarray(explainer(score_of("margin"), images(), gradient_modifier=each, **options))
        for each in (None, np.square)
    )
    assert_same(ours(model, "smooth_grad"), np.abs(mean).max(axis=3))
    assert_same(ours(model, "var_grad"), (squares - mean**2).max(axis=3))


def test_guided_backpropagation_of_tf_keras_vis():
    library = import_module("tf_keras_vis.saliency")
    from tf_keras_vis.utils.model_modifiers import GuidedBackpropagation

    model = network("flatten_dense")
    explainer = library.Saliency(model, model_modifier=GuidedBackpropagation())
    theirs = np.asarray(explainer(score_of("margin"), images(), normalize_map=False))
    assert_same(ours(model, "guided_backprop"), theirs)
    assert np.abs(ours(model, "saliency") - theirs).max() > 0.1 * theirs.max()


def shap_values(model, others: np.ndarray, drawn, monkeypatch, draws: int = 32) -> np.ndarray:
    """The margin's expected gradients (n, H, W) by shap, from what is `drawn`: other, place."""
    shap = pytest.importorskip("shap", reason="it is not pinned for Macs of Intel")
    turns = itertools.cycle(drawn)
    with monkeypatch.context() as patched:
        # it draws an image, then a place on the way from there
        now = {}

        def choice(many: int) -> int:
            now["other"], now["place"] = next(turns)
            return now["other"]

        patched.setattr(np.random, "choice", choice)
        patched.setattr(np.random, "uniform", lambda: now["place"])
        found = shap.GradientExplainer(model, others).shap_values(images(), nsamples=draws)
    return (found[..., 1] - found[..., 0]).sum(axis=3)


def test_expected_gradients_of_shap(monkeypatch):
    """It draws places on the way one by one; here, one from each of 32 equal parts."""
    others = images(8)[3:]
    order = generator(0, "expected gradients").permutation(32)
    drawn = [
        (draw % 5, (part + generator(0, "expected gradients", draw).random()) / 32)
        for draw, part in enumerate(order)
    ]
    model = network("flatten_dense")
    expected = shap_values(model, others, drawn, monkeypatch)
    assert_same(ours(model, "expected_gradients", others=others), expected)


def test_expected_gradients_are_near_those_that_shap_draws_itself():
    shap = pytest.importorskip("shap", reason="it is not pinned for Macs of Intel")
    others = images(8)[3:]
    model = network("flatten_dense", activation="softplus")
    explainer = shap.GradientExplainer(model, others)
    drawn = explainer.shap_values(images(), nsamples=500, rseed=1)
    theirs = (drawn[..., 1] - drawn[..., 0]).sum(axis=3)
    found = ours(model, "expected_gradients", others=others)
    assert_alike(found, theirs, 0.99)


def test_integrated_gradients_are_shaps_from_one_empty_image(monkeypatch):
    empty = np.zeros((1, SIDE, SIDE, 3), np.float32)
    middles = [(0, (step + 0.5) / 32) for step in range(32)]
    model = network("flatten_dense")
    expected = shap_values(model, empty, middles, monkeypatch)
    assert_same(ours(model, "integrated_gradients"), expected)


def by_xplique(name: str, model: keras.Model, given: np.ndarray | None = None, **options):
    """Maps (n, h, w) of the margin by a method of xplique."""
    library = pytest.importorskip("xplique.attributions", reason=WITHOUT_XPLIQUE)
    given = images() if given is None else given
    targets = np.tile(np.float32(TARGETS["margin"]), (len(given), 1))
    return np.asarray(getattr(library, name)(model, **options)(given, targets))[..., 0]


@pytest.mark.parametrize(
    ("explanation", "name", "options"),
    [
        ("saliency", "Saliency", {}),
        ("input_x_gradient", "GradientInput", {"reducer": "sum"}),
    ],
)
def test_gradients_of_xplique(explanation, name, options):
    model = network("flatten_dense")
    assert_same(ours(model, explanation), by_xplique(name, model, **options))


def test_var_grad_of_xplique(monkeypatch):
    """It is the unbiased variance."""
    library = pytest.importorskip("xplique.attributions", reason=WITHOUT_XPLIQUE)

    def perturbed(given, draws: int, noise: float) -> np.ndarray:
        each = np.stack(list(noisy(np.asarray(given))), axis=1)
        assert each.shape[1] == draws
        return each.reshape(-1, SIDE, SIDE, 3)

    monkeypatch.setattr(library.VarGrad.__base__, "_perturb_samples", perturbed)
    model = network("flatten_dense")
    theirs = by_xplique("VarGrad", model, nb_samples=DRAWS, batch_size=DRAWS, reducer="max")
    assert_same(ours(model, "var_grad"), theirs * (DRAWS - 1) / DRAWS)


def test_guided_backpropagation_of_xplique():
    """It keeps the sign; here, the largest size of the channels counts."""
    model = network("flatten_dense")
    high, low = (by_xplique("GuidedBackprop", model, reducer=each) for each in ("max", "min"))
    assert_same(ours(model, "guided_backprop"), np.maximum(np.abs(high), np.abs(low)))


def test_integrated_gradients_of_xplique():
    """It takes the trapezoidal rule; here, the middles of 32 steps stand for them."""
    model = network("flatten_dense", activation="softplus")
    theirs = by_xplique("IntegratedGradients", model, reducer="sum", steps=513)
    assert_same(ours(model, "integrated_gradients"), theirs, rtol=1e-3)


@pytest.mark.parametrize("head", ["gap", "flatten_dense"])
def test_grad_cam_of_xplique(head):
    """It has no map before its ReLU, and enlarges it by cubic splines, as large as it was here."""
    model = network(head, stride=1)
    theirs = by_xplique("GradCAM", model, conv_layer="features")
    found = ours(model, "grad_cam") / SIDE**2
    assert_same(np.maximum(found, 0), theirs)


@pytest.mark.parametrize("head", ["gap", "flatten_dense"])
def test_grad_cam_pp_of_xplique(head):
    """It differs: where equation 19 has the sum of a channel over the positions, it has the mean.

    Given features as many times larger, its weights are those here, but for a mean for a sum.
    """
    library = pytest.importorskip("xplique.attributions", reason=WITHOUT_XPLIQUE)
    made = explain.differentiate(network(head), images())
    gradient = made.gradients[1] - made.gradients[0]
    theirs = library.GradCAMPP._compute_weights(gradient, CELLS * made.features)
    found = grad_cam_pp.weights(made.features, gradient)[:, 0, 0]
    expected = CELLS * np.asarray(theirs)[:, 0, 0]
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3 * np.abs(expected).max())


def test_occlusion_of_xplique():
    """It sums the losses by the squares that a pixel lies in; here, they are averaged."""
    model = network("flatten_dense")
    theirs = by_xplique("Occlusion", model, patch_size=4, patch_stride=2, occlusion_value=0.0)
    squares = np.zeros((SIDE, SIDE))
    for rows, columns in itertools.product(range(0, SIDE - 3, 2), repeat=2):
        squares[rows : rows + 4, columns : columns + 4] += 1
    assert squares[0, 0] == 1 and (SIDE - 4) // 2 + 1 == occlusion.PLACES
    assert_same(ours(model, "occlusion"), theirs / squares, rtol=1e-3)


def test_rise_of_xplique():
    """It draws other masks, of the same kind, where 7 cells fill the image."""
    model, given = network("flatten_dense", activation="softplus", side=28), images(2, side=28)
    keras.utils.set_random_seed(1)
    theirs = by_xplique("Rise", model, given, nb_samples=2000, mask_value=0.0, batch_size=20)
    found = ours(model, "rise", given)
    assert_alike(found, theirs, 0.95)
    np.testing.assert_allclose(found.mean(axis=(1, 2)), theirs.mean(axis=(1, 2)), atol=0.1)


def test_kernel_shap_of_xplique():
    """It draws coalitions of its own, without the constraint, and does not divide by sizes."""
    model = network("flatten_dense", activation="softplus")

    def regions(image) -> np.ndarray:
        return kernel_shap.superpixels(np.asarray(image)).astype(np.int32)

    keras.utils.set_random_seed(1)
    theirs = by_xplique(
        "KernelShap",
        model,
        map_to_interpret_space=regions,
        nb_samples=2000,
        ref_value=np.zeros(3, np.float32),
    )
    for image, one, other in zip(images(), ours(model, "kernel_shap"), theirs, strict=True):
        places = regions(image).ravel()
        sizes = np.bincount(places)
        found, expected = (np.bincount(places, each.ravel()) for each in (one, other))
        assert_alike([found], [expected / sizes], 0.99)
