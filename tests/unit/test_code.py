import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from camseg.code import LIBRARY, code_of
from project import ROOT

SCRIPTS = {path.stem: path for path in sorted(ROOT.glob("scripts/*.py"))}


def modules(script, *chosen):
    """The modules of camseg that a script is made of, as "training.loop"."""
    paths = [path.relative_to(LIBRARY) for path in code_of(SCRIPTS[script], chosen)[1:]]
    return {".".join(path.with_suffix("").parts) for path in paths}


def run(code, *arguments):
    """Run code in the folder of the scripts; return what it prints."""
    result = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=ROOT / "scripts", text=True, capture_output=True, check=True,
    )  # fmt: skip
    return result.stdout


def test_a_script_comes_first_and_the_rest_is_sorted():
    script, *rest = code_of(SCRIPTS["extract_rois"])
    assert script == SCRIPTS["extract_rois"]
    assert rest == sorted(set(rest))
    assert all(path.is_absolute() and path.is_file() for path in rest)


def test_imports_are_followed_through_other_modules():
    expected = {"rois.extraction", "rois.boxes", "datasets.readers", "named", "io.store", "errors"}
    assert expected <= modules("extract_rois")


def test_stages_do_not_depend_on_what_they_do_not_use():
    assert "scoring.dice" in modules("score_dice")
    assert "training.loop" not in modules("score_dice")
    training = modules("train_classifier")
    assert not [name for name in training if name.partition(".")[0] in ("figures", "scoring")]


@pytest.mark.parametrize("script", SCRIPTS)
def test_nothing_that_a_study_chooses_by_name_is_there_unless_it_is_chosen(script):
    """The reader of a data set, the filter of a regime, the method of an explanation."""
    chosen = r"(datasets\.sources|training\.filters|explanations\.methods)\..+"
    found = {name for name in modules(script) if re.fullmatch(chosen, name)}
    # what Figure 9 shows
    drawn = {f"training.filters.{name}" for name in ("cam", "mask", "inverse")}
    assert found == (drawn if script == "render_figure9" else set())


def test_what_is_chosen_by_name_is_there_with_what_it_imports():
    ddsm = "camseg.datasets.sources.ddsm"
    assert modules("extract_rois", ddsm) - modules("extract_rois") == {
        *("datasets.sources.ddsm", "formats.ddsm", "formats.ljpeg", "formats.ljpeg_kernels"),
        *("compiled", "formats.pictures"),
    }
    inverse = "camseg.training.filters.inverse"
    assert modules("train_classifier", inverse) - modules("train_classifier") == {
        *("training.filters.inverse", "training.filters.mask"),
    }
    with pytest.raises(FileNotFoundError):
        code_of(SCRIPTS["extract_rois"], ["camseg.datasets.sources.dsdm"])


@pytest.mark.parametrize("script", SCRIPTS)
def test_files_of_packages_are_left_out(script):
    """They hold no code (see test_rooms), and a new version by itself outdates no study."""
    assert "__init__.py" not in {path.name for path in code_of(SCRIPTS[script])}


IMPORT_ALL = """
import importlib, json, runpy, sys
late = json.loads(sys.argv[1])
loaded = {}
for script in sys.argv[2:]:
    for name in [name for name in sys.modules if name.partition(".")[0] == "camseg"]:
        del sys.modules[name]
    runpy.run_path(script)
    for name in late.get(script, []):
        importlib.import_module(name)
    loaded[script] = [
        name.partition(".")[2]
        for name, module in sys.modules.items()
        if name.startswith("camseg.") and not hasattr(module, "__path__")
    ]
print(json.dumps(loaded))
"""
COMPUTE = "explanations.compute"
EXPLAIN = "explanations.explain"
# imported inside functions, so that a program asked for --help need not wait for TensorFlow
LATE = {
    "check_cams": [f"camseg.{name}" for name in ("audit.locality", "audit.sanity", COMPUTE)],
    "compute_cams": ["camseg.explanations.compute"],
    "measure_sensitivity": ["camseg.audit.sensitivity", "camseg.explanations.compute"],
    "record_provenance": ["camseg.networks.machine"],
    "render_figure1": ["camseg.explanations.imagenet"],
    "transplant_regions": [f"camseg.{name}" for name in ("audit.transplant", EXPLAIN)],
    "score_untrained": ["camseg.audit.untrained", "camseg.explanations.compute"],
    "train_classifier": ["camseg.training.run"],
    "train_segmenter": ["camseg.segmentation.run"],
}


def test_what_python_really_imports_is_listed_and_nothing_else():
    """Oracle: the modules that Python has loaded after importing each script."""
    late = json.dumps({str(SCRIPTS[script]): names for script, names in LATE.items()})
    loaded = json.loads(run(IMPORT_ALL, late, *SCRIPTS.values()))
    assert len(loaded) == len(SCRIPTS)
    for script, really in loaded.items():
        assert modules(Path(script).stem) == set(really), script
    assert "training.loop" in loaded[str(SCRIPTS["train_classifier"])]


HEAVY = {"numpy", "pandas", "scipy", "sklearn", "h5py", "cv2", "keras", "tensorflow", "matplotlib"}


def test_what_the_workflow_imports_to_parse_itself_is_light():
    """A dry run should not wait for numpy, pandas or TensorFlow."""
    text = (ROOT / "workflow/rules/common.smk").read_text()
    imports = re.findall(r"^(?:from|import) camseg.*$", text, re.M)
    assert len(imports) == text.count("from camseg") + text.count("import camseg")
    assert "from camseg.code import code_of" in imports
    imports.append("import sys; print(*{name.partition('.')[0] for name in sys.modules})")
    loaded = set(run("\n".join(imports)).split())
    assert "camseg" in loaded
    assert not loaded & HEAVY
