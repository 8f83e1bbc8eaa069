import argparse
import copy
import json
import re
import zipfile
from dataclasses import MISSING
from pathlib import Path

import pytest
import yaml
from snakemake.utils import validate

from camseg.datasets.selection import GreyOptions, Selection
from camseg.errors import CamsegError
from camseg.explanations.options import CamOptions
from camseg.networks.options import ClassifierOptions
from camseg.options import Declared, add_options, declared, from_arguments, to_arguments
from camseg.phantom.options import PhantomOptions
from camseg.rois.options import RoiOptions, SplitOptions
from camseg.segmentation.options import SegmentationOptions
from camseg.study.config import check_schema, check_study, entries
from camseg.training.options import ExecutionOptions, TrainingOptions

SCHEMA = Path("workflow/schemas/config.schema.yaml")


CAM = {"explanation": "grad_cam", "also": ["hires_cam", "layer_cam"], "retrain": []}


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


@pytest.mark.parametrize("path", sorted(Path("config/studies").glob("*.yaml")), ids=str)
def test_shipped_studies_make_sense_over_the_default_one(config, path):
    changed = load(path)
    check_schema(changed, SCHEMA)
    for key, value in changed.items():
        config[key] = config[key] | value if isinstance(value, dict) else value
    check_study(config)
    assert config["pathvars"]["results"] == f"results/{path.stem}"  # overwrites no other one


def test_paper_config_sets_every_key(config):
    assert set(keys(config)) == set(keys(load("config/paper.yaml")))


