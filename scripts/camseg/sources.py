"""Which files a script is made of, so that a rule can name its own code as an input."""

import ast
from functools import cache
from pathlib import Path


def sources_of(script: Path, root: str | Path) -> list[str]:
    """Return a script and the modules of camseg it imports, directly or through others.

    Paths are relative to `root`, the script first, the modules sorted. Found by reading the code
    (imports inside functions count), not by running it.
    """
    library = script.parent / "camseg"
    found: set[Path] = set()
    waiting = [script]
    while waiting:
        for name in _imports(waiting.pop().read_text(encoding="utf-8")):
            package, _, module = name.partition(".")
            for path in (library / "__init__.py", library / f"{module}.py"):
                if package == "camseg" and path.is_file() and path not in found:
                    found.add(path)
                    waiting.append(path)
    return [str(path.relative_to(root)) for path in (script, *sorted(found))]


@cache  # a module stands in many scripts
def _imports(code: str) -> list[str]:
    """Return the names that a module's code imports; of `from a import b` both a and a.b."""
    names = []
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
    return names
