import json
import os
import subprocess
import sys

import keras
import pytest

from camseg.errors import CamsegError
from camseg.explanations import imagenet
from camseg.networks import classifiers
from camseg.networks.backend import check_settings
from project import ROOT

OTHER = {
    "floatx": "float16",
    "epsilon": 0.001,
    "backend": "jax",
    "image_data_format": "channels_first",
}


def said(code, folder, settings=OTHER, **environment):
    """The last line of a program whose Keras finds such a keras.json."""
    (folder / "keras.json").write_text(json.dumps(settings))
    known = os.environ | {"PYTHONPATH": str(ROOT / "scripts"), "KERAS_HOME": str(folder)}
    done = subprocess.run(
        [sys.executable, *code], env=known | environment, text=True, capture_output=True
    )
    return (done.stdout or done.stderr).splitlines()[-1]


BUILD = """
from camseg.networks import classifiers
model = classifiers.build("MobileNetV2", size=32, batchnorm_momentum=None)
import keras
print(keras.config.backend(), keras.config.epsilon(), model.input_shape, model.compute_dtype)
"""


@pytest.mark.parametrize("environment", [{}, {"KERAS_BACKEND": "jax", "TF_USE_LEGACY_KERAS": "1"}])
def test_the_programs_settings_are_camsegs(tmp_path, environment):
    environment = {"KERAS_BACKEND": ""} | environment
    found = said(["-c", BUILD], tmp_path, **environment)
    assert found == "tensorflow 1e-07 (None, 32, 32, 3) float32"


def test_settings_that_keras_does_not_know_are_one_line(tmp_path):
    """Of a program that imports Keras, with whatever arguments."""
    program = [ROOT / "scripts/render_figure1.py", "--image", "x", "--weights", "x"]
    program += ["--threads", "1", "--output", "x"]
    program += ["--caption", ROOT / "workflow/report/figure1.rst"]
    line = said(program, tmp_path, {"floatx": "bfloat16"})
    assert line.startswith(f"error: {tmp_path}/keras.json: cannot be used by Keras: Invalid")


def test_another_backend_that_is_loaded_already_is_refused(tmp_path):
    code = """
import keras
keras.config.backend = lambda: "jax"  # which is not installed here
from camseg.errors import CamsegError
try:
    from camseg.explanations import explain
except CamsegError as error:
    print(error)
"""
    line = said(["-c", code], tmp_path, KERAS_BACKEND="tensorflow")
    assert line.startswith("Keras has been loaded with the backend jax, camseg needs tensorflow:")


@pytest.mark.parametrize(
    ("name", "value", "needed"),
    [
        ("image_data_format", "channels_first", "channels_last"),
        ("floatx", "float64", "float32"),
        ("epsilon", 1e-3, 1e-7),
        ("dtype_policy", "mixed_float16", "float32"),
    ],
)
def test_settings_of_somebody_elses_program_stay_but_build_no_networks(name, value, needed):
    check_settings()
    choose = getattr(keras.config, f"set_{name}")
    choose(value)
    try:
        refused = f"set to {name} {value}, the networks need {needed}"
        with pytest.raises(CamsegError, match=refused):
            classifiers.build("MobileNetV2", size=32, batchnorm_momentum=None)
        with pytest.raises(CamsegError, match=refused):
            imagenet.load_xception("imagenet")
    finally:
        choose(needed)
    check_settings()


LOADED = """
import sys
from camseg.networks import backend
print(os.environ["TF_ENABLE_ONEDNN_OPTS"], *(name in sys.modules for name in NAMES))
"""


@pytest.mark.parametrize(
    ("first", "environment", "expected"),
    [
        # a program of the workflow loads neither for Keras, and still can
        ("import camseg.cli", {}, "1 False False"),
        ("import camseg.cli, sklearn", {}, "1 False True"),
        # somebody else's may use what Keras makes of them
        ("", {}, "1 True True"),
        ("", {"TF_ENABLE_ONEDNN_OPTS": "0"}, "0 True True"),
    ],
)
def test_what_is_loaded_and_switched_on(first, environment, expected, tmp_path, monkeypatch):
    monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS", raising=False)
    names = f'import os; NAMES = ("matplotlib", "sklearn"); {first}'
    assert said(["-c", f"{names}\n{LOADED}"], tmp_path, {}, **environment) == expected
    if first:
        code = f"{names}\n{LOADED}import matplotlib.pyplot, sklearn.metrics\nprint('both')"
        assert said(["-c", code], tmp_path, {}, **environment) == "both"