def test_schema_describes_every_key_and_its_defaults_are_the_default_study(config):
    empty, completed = {}, copy.deepcopy(config)
    validate(empty, SCHEMA)
    validate(completed, SCHEMA)  # what config.yaml leaves out, too
    assert empty == completed

    def check(schema, place):
        for key, rule in schema["properties"].items():
            if rule.get("type") == "object":
                check(rule, f"{place}{key}.")
            else:
                assert rule.get("description"), f"{place}{key} has no description"
                assert "default" in rule, f"{place}{key} has no default"

    check(load(SCHEMA), "")
    model = load(SCHEMA)["$defs"]["model"]["properties"]
    check({"properties": {key: model[key] for key in model if key != "name"}}, "models.")


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("training.epohcs", 3, "config: training.epohcs: no such key; did you mean epochs?"),
        ("sede", 3, "config: sede: no such key; did you mean seed?"),
        ("results", "x", r"config: results: no such key; write it as pathvars: {results: x}$"),
        ("epochs", 3, r"config: epochs: no such key; write it as training: {epochs: 3}$"),
        ("image", [1], r"config: image: no such key; write it as figure1: {image: \.\.\.}$"),
        (
            "weights",
            None,
            r"config: weights: no such key; write it as figure1: {weights: \.\.\.}$",
        ),
        ("training.seed", 3, r"config: training.seed: no such key; write it as seed: 3$"),
        (
            "rois.source",
            "ddsm",
            r"config: rois.source: no such key; write it as dataset: {source: ddsm}$",
        ),
        (
            "cam.relu",
            True,
            "config: cam.relu: no such key; it is cam: sign now: "
            "`positive` for true, `signed` for false$",
        ),
        ("cam.relu", False, "config: cam.relu: no such key; it is cam: sign now"),
        ("cam.singed", "absolute", "config: cam.singed: no such key; did you mean sign?"),
        ("cam.sign", "abs", r"config: cam.sign: 'abs' is not one of \['signed', 'positive', 'abso"),
        ("segmentation.methods", ["u_net"], "config: segmentation.methods.0: 'u_net' is not one"),
        ("segmentation.outlines", [0], "config: segmentation.outlines.0: 0 is less than the minim"),
        ("segmentation.unet", 1, "config: segmentation.unet: no such key"),
        ("cam.smoothing", 0.6, "config: cam.smoothing: 0.6 is greater than the maximum of 0.5"),
        ("cam.mask", "all", r"config: cam.mask: no such key; write it as regimes: {mask: all}$"),
        ("cam.cam", "all", r"config: cam.cam: no such key; write it as regimes: {cam: all}$"),
        ("training.epochs", 0, "config: training.epochs: 0 is less than the minimum of 1"),
        ("training.epochs", "many", "config: training.epochs: 'many' is not of type 'integer'"),
        ("models", [], r"config: models: \[\] should be non-empty"),
        ("models", ["V2+"], "config: models.0: 'V2.' does not match .* digits and"),
        ("models", ["../x"], "config: models.0: '../x' does not match .* digits and"),
        ("models", ["V2+"], "config: models.0: .* does not match"),  # nor would TensorFlow take it
        ("models", [{"name": ".."}], "config: models.0.name: '..' does not match"),
        ("models", [{"name": "-x"}], "config: models.0.name: '-x' does not match"),
        ("models", [{"name": "x\n"}], r"config: models.0.name: 'x\\n' does not match"),
        ("selection.volumes", ["-x"], "config: selection.volumes.0: '-x' does not match"),
        ("models", [{"network": "Xception"}], "config: models.0: 'name' is a required property"),
        ("models", [{"name": "a", "haed": 1}], "config: models.0.haed: .* did you mean head?"),
        ("models", [{"name": "a", "head": "dense"}], "config: models.0.head: 'dense' is not one"),
        ("models", [{"name": "a", "widths": [0]}], "config: models.0.widths.0: 0 is less than"),
        ("models", [{"name": "a", "widths": 16}], "config: models.0.widths: 16 is not of type"),
        ("models", [{"name": "a", "weights": True}], "config: models.0.weights: True is not of"),
        ("regimes.cam", "none", "config: regimes.cam: 'none' is not valid"),
        ("rois.padding", [0.1], r"config: rois.padding: \[0.1\] is too short"),
        ("dataset.source", "disk", "config: dataset.source: 'disk' is not one of"),
        ("selection.volumes", "cancer_01", "config: selection.volumes: 'cancer_01' is not of type"),
        ("rois.grey", "raw", "config: rois.grey: 'raw' is not one of"),
        (
            "training",
            7,
            r"config: training: 7 is not of type 'object' \(a section; its keys are ep",
        ),
        (
            "selection",
            None,
            r"config: selection: None is not of .* its keys are lesion_types, path",
        ),
        ("cam", "all", r"config: cam: 'all' .*keys are expl.*; or write regimes: {cam: all}\)$"),
        ("rois.padding", [0.1, float("nan")], "config: rois.padding.1: nan is not of type 'numb"),
        ("phantom.contrast", [0.1, float("inf")], "config: phantom.contrast.1: inf is not of"),
        ("training.learning_rate", float("nan"), "config: training.learning_rate: nan is not"),
        ("training.rotation", float("nan"), "config: training.rotation: nan is not of type"),
        ("splits", 2.0, "config: splits: 2.0 is not of type 'integer'"),
        ("seed", True, "config: seed: True is not of type 'integer'"),
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
        ("regimes.cam", ["all"], "regimes.cam: write cam: all, without brackets$"),
        ("regimes.inverse", ["Xception", "All"], "regimes.inverse: write inverse: all, without"),
        ("cam.also", ["hires_cma"], "cam.also: there is no method hires_cma; .* mean hires_cam?"),
        ("cam.also", ["shap"], "cam.also: there is no method shap; did you mean kernel_shap?"),
        ("cam.also", ["xyz"], "cam.also: there is no method xyz; known are grad_cam, hires_cam"),
        ("cam.also", ["grad_cam"], "cam.also: grad_cam is the study's explanation already"),
        ("cam", CAM | {"retrain": ["layer_cma"]}, "cam.retrain: layer_cma is .* mean layer_cam?"),
        ("cam", CAM | {"retrain": ["rise"]}, "cam.retrain: rise is not among cam.also; list it"),
        ("cam", CAM | {"retrain": ["grad_cam"]}, "cam.retrain: grad_cam is the study's explan"),
        ("rois.padding", [0.3, 0.1], r"rois.padding: \[0.3, 0.1\] is no range"),
        ("dataset", {"source": "ddsm", "path": "no/where"}, "there is no folder no/where"),
        ("pathvars.results", "-rf", "pathvars.results: '-rf': a path must not begin with -"),
        ("pathvars.results", "~/results", "pathvars.results: '~/results': a path must not"),
        ("pathvars.results", "results/<x>", "pathvars.results: 'results/<x>': a path must not"),
        ("dataset.path", "data/{shard}", "dataset.path: 'data/{shard}': a path must not"),
        ("figure1.image", "a\nb", r"figure1.image: 'a\\nb': a path must not"),
        ("models", [{"name": "VGG16", "weights": "-x"}], "VGG16: weights: '-x': a path must not"),
        ("models", [{"name": "a", "network": "~/b.py:c"}], "a: there is no file ~/b.py"),
        ("models", [{"name": "a", "network": "b.py"}], "your own is written FILE.py:FUNCTION"),
        ("rois.size", 96, "rois.size: InceptionV3 has no CAM of more than a single value at 96"),
        ("models", ["Xceptoin"], "models: Xceptoin: keras.applications .* did you mean Xception?"),
        ("models", [{"name": "a", "network": "resnet50v2"}], "models: a: .* mean ResNet50V2?"),
        ("models", ["AlexNet"], "models: AlexNet: .* config/README.md lists them"),
        ("models", ["VGG16", {"name": "VGG16"}], "models: VGG16: is listed twice"),
        ("models", [{"name": "VGG16", "network": "VGG19"}], "VGG16: .* another network than VGG19"),
        ("models", [{"name": "VGG16", "widths": [8]}], "VGG16: head gap has no hidden layers"),
        ("models", [{"name": "VGG16", "head": "gap_dense"}], "VGG16: head gap_dense needs widths"),
        ("models", [{"name": "VGG16", "head": "flatten_dense"}], "head flatten_dense needs widths"),
    ],
)
def test_a_senseless_study_is_one_readable_line(config, key, value, message):
    with pytest.raises(CamsegError, match=message):
        check_study(change(config, key, value))


