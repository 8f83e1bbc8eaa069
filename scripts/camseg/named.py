"""What a study chooses by its name: a module of a package that is imported only when asked for.

Readers of data sets (`camseg.datasets.sources`), regimes' filters (`camseg.training.filters`) and
explanations (`camseg.explanations.methods`) are found so. Adding one edits no other module, and a
study is made of the code that it has chosen, no more (see `camseg.code`).
"""

import pkgutil
from difflib import get_close_matches
from importlib import import_module
from types import ModuleType

from camseg.errors import CamsegError


def names(package: str) -> list[str]:
    """Return the names of the modules in a package, sorted; none of them is imported."""
    return sorted(module.name for module in pkgutil.iter_modules(import_module(package).__path__))


def load(package: str, name: str, kind: str) -> ModuleType:
    """Return the module `name` of a package; CamsegError names the closest `kind` if none is so."""
    known = names(package)
    if name not in known:
        close = get_close_matches(name, known, n=1)
        hint = f"did you mean {close[0]}?" if close else f"must be one of {', '.join(known)}"
        raise CamsegError(f"{kind} is {name!r}: {hint}")
    return import_module(f"{package}.{name}")
