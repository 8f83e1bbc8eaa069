import argparse
import math
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camseg.errors import CamsegError
from camseg.options import Options, add_options, declared, from_arguments, option, to_arguments


@dataclass(frozen=True, kw_only=True)
class Base(Options):
    steps: int = option("how many steps to walk", minimum=1)
    rate: float = option("metres per step, 50 % of them measured", above=0)


@dataclass(frozen=True, kw_only=True)
class Walk(Base):
    """Every kind of option."""

    mode: str = option("how to walk", choices=("slow", "fast"))
    title: str = option("what to call it")
    quiet: bool = option("say nothing")
    loud: bool = option("say everything", default=False)
    rule: str | None = option("whose rule to keep", choices=("mine", "yours"))
    file: str | None = option("where the map lies", default=None)
    momentum: float | None = option("what of a step goes on", minimum=0, below=1)
    cap: int | None = option("the most people", minimum=1, default=None)
    angles: tuple[float, float] = option("from left to right", minimum=-1, maximum=1)
    widths: tuple[int, ...] = option("of each lane", minimum=1, default=())
    names: tuple[str, ...] = option("who walks", default=())


VALUES = {
    "steps": 3,
    "rate": 0.5,
    "mode": "fast",
    "title": "a walk",
    "quiet": True,
    "loud": False,
    "rule": None,
    "file": None,
    "momentum": 0.9,
    "cap": None,
    "angles": (-1.0, 0.25),
    "widths": (8, 4),
    "names": ("Ann", "Bob"),
}
REQUIRED = ["--steps=1", "--rate=1", "--mode=slow", "--title=x", "--quiet", "--rule=none"]
REQUIRED += ["--momentum=none", "--angles", "0", "1"]


def parse(words, options=Walk):
    parser = argparse.ArgumentParser(prog="walk")
    add_options(parser, options)
    return from_arguments(options, parser.parse_args(words))


def there_and_back(**changes):
    """Values of the configuration, lists where a tuple is meant, through a command line."""
    values = VALUES | changes | {"another": "key of the section"}
    section = {
        name: list(value) if isinstance(value, tuple) else value for name, value in values.items()
    }
    return parse(to_arguments(Walk, section))


ANGLE = st.floats(-1, 1)
WALKS = st.fixed_dictionaries(
    {
        "steps": st.integers(min_value=1),
        "rate": st.floats(0, exclude_min=True, allow_infinity=False),
        "mode": st.sampled_from(["slow", "fast"]),
        "title": st.text(),
        "quiet": st.booleans(),
        "loud": st.booleans(),
        "rule": st.sampled_from(["mine", "yours", None]),
        "file": st.none() | st.just("none") | st.text(),
        "momentum": st.none() | st.floats(0, 1, exclude_max=True),
        "cap": st.none() | st.integers(min_value=1),
        "angles": st.tuples(ANGLE, ANGLE),
        "widths": st.lists(st.integers(min_value=1)).map(tuple),
        "names": st.lists(st.text()).map(tuple),
    }
)


@settings(deadline=None)
@given(WALKS)
def test_any_values_come_back_from_the_command_line_as_they_were(values):
    assert there_and_back(**values) == Walk(**values)


@pytest.mark.parametrize(
    "changes",
    [
        {"title": "-x"},
        {"title": "--steps"},
        {"title": "--"},
        {"title": ""},
        {"title": " two  blanks "},
        {"title": "none"},  # a text like others where None is no value
        {"file": "none"},
        {"file": " none"},
        {"names": ("-x", "--", "--names", "none", "", "Ann Lee", "it's", 'a "quote"', "*")},
        {"names": ()},
        {"angles": (-1, -0.5)},
        {"angles": (-1e-05, 1e-05)},  # argparse takes the first for an option
        {"momentum": 0.0},
    ],
)
def test_values_that_read_like_something_else_come_back_as_they_were(changes):
    assert there_and_back(**changes) == Walk(**VALUES | changes)


