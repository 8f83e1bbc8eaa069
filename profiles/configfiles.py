"""Names a configuration file that Snakemake cannot read, which its own messages do not.

Every profile here runs this, before Snakemake reads the files of `--configfile`.
"""

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import yaml


def main(arguments: Iterable[str]) -> None:
    """End the program with one line if a file of `--configfile` cannot be read as such."""
    for path in named(arguments):
        if fault := fault_of(path):
            sys.exit(f"error: {path}: {fault}")


def named(arguments: Iterable[str]) -> Iterator[Path]:
    """Yield what `--configfile` takes for files: every word up to the next option."""
    taken = False
    for word in arguments:
        option, equals, value = word.partition("=")
        if word == "--":
            return
        if option in ("--configfile", "--configfiles"):
            taken = not equals
            if equals:
                yield Path(value)
        elif word.startswith("-"):
            taken = False
        elif taken:
            yield Path(word)


def fault_of(path: Path) -> str:
    """Return why a file is no configuration, and what to do; "" if it is one."""
    if not path.exists() or path.is_dir():
        return (
            "there is no such configuration file; a target stands before --configfile, which takes "
            "every word up to the next option, or after --: snakemake --configfile FILE -- TARGET"
        )
    if not path.is_file():  # a pipe can be read only once
        return ""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return "is no text in UTF-8"
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    try:
        config = json.loads(text)
    except ValueError:
        try:
            config = yaml.safe_load(text)
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
            reason = getattr(error, "problem", None) or getattr(error, "reason", None) or error
            return f"is no YAML: {place}{str(reason).splitlines()[0]}"
    if config is None:
        return "sets no key; write one, say `seed: 2`, or leave --configfile out"
    if not isinstance(config, dict):
        return (
            f"holds no keys with values, say `seed: 2`, but {json.dumps(config, default=str)[:60]}"
        )
    return ""


if __name__ == "__main__":
    main(sys.argv[1:])
