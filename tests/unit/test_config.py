import copy
import re
from pathlib import Path

import pytest
import yaml
from snakemake.utils import validate

from camseg.config import check_schema, check_study
from camseg.errors import CamsegError

SCHEMA = Path("workflow/schemas/config.schema.yaml")


def load(path):
    return yaml.safe_load(Path(path).read_text())


def keys(config, prefix=""):
    for key, value in config.items():
        yield prefix + key
        if isinstance(value, dict):
            yield from keys(value, f"{prefix}{key}.")


@pytest.fixture
def config():
    return load("config/config.yaml")


def change(config, key, value):
    config = copy.deepcopy(config)
    *sections, last = key.split(".")
    place = config
    for section in sections:
        place = place.setdefault(section, {})
    place[last] = value
    return config


@pytest.mark.parametrize("name", ["config", "paper"])
def test_shipped_configs_are_valid(name):
    check_schema(load(f"config/{name}.yaml"), SCHEMA)


def test_paper_config_sets_every_key(config):
    assert set(keys(config)) == set(keys(load("config/paper.yaml")))


def test_schema_describes_every_key_and_its_defaults_are_the_default_study(config):
    empty = {}
    validate(empty, SCHEMA)
    assert {**empty, "pathvars": config["pathvars"]} == config

    def check(schema, place):
        for key, rule in schema["properties"].items():
            if rule.get("type") == "object":
                check(rule, f"{place}{key}.")
            else:
                assert rule.get("description"), f"{place}{key} has no description"
                assert "default" in rule, f"{place}{key} has no default"

    check(load(SCHEMA), "")


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("training.epohcs", 3, "config: training.epohcs: no such key; did you mean epochs?"),
        ("sede", 3, "config: sede: no such key; did you mean seed?"),
        ("training.epochs", 0, "config: training.epochs: 0 is less than the minimum of 1"),
        ("training.epochs", "many", "config: training.epochs: 'many' is not of type 'integer'"),
        ("models", ["VGG"], "config: models.0: 'VGG' is not one of"),
        ("models", ["Xception", "Xception"], "config: models: .* non-unique"),
        ("regimes.cam", "none", "config: regimes.cam: 'none' is not valid"),
        ("rois.padding", [0.1], r"config: rois.padding: \[0.1\] is too short"),
        ("dataset.source", "disk", "config: dataset.source: 'disk' is not one of"),
        ("selection.volumes", "cancer_01", "config: selection.volumes: 'cancer_01' is not of type"),
        ("rois.grey", "raw", "config: rois.grey: 'raw' is not one of"),
        ("training", 7, "config: training: 7 is not of type 'object'"),
    ],
)
def test_a_bad_key_or_value_is_one_readable_line(config, key, value, message):
    with pytest.raises(CamsegError) as error:
        check_schema(change(config, key, value), SCHEMA)
    assert re.match(message, str(error.value))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("regimes.inverse", ["VGG16"], "regimes.inverse: VGG16 is not among models"),
        ("rois.padding", [0.3, 0.1], r"rois.padding: \[0.3, 0.1\] is no range"),
        ("rois.padding", [0.1, float("nan")], r"rois.padding: \[0.1, nan\] is no range"),
        ("phantom.contrast", [0.1, float("inf")], "phantom.contrast: .* is no range"),
        ("training.learning_rate", float("nan"), "is no finite number"),
        ("dataset", {"source": "ddsm", "path": "no/where"}, "there is no folder no/where"),
        ("rois.size", 96, "rois.size: InceptionV3 has a CAM of a single value at 96 px"),
    ],
)
def test_a_senseless_study_is_one_readable_line(config, key, value, message):
    with pytest.raises(CamsegError, match=message):
        check_study(change(config, key, value))


def test_default_study_makes_sense(config):
    check_study(config)


def test_environments_pin_what_the_requirements_pin():
    pins = set(
        re.findall(r"^[A-Za-z0-9_.-]+==[^ ;\\]+", Path("requirements.txt").read_text(), re.M)
    )
    for path in Path("envs").glob("*.yaml"):
        *conda, pip = load(path)["dependencies"]
        assert conda == ["python >=3.11,<3.14", "pip"]
        for pin in pip["pip"]:
            assert pin in pins, f"{path}: {pin} is not pinned so in requirements.txt"