def test_the_words_are_those_that_a_user_would_write():
    assert to_arguments(Walk, VALUES) == [
        *("--steps", "3", "--rate", "0.5", "--mode", "fast", "--title", "a walk", "--quiet"),
        *("--no-loud", "--rule", "none", "--file", "none", "--momentum", "0.9", "--cap", "none"),
        *("--angles", " -1.0", "0.25", "--widths", "8", "4", "--names", "Ann", "Bob"),
    ]


def test_a_user_may_write_values_as_argparse_knows_them():
    walk = parse([*REQUIRED[:-3], "--angles", "-1", "-.5", "--title=-x", "--names", "Ann Lee"])
    assert walk.angles == (-1.0, -0.5)
    assert walk.title == "-x"
    assert walk.names == ("Ann Lee",)


def test_a_list_that_the_configuration_leaves_null_is_empty():
    assert there_and_back(names=None).names == ()


def test_defaults_are_taken_for_what_is_not_given():
    walk = parse(REQUIRED)
    assert (walk.loud, walk.file, walk.cap) == (False, None, None)
    assert (walk.widths, walk.names) == ((), ())


def test_none_stands_for_null():
    assert Walk(**VALUES | {"momentum": None}).momentum is None
    walk = parse(["--cap", "7", *REQUIRED])
    assert (walk.cap, walk.momentum, walk.rule) == (7, None, None)
    assert parse(["--cap", "none", *REQUIRED]).cap is None
    assert parse([*REQUIRED, "--title", "none"]).title == "none"


def test_an_integer_serves_as_a_number():
    assert Walk(**VALUES | {"rate": 2, "angles": (-1, 1)}).rate == 2
    walk = there_and_back(rate=2, angles=(-1, 1))
    assert (walk.rate, walk.angles) == (2.0, (-1.0, 1.0))
    assert type(walk.rate) is float


STEPS = "a whole number, at least 1"
RATE = "a number, above 0"
MOMENTUM = "a number, at least 0 and below 1, or none"
ANGLES = "2 values, each a number, at least -1 and at most 1"
WIDTHS = "any number of values, each a whole number, at least 1"


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("steps", 0, STEPS),
        ("steps", -1, STEPS),
        ("steps", 1.0, STEPS),
        ("steps", math.inf, STEPS),
        ("steps", True, STEPS),
        ("steps", "3", STEPS),
        ("steps", None, STEPS),
        ("steps", (1,), STEPS),
        ("rate", 0, RATE),
        ("rate", 0.0, RATE),
        ("rate", -1, RATE),
        ("rate", math.nan, RATE),
        ("rate", math.inf, RATE),
        ("rate", True, RATE),
        ("rate", "0.5", RATE),
        ("mode", "x", "one of slow, fast"),
        ("mode", "", "one of slow, fast"),
        ("mode", None, "one of slow, fast"),
        ("title", 3, "a text"),
        ("title", None, "a text"),
        ("quiet", 1, "true or false"),
        ("quiet", "true", "true or false"),
        ("quiet", None, "true or false"),
        ("rule", "x", "one of mine, yours, or none"),
        ("file", 3, "a text, or none"),
        ("momentum", 1, MOMENTUM),
        ("momentum", -0.1, MOMENTUM),
        ("momentum", math.nan, MOMENTUM),
        ("momentum", False, MOMENTUM),
        ("cap", 0, f"{STEPS}, or none"),
        ("angles", (0.5,), ANGLES),
        ("angles", (0.5, 0.5, 0.5), ANGLES),
        ("angles", (0.5, 1.5), ANGLES),
        ("angles", (math.nan, 0.5), ANGLES),
        ("angles", (True, 0.5), ANGLES),
        ("angles", (None, 0.5), ANGLES),
        ("angles", 0.5, ANGLES),
        ("angles", None, ANGLES),
        ("widths", (8, 0), WIDTHS),
        ("widths", (8, 4.0), WIDTHS),
        ("widths", 8, WIDTHS),
        ("names", "Ann", "any number of values, each a text"),
        ("names", ("Ann", 1), "any number of values, each a text"),
    ],
)
def test_a_value_that_is_not_allowed_is_one_readable_line(name, value, allowed):
    with pytest.raises(CamsegError) as error:
        Walk(**VALUES | {name: value})
    assert str(error.value) == f"{name} is {value!r}: must be {allowed}"


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--steps", "0"], f"steps is 0: must be {STEPS}"),
        (["--steps", "-1"], f"steps is -1: must be {STEPS}"),
        (["--rate", "nan"], f"rate is nan: must be {RATE}"),
        (["--rate", "inf"], f"rate is inf: must be {RATE}"),
        (["--mode", "x"], "mode is 'x': must be one of slow, fast"),
        (["--mode", "none"], "mode is 'none': must be one of slow, fast"),
        (["--rule", "x"], "rule is 'x': must be one of mine, yours, or none"),
        (["--momentum", "1"], f"momentum is 1.0: must be {MOMENTUM}"),
        (["--angles", "-2", "0"], f"angles is (-2.0, 0.0): must be {ANGLES}"),
        (["--widths", "8", "0"], f"widths is (8, 0): must be {WIDTHS}"),
    ],
)
def test_the_command_line_is_held_to_the_same_ranges(words, line):
    with pytest.raises(CamsegError) as error:
        parse([*REQUIRED, *words])
    assert str(error.value) == line


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--steps", "many"], f"argument --steps: 'many': must be {STEPS}"),
        (["--steps", "1.0"], f"argument --steps: '1.0': must be {STEPS}"),
        (["--steps", "none"], f"argument --steps: 'none': must be {STEPS}"),
        (["--momentum", "x"], f"argument --momentum: 'x': must be {MOMENTUM}"),
        (["--widths", "8", "x"], f"argument --widths: 'x': must be {WIDTHS}"),
        (["--angles", "0.5"], "argument --angles: expected 2 arguments"),
        (["--stride", "1"], "unrecognized arguments: --stride 1"),
    ],
)
def test_words_that_make_no_value_end_with_usage_and_reason(words, line, capsys):
    with pytest.raises(SystemExit) as end:
        parse([*REQUIRED, *words])
    assert end.value.code == 2
    usage, *_, reason = capsys.readouterr().err.splitlines()
    assert usage.startswith("usage: walk ")
    assert reason == f"walk: error: {line}"


