"""Which files a script is made of, so that a rule can name its own code as an input."""

import ast
from collections.abc import Iterable
from functools import cache
from pathlib import Path

LIBRARY = Path(__file__).resolve().parent


def code_of(script: Path, chosen: Iterable[str] = ()) -> list[Path]:
    """Return the files of a script, or a module, and of the modules of camseg that it uses.

    It comes first, the others sorted. Modules are found by reading the code (imports inside
    functions count), directly or through others, not by running it. `chosen` are those
    that it resolves by name (`camseg.named`), as "camseg.datasets.sources.ddsm". The
    `__init__` files hold no code and are left out: a new version by itself outdates no study.
    """
    found: set[Path] = set()
    waiting = [script, *map(_file, chosen)]
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        found.add(path)
        waiting += filter(Path.is_file, map(_file, _imports(path.read_text(encoding="utf-8"))))
    return [script, *sorted(found - {script})]


def _file(module: str) -> Path:
    return LIBRARY.parent.joinpath(*module.split(".")).with_suffix(".py")


@cache  # a module stands in many scripts
def _imports(code: str) -> list[str]:
    """Return the modules of camseg that code imports; of `from a import b` both a and a.b."""
    names = []
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
    return [name for name in names if name.startswith("camseg.")]
