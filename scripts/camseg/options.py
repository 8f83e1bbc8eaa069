"""Options that are said once: a field of a dataclass, with its type, range and meaning.

The command line is made of the fields (`add_options`, `from_arguments`), a rule of the workflow
passes a section of the configuration on by them (`to_arguments`), and a value out of range is
refused wherever it comes from (`Options`).
"""

import argparse
import math
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from camseg.errors import CamsegError

NONE = "none"  # what stands for None on a command line


def option(
    meaning: str,
    *,
    default: Any = MISSING,
    choices: tuple[str, ...] = (),
    minimum: float | None = None,
    maximum: float | None = None,
    above: float | None = None,
    below: float | None = None,
) -> Any:
    """Return the field of an option: its one-line meaning, and the values it may have.

    Numbers from `minimum` to `maximum`, inclusive, or between `above` and `below`, exclusive; texts
    among `choices`. Of a tuple they bound each value. An option without `default` must be given.
    """
    limits = {"minimum": minimum, "maximum": maximum, "above": above, "below": below}
    metadata = {"meaning": meaning, "choices": choices, **limits}
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, kw_only=True)
class Options:
    """Values of options; a subclass declares them. CamsegError if one is out of its range."""

    def __post_init__(self) -> None:
        """Check every value by its declaration."""
        for each in declared(type(self)):
            each.check(getattr(self, each.name))


T = TypeVar("T", bound=Options)


@dataclass(frozen=True)
class Declared:
    """An option as its field declares it.

    `kind` is bool, int, float or str; `length` None for a single value, 0 for any number of values,
    else how many; `optional` says whether it may be None.
    """

    name: str
    kind: type
    length: int | None
    optional: bool
    rules: Mapping[str, Any]
    default: Any

    @property
    def flag(self) -> str:
        """The option on a command line: --batch-size."""
        return f"--{self.name.replace('_', '-')}"

    def check(self, value: Any) -> None:
        """Raise CamsegError if a value is not of the type, or not in the range."""
        if value is None and self.optional:
            return
        values = [value] if self.length is None else value
        right = isinstance(values, list | tuple) and len(values) == (self.length or len(values))
        if not (right and all(map(self._allows, values))):
            raise CamsegError(f"{self.name} is {value!r}: must be {self.allowed()}")

    def _allows(self, value: Any) -> bool:
        if self.kind is float and type(value) is int:
            return self._allows(float(value))
        if type(value) is not self.kind:  # True is no number here
            return False
        if self.rules["choices"] and value not in self.rules["choices"]:
            return False
        if not isinstance(value, int | float):
            return True
        minimum, maximum, above, below = (
            self.rules[name] for name in ("minimum", "maximum", "above", "below")
        )
        return (
            math.isfinite(value)
            and (minimum is None or value >= minimum)
            and (maximum is None or value <= maximum)
            and (above is None or value > above)
            and (below is None or value < below)
        )

    def allowed(self) -> str:
        """Return in words which values are allowed: "a whole number, at least 1"."""
        if self.rules["choices"]:
            text = f"one of {', '.join(self.rules['choices'])}"
        else:
            text = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}[
                self.kind
            ]
        words = {"minimum": "at least", "above": "above", "maximum": "at most", "below": "below"}
        limits = [
            f"{word} {self.rules[name]:g}"
            for name, word in words.items()
            if self.rules[name] is not None
        ]
        text = ", ".join([text, " and ".join(limits)] if limits else [text])
        if self.length is not None:
            text = f"{self.length or 'any number of'} values, each {text}"
        return f"{text}, or {NONE}" if self.optional else text

    def read(self, word: str) -> Any:
        """Return the value that a word of a command line stands for."""
        if self.optional and word == NONE:
            return None
        try:
            return self.kind(word.removeprefix(" "))
        except ValueError as error:
            raise argparse.ArgumentTypeError(f"{word!r}: must be {self.allowed()}") from error

    def word(self, value: Any) -> str:
        """Return the word that `read` takes for a value.

        A blank stands before a text that would be taken for an option (also -1e-05) or for None.
        """
        text = NONE if value is None else str(value)
        ambiguous = text[:1] in ("-", " ") or (text == NONE and value is not None)
        return f" {text}" if ambiguous else text


def declared(options: type[Options]) -> list[Declared]:
    """Return the options that a dataclass declares, in order."""
    types = get_type_hints(options)
    return [_declared(each, types[each.name]) for each in fields(options)]


def _declared(each: Field, annotation: Any) -> Declared:
    optional = get_origin(annotation) is UnionType and NoneType in get_args(annotation)
    if optional:
        (annotation,) = (part for part in get_args(annotation) if part is not NoneType)
    length = None
    if get_origin(annotation) is tuple:
        parts = get_args(annotation)
        length = 0 if parts[-1] is Ellipsis else len(parts)
        annotation = parts[0]
    return Declared(each.name, annotation, length, optional, each.metadata, each.default)


def add_options(parser: argparse.ArgumentParser, options: type[Options]) -> None:
    """Add the options of a dataclass to a command line, each as --its-name."""
    for each in declared(options):
        required = each.default is MISSING
        meaning = each.rules["meaning"].replace("%", "%%")  # argparse fills in what % announces
        settings: dict[str, Any] = {"help": meaning, "required": required}
        if not required:
            settings["default"] = each.default
        if each.kind is bool:
            parser.add_argument(each.flag, action=argparse.BooleanOptionalAction, **settings)
            continue
        settings["type"] = each.read
        if each.length is not None:
            settings["nargs"] = each.length or "*"
        if each.rules["choices"]:
            words = [*each.rules["choices"], *([NONE] if each.optional else [])]
            settings["metavar"] = f"{{{','.join(words)}}}"
        parser.add_argument(each.flag, **settings)


def from_arguments(options: type[T], arguments: argparse.Namespace) -> T:
    """Return the options that a command line has given; raises CamsegError as `Options` does."""
    values = {each.name: getattr(arguments, each.name) for each in declared(options)}
    return options(**{n: tuple(v) if isinstance(v, list) else v for n, v in values.items()})


def to_arguments(options: type[Options], values: Mapping[str, Any]) -> list[str]:
    """Return the words of a command line that give the options their `values`.

    `values`, a section of the configuration, may have others beside them.
    """
    words = []
    for each in declared(options):
        value = values[each.name]
        if each.kind is bool:
            words.append(each.flag if value else each.flag.replace("--", "--no-", 1))
        elif each.length is not None:
            words += [each.flag, *map(each.word, value or ())]
        else:
            words += [each.flag, each.word(value)]
    return words