def test_options_that_must_be_given_are_named(capsys):
    with pytest.raises(SystemExit):
        parse(["--mode", "slow", "--rate", "1"])
    missing = "--steps, --title, --quiet/--no-quiet, --rule, --momentum, --angles"
    end = f"walk: error: the following arguments are required: {missing}"
    assert capsys.readouterr().err.splitlines()[-1] == end


def test_the_help_says_what_each_option_means_and_takes():
    parser = argparse.ArgumentParser(prog="walk")
    add_options(parser, Walk)
    text = " ".join(parser.format_help().split())
    assert "--rate RATE metres per step, 50 % of them measured" in text
    assert "--mode {slow,fast} how to walk" in text
    assert "--rule {mine,yours,none} whose rule to keep" in text
    assert "--quiet, --no-quiet say nothing" in text
    assert "--angles ANGLES ANGLES from left to right" in text
    for each in declared(Walk):
        assert each.flag in text


def test_a_subclass_has_the_options_of_its_base_before_its_own():
    assert [each.name for each in declared(Walk)] == list(VALUES)
    assert [each.name for each in declared(Base)] == ["steps", "rate"]
    assert [each.flag for each in declared(Base)] == ["--steps", "--rate"]
    assert to_arguments(Base, VALUES) == ["--steps", "3", "--rate", "0.5"]
    assert parse(["--steps", "2", "--rate", "0.5"], Base) == Base(steps=2, rate=0.5)


def test_a_name_of_two_words_is_a_flag_with_a_hyphen():
    @dataclass(frozen=True, kw_only=True)
    class Batches(Options):
        batch_size: int = option("per step", minimum=2)

    assert to_arguments(Batches, {"batch_size": 8}) == ["--batch-size", "8"]
    assert parse(["--batch-size", "8"], Batches).batch_size == 8