def test_default_study_makes_sense(config):
    check_study(config)


def test_an_explanation_that_does_not_fit_a_head_is_refused(config):
    dense = {"name": "Dense", "network": "MobileNetV2", "head": "gap_dense", "widths": [8]}
    fault = (
        "^config: cam: cam fits the head gap only, and models: Dense has gap_dense; "
        "take grad_cam, which fits any head and is the same map behind gap, or give Dense the head "
        "gap$"
    )
    for key, value in (("cam.explanation", "cam"), ("cam.also", ["layer_cam", "cam"])):
        chosen = change(config, key, value)
        check_study(chosen)
        with pytest.raises(CamsegError, match=fault):
            check_study(change(chosen, "models", ["MobileNetV2", dense]))


def test_retraining_on_maps_needs_a_regime_that_is_trained_on_maps(config):
    config["cam"] |= {"also": ["layer_cam"], "retrain": ["layer_cam"]}
    check_study(config)
    with pytest.raises(
        CamsegError, match=r"^config: cam.retrain: no regime is trained on maps; set regimes: cam: "
    ):
        check_study(change(config, "regimes.cam", []))
    check_study(change(config, "regimes", config["regimes"] | {"cam": [], "noise": "all"}))


def test_weights_files_must_exist(config, tmp_path):
    path = tmp_path / "mine.weights.h5"
    config["regimes"]["inverse"] = []
    config["models"] = [{"name": "VGG16", "weights": "imagenet"}, {"name": "a", "network": "VGG16"}]
    check_study(config)
    config["models"][1]["weights"] = str(path)
    with pytest.raises(CamsegError, match=f"models: a: weights: there is no file {path}"):
        check_study(config)
    path.touch()
    check_study(config)


OWN = {
    "": "a: {file}: has no function build; it has none",
    "def bild(size): pass": "a: {file}: has no function build; did you mean bild?",
    "class build: pass\ndef x(): pass": "a: {file}: has no function build; it has x",
    "x = 1\ndef build(size)": "a: {file}:2: is no Python: expected ':'",
    "x = '\0'": "a: {file}.*: is no Python: source code .* null bytes",
}


