"""The library's rooms: what may import what, how long a file may be, where its tests are."""

import ast
import re
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from project import ROOT

LIBRARY = ROOT / "scripts/camseg"
# each may import those before it
ROOMS = ["io", "formats", "phantom", "datasets", "rois", "networks", "training", "explanations"]
ROOMS += ["segmentation", "scoring", "audit", "report", "figures", "explorer", "study", "commands"]
# any room may import these
TOP = {"errors", "cli", "seeds", "named", "options", "code", "compiled", "distances", "__main__"}
# where TensorFlow is imported: with the module, which takes seconds
BACKEND = "camseg.networks.backend"  # from which all others have it
WITH_TENSORFLOW = {
    "audit/locality.py",
    "audit/sanity.py",
    "audit/sensitivity.py",
    "audit/transplant.py",
    "audit/untrained.py",
    "explanations/at_input.py",
    "explanations/compute.py",
    "explanations/explain.py",
    "explanations/imagenet.py",
    "explanations/full_gradient.py",
    "explanations/layers.py",
    "explanations/perturbed.py",
    "networks/arithmetic.py",
    "networks/backend.py",
    "networks/devices.py",
    "networks/machine.py",
    "segmentation/examples.py",
    "segmentation/unet.py",
    "training/loop.py",
    "training/step.py",
}
WHEN_CALLED = {"networks/classifiers.py", "networks/own.py"}  # or inside functions only
WITHOUT_RULES = {"common", "targets", "layout"}  # files of workflow/rules

FILES = sorted(LIBRARY.rglob("*.py"))
SCRIPTS = sorted(ROOT.glob("scripts/*.py"))


def name_of(path: Path) -> str:
    """The name of a file's module, or of its package: camseg.rois.split."""
    parts = path.relative_to(LIBRARY.parent).with_suffix("").parts
    return ".".join(parts).removesuffix(".__init__")


def room_of(module: str) -> str:
    """The room of a module; its own name if it is of no room."""
    return module.split(".")[1]


def imports(tree: ast.AST) -> set[str]:
    """What a piece of code imports, in functions too; of `from a import b` both a and a.b."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            assert not node.level, "imports name the whole module"
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found


def uses(tree: ast.AST, *packages: str) -> bool:
    return any(name.partition(".")[0] in packages for name in imports(tree))


TREES = {name_of(path): ast.parse(path.read_text()) for path in FILES}
# the modules of camseg that each imports; packages themselves hold nothing
MODULES = {name_of(path) for path in FILES if path.name != "__init__.py"}
GRAPH = {module: imports(TREES[module]) & MODULES for module in MODULES}


def test_the_rooms_are_all_there_is():
    assert {path.parent.name for path in LIBRARY.glob("*/__init__.py")} == set(ROOMS)
    assert {path.stem for path in LIBRARY.glob("*.py")} == TOP | {"__init__"}
    for path in FILES:
        assert (path.parent / "__init__.py").is_file(), path


def test_packages_hold_no_code():
    for path in LIBRARY.glob("*/**/__init__.py"):
        assert path.read_text() == "", path
    docstring, *rest = TREES["camseg"].body
    assert isinstance(docstring, ast.Expr)
    assert isinstance(docstring.value.value, str)
    assert re.sub(r"'.*'", "", "".join(map(ast.unparse, rest))) in ("", "__version__ = ")


@pytest.mark.parametrize("module", sorted(MODULES))
def test_imports_go_one_way_through_the_rooms(module):
    room = room_of(module)
    before = ROOMS[: ROOMS.index(room) + 1] if room in ROOMS else []
    assert {room_of(name) for name in GRAPH[module]} <= {*before, *TOP}


def test_modules_do_not_import_each_other_in_a_circle():
    try:
        TopologicalSorter(GRAPH).prepare()
    except CycleError as error:
        pytest.fail(f"{error.args[0]}: {' -> '.join(error.args[1])}")


def test_no_module_is_longer_than_can_be_read_in_one_sitting():
    lines = {str(path.relative_to(ROOT)): path.read_text().count("\n") for path in FILES}
    assert {path: n for path, n in lines.items() if n > 400} == {}


def test_the_code_knows_no_snakemake():
    knowing = [
        path.name for path in (*FILES, *SCRIPTS) if uses(ast.parse(path.read_text()), "snakemake")
    ]
    assert knowing == []


def is_for_type_checkers(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def is_run_later(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef | ast.ClassDef)


def loads_tensorflow(tree: ast.AST) -> bool:
    return uses(tree, "tensorflow", "keras") or BACKEND in imports(tree)


def test_tensorflow_is_imported_only_where_it_is_needed():
    with_module, at_all = set(), set()
    for path in FILES:
        for node in TREES[name_of(path)].body:
            if loads_tensorflow(node) and not is_for_type_checkers(node):
                at_all.add(str(path.relative_to(LIBRARY)))
                if not is_run_later(node):
                    with_module.add(str(path.relative_to(LIBRARY)))
    assert with_module == WITH_TENSORFLOW
    assert at_all == WITH_TENSORFLOW | WHEN_CALLED


def test_all_have_keras_as_camseg_sets_it():
    """Whoever imported it past the backend could be the first to load it, with other settings."""
    trees = TREES | {path.stem: ast.parse(path.read_text()) for path in SCRIPTS}
    past = {
        name
        for name, tree in trees.items()
        for node in tree.body
        if uses(node, "tensorflow", "keras") and not is_for_type_checkers(node)
    }
    assert past == {BACKEND}


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_program_loads_tensorflow_when_it_runs(script):
    """So that --help is quick, and what is wrong with Keras' settings is one line."""
    slow = {name_of(LIBRARY / path) for path in WITH_TENSORFLOW}
    for node in ast.parse(script.read_text()).body:
        assert is_run_later(node) or not imports(node) & slow


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_is_a_short_main_that_run_runs(script):
    tree = ast.parse(script.read_text())
    (main,) = (
        node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "main"
    )
    assert main.end_lineno - main.lineno + 1 <= 60
    assert ast.unparse(tree.body[-1]) == "if __name__ == '__main__':\n    run(main)"
    assert "camseg.cli.run" in imports(tree)


def test_tests_lie_where_what_they_test_lies():
    unit = ROOT / "tests/unit"
    for path in unit.glob("*/**/test_*.py"):
        package = LIBRARY / path.parent.relative_to(unit)
        assert (package / "__init__.py").is_file(), path
    assert {path.parent.name for path in unit.glob("*/test_*.py")} == set(ROOMS)


def test_a_file_of_rules_has_a_room_and_a_page_of_its_name():
    rules = {path.stem: path.read_text() for path in (ROOT / "workflow/rules").glob("*.smk")}
    assert rules.keys() >= WITHOUT_RULES
    for name, text in rules.items():
        has_rules = re.search(r"^(rule|checkpoint) ", text, re.M) is not None
        assert has_rules == (name not in WITHOUT_RULES), name
    named = rules.keys() - WITHOUT_RULES
    assert named <= set(ROOMS)
    assert {name for name in named if not (ROOT / f"docs/{name}.md").is_file()} == set()
