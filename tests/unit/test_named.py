import subprocess
import sys

import pytest

from camseg import named
from camseg.errors import CamsegError
from project import ROOT

FILTERS = "camseg.training.filters"


@pytest.fixture
def birds(tmp_path, monkeypatch):
    """A package of three modules, of which only one can be imported."""
    folder = tmp_path / "birds"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "heron.py").write_text("LEGS = 2\n")
    for name in ("wren", "crow"):
        (folder / f"{name}.py").write_text("raise RuntimeError('imported')\n")
    (folder / "notes.txt").touch()
    monkeypatch.syspath_prepend(tmp_path)
    yield "birds"
    for name in [name for name in sys.modules if name.partition(".")[0] == "birds"]:
        del sys.modules[name]


def test_the_names_are_those_of_the_modules_and_none_is_imported(birds):
    assert named.names(birds) == ["crow", "heron", "wren"]
    assert not {f"birds.{name}" for name in ("crow", "heron", "wren")} & set(sys.modules)


def test_loading_imports_the_module_of_that_name_alone(birds):
    heron = named.load(birds, "heron", "bird")
    assert (heron.__name__, heron.LEGS) == ("birds.heron", 2)
    assert not {"birds.crow", "birds.wren"} & set(sys.modules)
    assert named.load(birds, "heron", "bird") is heron


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("hern", "bird is 'hern': did you mean heron?"),
        ("crows", "bird is 'crows': did you mean crow?"),
        ("Wren", "bird is 'Wren': did you mean wren?"),
        ("ostrich", "bird is 'ostrich': must be one of crow, heron, wren"),
        ("", "bird is '': must be one of crow, heron, wren"),
        ("..errors", "bird is '..errors': must be one of crow, heron, wren"),
    ],
)
def test_an_unknown_name_is_told_the_closest_or_all(birds, name, line):
    with pytest.raises(CamsegError) as error:
        named.load(birds, name, "bird")
    assert str(error.value) == line


@pytest.mark.parametrize(
    ("regime", "imported"),
    [
        ("mask", {"mask"}),
        ("inverse", {"inverse", "mask"}),  # it says so itself
        ("noise", {"noise"}),
        ("original", {"original"}),
    ],
)
def test_a_study_of_one_filter_imports_no_other(regime, imported):
    """Oracle: what Python has loaded in a process of its own."""
    code = (
        "import sys\n"
        "from camseg import named\n"
        f"named.load({FILTERS!r}, {regime!r}, 'regime')\n"
        f"print(*(name for name in sys.modules if name.startswith({FILTERS + '.'!r})))\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT / "scripts", text=True, capture_output=True, check=True,
    )  # fmt: skip
    assert {name.rpartition(".")[2] for name in result.stdout.split()} == imported