@pytest.mark.parametrize("code", OWN)
def test_what_is_wrong_with_code_of_ones_own_is_told_without_running_it(config, tmp_path, code):
    path = tmp_path / "mine.py"
    config["regimes"]["inverse"] = []
    config["models"] = [{"name": "a", "network": f"{path}:build"}]
    with pytest.raises(CamsegError, match=f"^config: models: a: there is no file {path}$"):
        check_study(config)
    path.write_text(code)
    with pytest.raises(CamsegError, match=OWN[code].format(file=path)) as error:
        check_study(config)
    assert "\n" not in str(error.value)
    path.write_text("raise SystemExit('is run')\n\ndef build(size): pass")
    check_schema(config, SCHEMA)
    check_study(config)
    assert entries(config)["a"].code_file == str(path)
    config["models"][0]["weights"] = "imagenet"
    with pytest.raises(CamsegError, match="a: weights imagenet are of Keras' networks only; name"):
        check_study(config)
    path.rename(tmp_path / "{mine}.py")
    config["models"] = [{"name": "a", "network": f"{tmp_path / '{mine}.py'}:build"}]
    with pytest.raises(CamsegError, match=r"a: network: '.*{mine}.py:build': a path must not"):
        check_study(config)


def test_a_classifier_trained_elsewhere_fits_and_has_one_seed(config, tmp_path):
    path = tmp_path / "given.keras"
    config["regimes"]["inverse"] = []
    config["models"] = [{"name": "a", "network": "VGG16", "trained": str(path)}]
    check_schema(config, SCHEMA)
    with pytest.raises(CamsegError, match=f"^config: models: a: trained: there is no file {path}$"):
        check_study(config)
    layers = [{"class_name": "InputLayer", "config": {"batch_shape": [None, 128, 128, 3]}}]
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", json.dumps({"config": {"layers": layers}}))
    check_study(config)
    with pytest.raises(
        CamsegError, match=r"^config: seeds: a is trained already, .* set seeds: 1$"
    ):
        check_study(config | {"seeds": 2})
    with pytest.raises(CamsegError, match="a: trained: '-x': a path must not"):
        check_study(change(config, "models", [config["models"][0] | {"trained": "-x"}]))


def test_entries_of_names_and_mappings_alike(config):
    flat = {"name": "V-2", "network": "MobileNetV2", "head": "flatten_dense", "widths": [16, 8]}
    config["models"] = ["Xception", {"name": "VGG16", "weights": "imagenet"}, flat]
    check_schema(config, SCHEMA)
    expected = {
        "Xception": ClassifierOptions(
            name="Xception", network="Xception", head="gap", widths=(), weights=None
        ),
        "VGG16": ClassifierOptions(
            name="VGG16", network="VGG16", head="gap", widths=(), weights="imagenet"
        ),
        "V-2": ClassifierOptions(
            name="V-2", network="MobileNetV2", head="flatten_dense", widths=(16, 8), weights=None
        ),
    }
    assert entries(config) == expected
    assert list(entries(config)) == list(expected)
    validate(config, SCHEMA)  # sets what the mappings leave out
    assert config["models"][1] == {
        "name": "VGG16",
        "network": None,
        "head": ClassifierOptions.head,
        "widths": list(ClassifierOptions.widths),
        "weights": "imagenet",
        "trained": None,
    }
    assert entries(config) == expected


# the options that a section of the configuration gives, and its keys that are none of them
SECTIONS = {
    "phantom": ([PhantomOptions], set()),
    "selection": ([Selection], set()),
    "rois": ([RoiOptions, GreyOptions], {"shards"}),
    "split": ([SplitOptions], set()),
    "model": ([ClassifierOptions], set()),
    "training": ([TrainingOptions], set()),
    "execution": ([ExecutionOptions], set()),
    "cam": ([CamOptions], {"explanation", "also", "retrain"}),
    "segmentation": ([SegmentationOptions], {"methods", "outlines", "models"}),
}
# null in a configuration for what is never None in the options: its own name, no names at all
FILLED_IN = {"network", "lesion_types", "pathologies", "volumes"}
# what only a schema says: of texts and lists of texts, which its own tests try
OF_TEXTS = {"minLength", "pattern", "uniqueItems"}


