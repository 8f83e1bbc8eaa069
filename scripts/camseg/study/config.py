"""What a study's configuration must satisfy, told in one line where it does not."""

import math
from difflib import get_close_matches
from pathlib import Path

import yaml
from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend

from camseg.datasets.registry import SOURCES
from camseg.errors import CamsegError
from camseg.explanations.registry import EXPLANATIONS
from camseg.networks.options import ClassifierOptions
from camseg.networks.registry import NETWORKS, cam_grid, check_network
from camseg.study.trained import check_trained
from camseg.training.registry import REGIMES

# JSON Schema takes 2.0 for an integer, and YAML .nan for a number: neither serves as one here
STRICT = extend(
    Draft202012Validator,
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine_many(
        {
            "integer": lambda _, value: type(value) is int,
            "number": lambda _, value: type(value) in (int, float) and math.isfinite(value),
        }
    ),
)


# keys that had another name, and how to say now what they said
RENAMED = {"cam.relu": "it is cam: sign now: `positive` for true, `signed` for false"}


def entries(config: dict) -> dict[str, ClassifierOptions]:
    """Return the classifiers that `models` lists, in its order, by their names.

    Raises CamsegError if one names a network that Keras, or the user's file, has not, has a name
    that is taken or is another network's, or a head that does not fit its widths.
    """
    found = {}
    for item in config["models"]:
        given = {"name": item} if isinstance(item, str) else item
        network, widths = given.get("network") or given["name"], tuple(given.get("widths", ()))
        entry = ClassifierOptions(**given | {"network": network, "widths": widths})
        place = f"config: models: {entry.name}:"
        try:
            check_network(entry.network)
        except CamsegError as error:
            raise CamsegError(f"{place} {error}") from error
        if entry.name in found:
            raise CamsegError(f"{place} is listed twice; give one of them another name")
        if entry.name in NETWORKS and entry.name != entry.network:
            raise CamsegError(f"{place} is the name of another network than {entry.network}")
        if entry.head == "gap" and entry.widths:
            raise CamsegError(f"{place} head gap has no hidden layers; leave widths out")
        if entry.head != "gap" and not entry.widths:
            raise CamsegError(f"{place} head {entry.head} needs widths, say [256]")
        if entry.code_file and entry.weights == "imagenet":
            raise CamsegError(f"{place} weights imagenet are of Keras' networks only; name a file")
        found[entry.name] = entry
    return found


def check_schema(config: dict, schema: str | Path) -> None:
    """Raise CamsegError, naming key, value and remedy, if a configuration breaks its schema."""
    rules = yaml.safe_load(Path(schema).read_text(encoding="utf-8"))
    errors = STRICT(rules).iter_errors(config)
    errors = sorted(errors, key=lambda error: [str(key) for key in error.path])
    if errors:
        raise CamsegError(f"config: {_describe(errors[0], rules)}")


def check_study(config: dict) -> None:
    """Raise CamsegError if a configuration that fits its schema makes no sense as a study.

    The models must make sense (see `entries`), every regime's be among them, methods exist, fit
    the heads and be there to retrain on (see `check_retrain`), those of segmentation have what they
    need (see `check_segmentation`), ranges run from low to high, paths be plain (`check_paths`),
    a dataset's folder and every weights file exist, trained classifiers fit (see `check_trained`)
    and be scored with one seed only, and the last feature map of every network of Keras be larger
    than 1 x 1 (a CAM of one value is flat).
    """
    models = entries(config)
    check_paths(config, models)
    for name in config["cam"]["also"]:
        if name not in EXPLANATIONS:
            close = get_close_matches(name, EXPLANATIONS, n=1, cutoff=0.5)
            hint = f"did you mean {close[0]}?" if close else f"known are {', '.join(EXPLANATIONS)}"
            raise CamsegError(f"config: cam.also: there is no method {name}; {hint}")
        if name == config["cam"]["explanation"]:
            raise CamsegError(f"config: cam.also: {name} is the study's explanation already")
    for name in (config["cam"]["explanation"], *config["cam"]["also"]):
        head = EXPLANATIONS[name].head
        for entry in models.values():
            if head not in (None, entry.head):
                raise CamsegError(
                    f"config: cam: {name} fits the head {head} only, and models: {entry.name} has "
                    f"{entry.head}; take grad_cam, which fits any head and is the same map behind "
                    f"{head}, or give {entry.name} the head {head}"
                )
    check_retrain(config)
    check_segmentation(config)
    chosen_models = {("regimes", regime): chosen for regime, chosen in config["regimes"].items()}
    chosen_models |= {("segmentation", "models"): config["segmentation"]["models"]}
    for (section, key), chosen in chosen_models.items():
        for model in [] if chosen == "all" else chosen:
            if model not in models and model.lower() == "all":
                raise CamsegError(f"config: {section}.{key}: write {key}: all, without brackets")
            if model not in models:
                raise CamsegError(
                    f"config: {section}.{key}: {model} is not among models "
                    f"({', '.join(models)}); list it there, or set {section}: {key}: []"
                )
    for section, key in (("rois", "padding"), ("phantom", "contrast")):
        low, high = config[section][key]
        if not low <= high:
            raise CamsegError(f"config: {section}.{key}: [{low}, {high}] is no range, low to high")
    source, path = SOURCES[config["dataset"]["source"]], Path(config["dataset"]["path"])
    if source.path == "folder" and not path.is_dir():
        raise CamsegError(f"config: dataset.path: there is no folder {path}")
    if source.path == "file" and not path.is_file():
        raise CamsegError(f"config: dataset.path: there is no table {path} (the file itself)")
    for entry in models.values():
        try:
            if not entry.code_file:  # what it builds, only running it shows
                cam_grid(entry.network, config["rois"]["size"])
        except CamsegError as error:
            raise CamsegError(f"config: rois.size: {error}") from error
        if entry.weights_file and not Path(entry.weights_file).is_file():
            raise CamsegError(
                f"config: models: {entry.name}: weights: there is no file {entry.weights_file}"
            )
        if entry.trained:
            try:
                check_trained(entry.trained, config["rois"]["size"])
            except CamsegError as error:
                raise CamsegError(f"config: models: {entry.name}: trained: {error}") from error
            if config["seeds"] > 1:
                raise CamsegError(
                    f"config: seeds: {entry.name} is trained already, so that no seed changes it: "
                    "set seeds: 1"
                )


