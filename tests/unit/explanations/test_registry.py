import inspect
from importlib import import_module

import numpy as np
import pytest
import yaml

from camseg import named
from camseg.explanations.explain import METHODS, asks, is_costly, is_of_input
from camseg.explanations.options import CamOptions
from camseg.explanations.registry import EXPLANATIONS
from camseg.explanations.scaling import RESIZES
from camseg.options import declared
from project import ROOT

SCHEMA = ROOT / "workflow/schemas/config.schema.yaml"


def test_table_modules_and_configuration_name_the_same_explanations():
    schema = yaml.safe_load(SCHEMA.read_text())["properties"]["cam"]["properties"]
    assert list(EXPLANATIONS) == schema["explanation"]["enum"]
    assert sorted(EXPLANATIONS) == named.names(METHODS)
    for each in EXPLANATIONS.values():
        assert each.title and each.what and each.reference


@pytest.mark.parametrize("explanation", EXPLANATIONS)
def test_table_and_module_say_the_same_of_a_method(explanation):
    known = EXPLANATIONS[explanation]
    assert is_of_input(explanation) == known.of_input
    assert (asks(explanation) == "head") == (known.head == "gap")
    assert (asks(explanation) == "background") == known.background
    assert is_costly(explanation) == known.costly


@pytest.mark.parametrize(
    "explanation", [name for name in EXPLANATIONS if asks(name) in ("gradient", "head")]
)
def test_a_method_makes_a_map_per_image_of_features_and_gradients(explanation):
    method = import_module(f"{METHODS}.{explanation}")
    assert list(inspect.signature(method.maps).parameters) == ["features", "gradient"]
    features, gradient = np.random.default_rng(0).random((2, 4, 3, 5, 6), np.float32)
    maps = method.maps(features, gradient)
    assert maps.shape == (4, 3, 5)
    assert maps.dtype == np.float32
    for image in range(4):  # whatever the others are
        alone = method.maps(features[[image]], gradient[[image]])
        np.testing.assert_allclose(alone[0], maps[image], rtol=1e-6)


def test_every_way_to_resize_can_be_chosen():
    choices = {option.name: option.rules["choices"] for option in declared(CamOptions)}
    assert choices["resize"] == tuple(RESIZES)