def written_out(rule, definitions):
    """A rule of the schema with what it refers to in its place; nearer words stand."""
    reference = rule.pop("$ref", None)
    if reference:
        rule = copy.deepcopy(definitions[reference.removeprefix("#/$defs/")]) | rule
    if "items" in rule:
        rule["items"] = written_out(rule["items"], definitions)
    return {key: value for key, value in rule.items() if key not in OF_TEXTS}


def rule_of(option: Declared) -> dict:
    """An option as a rule of a schema."""
    kinds = {bool: "boolean", int: "integer", float: "number", str: "string"}
    words = {"minimum": "minimum", "maximum": "maximum"}
    words |= {"above": "exclusiveMinimum", "below": "exclusiveMaximum"}
    null = option.optional or option.name in FILLED_IN

    def of_type(kind):
        return {"type": [kind, "null"] if null else kind}

    limits = {
        word: option.rules[name] for name, word in words.items() if option.rules[name] is not None
    }
    if option.rules["choices"]:
        rule = {"enum": [*option.rules["choices"], *([None] if null else [])]}
    elif option.length is None:
        rule = of_type(kinds[option.kind]) | limits
    else:
        rule = of_type("array") | {"items": {"type": kinds[option.kind]} | limits}
        if option.length:
            rule |= {"minItems": option.length, "maxItems": option.length}
    return rule | {"description": option.rules["meaning"]}


@pytest.mark.parametrize("section", SECTIONS)
def test_schema_and_options_say_the_same(section):
    """Names, types, ranges, choices, and what each means, word for word; defaults of both."""
    schema = load(SCHEMA)
    place = schema["$defs"] if section == "model" else schema["properties"]
    keys = {
        key: written_out(rule, schema["$defs"])
        for key, rule in place[section]["properties"].items()
    }
    classes, others = SECTIONS[section]
    options = {option.name: option for each in classes for option in declared(each)}
    assert set(options) == set(keys) - others
    assert others <= set(keys)
    for name, option in options.items():
        rule = keys[name]
        default = rule.pop("default", MISSING)
        assert rule == rule_of(option), name
        if option.default is not MISSING:
            value = option.default
            assert default == (list(value) if isinstance(value, tuple) else value), name


def test_every_section_is_made_of_options():
    """But those that only the workflow itself reads."""
    schema = load(SCHEMA)["properties"]
    sections = {key for key, rule in schema.items() if rule.get("type") == "object"}
    assert sections - set(SECTIONS) == {"pathvars", "dataset", "regimes", "figure1"}


@pytest.mark.parametrize("section", [section for section in SECTIONS if section != "model"])
@pytest.mark.parametrize("name", ["config", "paper"])
def test_a_configurations_values_go_through_a_command_line_unchanged(name, section):
    config = load(f"config/{name}.yaml")
    validate(config, SCHEMA)  # what the file leaves out, too
    values = config[section]
    for options in SECTIONS[section][0]:
        parser = argparse.ArgumentParser()
        add_options(parser, options)
        given = from_arguments(options, parser.parse_args(to_arguments(options, values)))
        for option in declared(options):
            value = getattr(given, option.name)
            assert (list(value) if option.length is not None else value) == values[option.name]


def test_null_stands_for_a_models_own_name_and_for_no_names(config):
    config["models"] = [{"name": "VGG16", "network": None}]
    config["selection"] = dict.fromkeys(("lesion_types", "pathologies", "volumes"))
    check_schema(config, SCHEMA)
    assert entries(config)["VGG16"].network == "VGG16"
    parser = argparse.ArgumentParser()
    add_options(parser, Selection)
    words = to_arguments(Selection, config["selection"])
    assert from_arguments(Selection, parser.parse_args(words)) == Selection()


def test_environments_pin_what_the_requirements_pin():
    pins = set(
        re.findall(r"^[A-Za-z0-9_.-]+==[^ ;\\]+", Path("requirements.txt").read_text(), re.M)
    )
    for path in Path("envs").glob("*.yaml"):
        *conda, pip = load(path)["dependencies"]
        assert conda == ["python >=3.11,<3.14", "pip"]
        for pin in pip["pip"]:
            assert pin in pins, f"{path}: {pin} is not pinned so in requirements.txt"