def check_retrain(config: dict) -> None:
    """Raise CamsegError if a method to retrain on is none of `also`, or no regime is on maps."""
    also, retrain = config["cam"]["also"], config["cam"]["retrain"]
    for name in retrain:
        if name == config["cam"]["explanation"]:
            raise CamsegError(
                f"config: cam.retrain: {name} is the study's explanation, which its regimes are "
                "trained on already"
            )
        if name not in also:
            close = get_close_matches(name, also, n=1, cutoff=0.5)
            hint = f"did you mean {close[0]}?" if close else "list it there, too"
            raise CamsegError(f"config: cam.retrain: {name} is not among cam.also; {hint}")
    on_maps = [name for name, regime in REGIMES.items() if "cams" in regime.needs]
    if retrain and not any(config["regimes"][name] for name in on_maps):
        raise CamsegError(
            "config: cam.retrain: no regime is trained on maps; set regimes: cam: all, or "
            "cam: retrain: []"
        )


def check_segmentation(config: dict) -> None:
    """Raise CamsegError if methods of segmentation lack outlines, or a CAM to stand beside."""
    section = config["segmentation"]
    if "few_outlines" in section["methods"] and not section["outlines"]:
        raise CamsegError(
            "config: segmentation.outlines: few_outlines is asked for: say how many, as [5, 10]"
        )
    if section["methods"] and not section["models"]:
        raise CamsegError(
            "config: segmentation.models: name a model whose CAM the methods stand beside, or `all`"
        )


def check_paths(config: dict, models: dict[str, ClassifierOptions]) -> None:
    """Raise CamsegError if Snakemake or a command line would take a path for something else."""
    paths = {"pathvars.results": config["pathvars"]["results"]}
    paths |= {"dataset.path": config["dataset"]["path"]}
    paths |= {f"figure1.{key}": config["figure1"][key] or "" for key in ("image", "weights")}
    paths |= {f"models: {name}: network": entry.network for name, entry in models.items()}
    paths |= {f"models: {name}: weights": entry.weights or "" for name, entry in models.items()}
    paths |= {f"models: {name}: trained": entry.trained or "" for name, entry in models.items()}
    for key, path in paths.items():
        if not path.isprintable() or path[:1] in ("-", "~") or set(path) & set("{}<>"):
            raise CamsegError(
                f"config: {key}: {path!a}: a path must not begin with - or ~, nor hold braces, "
                "angle brackets or control characters"
            )


def _describe(error: ValidationError, rules: dict) -> str:
    """Return one line for a violation of a schema, `rules`: key, fault, what would be right."""
    place = ".".join(map(str, error.absolute_path))
    if error.validator == "additionalProperties":
        known = list(error.schema["properties"])
        unknown = next(key for key in error.instance if key not in known)
        close = get_close_matches(str(unknown), known, n=1, cutoff=0.5)
        hint = f"did you mean {close[0]}?" if close else f"known are {', '.join(known)}"
        if elsewhere := _written_out(unknown, error.instance[unknown], rules):
            hint = f"write it as {' or '.join(elsewhere)}"
        full = ".".join(filter(None, [place, str(unknown)]))
        return f"{full}: no such key; {RENAMED.get(full, hint)}"
    expected = error.schema.get("description", "")
    if error.validator == "type" and "properties" in error.schema:
        expected = f"a section; its keys are {', '.join(error.schema['properties'])}"
        if elsewhere := _written_out(place, error.instance, rules):
            expected += f"; or write {' or '.join(elsewhere)}"
    return f"{place}: {error.message}" + (f" ({expected})" if expected else "")


def _written_out(key: object, value: object, rules: dict) -> list[str]:
    """Return a key as it is written in each section that has one of its name, or at the top."""
    short = value if isinstance(value, str | int | float) else "..."
    top = rules["properties"]
    written = [f"{key}: {short}"] if key in top and "properties" not in top[key] else []
    for section, rule in top.items():
        if key in rule.get("properties", {}):
            written.append(f"{section}: {{{key}: {short}}}")
    return written
