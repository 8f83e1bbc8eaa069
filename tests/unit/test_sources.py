import json
import subprocess
import sys
from pathlib import Path

from camseg.sources import sources_of

ROOT = Path(__file__).parents[2]
SCRIPTS = sorted(ROOT.glob("scripts/*.py"))


def modules(script):
    return {Path(path).stem for path in sources_of(ROOT / "scripts" / script, ROOT)[1:]}


def test_imports_are_followed_through_other_modules():
    assert sources_of(ROOT / "scripts/extract_rois.py", ROOT)[0] == "scripts/extract_rois.py"
    assert {"extraction", "ddsm", "ljpeg", "roi", "store", "errors"} <= modules("extract_rois.py")


def test_stages_do_not_depend_on_what_they_do_not_use():
    assert "dice" in modules("score_dice.py")
    assert "figures" not in modules("train_classifier.py")
    assert "dice" not in modules("train_classifier.py")
    assert "training" not in modules("score_dice.py")


# imported inside functions, so that a program asked for --help need not wait for TensorFlow
LATE = {"train_classifier": {"augmentation", "evaluation", "gpus", "step", "training"}}
IMPORT_ALL = """
import json, runpy, sys
loaded = {}
for script in sys.argv[1:]:
    for name in [name for name in sys.modules if name.partition(".")[0] == "camseg"]:
        del sys.modules[name]
    runpy.run_path(script)
    loaded[script] = [name for name in sys.modules if name.partition(".")[0] == "camseg"]
print(json.dumps(loaded))
"""


def test_what_python_really_imports_is_listed_and_nothing_else():
    """Oracle: the modules that Python has loaded after importing each script."""
    result = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL, *SCRIPTS],
        cwd=ROOT / "scripts", text=True, capture_output=True, check=True,
    )  # fmt: skip
    for script, loaded in json.loads(result.stdout).items():
        really = {name.partition(".")[2] or "__init__" for name in loaded}
        stem = Path(script).stem
        assert modules(f"{stem}.py") == really | LATE.get(stem, set()), stem


def test_what_the_workflow_imports_to_parse_itself_is_light():
    """A dry run should not wait for numpy, pandas or TensorFlow."""
    code = "import sys, camseg.config, camseg.discovery, camseg.regimes, camseg.sources\n"
    code += "print(*{name.partition('.')[0] for name in sys.modules})"
    result = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT / "scripts",
        text=True,
        capture_output=True,
        check=True,
    )
    loaded = set(result.stdout.split())
    assert "camseg" in loaded
    assert not loaded & {"numpy", "pandas", "scipy", "h5py", "cv2", "keras", "tensorflow"}
