"""Which files a script is made of, so that a rule can name its own code as an input."""

import ast
from pathlib import Path


def sources_of(script: Path, root: str | Path) -> list[str]:
    """Return a script and the modules of camseg it imports, directly or through others.

    Paths are relative to `root`, the script first, the modules sorted. Found by reading the code
    (imports inside functions count), not by running it.
    """
    library = script.parent / "camseg"
    found, waiting = set(), [script]
    while waiting:
        tree = ast.parse(waiting.pop().read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
            elif isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            else:
                continue
            for name in names:
                package, _, module = name.partition(".")
                path = library / f"{module or '__init__'}.py"
                if package == "camseg" and path.is_file() and path not in found:
                    found.add(path)
                    waiting.append(path)
    return [str(path.relative_to(root)) for path in (script, *sorted(found))]
